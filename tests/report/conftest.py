"""A run whose names try to be more than text, and a browser to look at its report with."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import motes as mt
from bursts import application, classifier, noise
from motes.built import Run

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
HOSTILE = """<script>document.title = "taken"</script>"""
LABELS = ("""[red]<img src="x" onerror="document.title='taken'">""", """[b]<b>"2nd" & é%n""")


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return noise(tmp_path_factory.mktemp("recording") / "noise.wav", 2.0)


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> mt.App:
    model = classifier(tmp_path_factory.mktemp("model") / f"{'m' * 60}.tflite", size=8, layers=1, channels=4)
    return application(model, 8, hop_ms=20, stride=4, name=HOSTILE, labels=LABELS)


@pytest.fixture(scope="session")
def labels(app: mt.App, recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first detection is right, one label is never met, and what comes after both is a false alarm."""
    first, second, *_ = app.build("host").run(recording).events
    path = tmp_path_factory.mktemp("labels") / "labels.txt"
    path.write_text(f"{first.time_s - 0.1}\t{first.time_s}\t{first.label}\n1.9\t2.0\t{LABELS[0]}\n", "utf-8")
    assert second.time_s < 1.9
    return path


@pytest.fixture(scope="session")
def on_board(app: mt.App, recording: Path, labels: Path) -> Run:
    return app.build("virt-m4").run(recording, labels)


@pytest.fixture(scope="session")
def on_host(app: mt.App, recording: Path, labels: Path) -> Run:
    return app.build("host").run(recording, labels)


@pytest.fixture
def browse(tmp_path: Path) -> Callable[[Path], tuple[str, list[str]]]:
    """Opens a page in headless Chromium: its document when all has loaded, and what the console said."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"no browser to look at reports with; there is none of {', '.join(BROWSERS)}")
        raise AssertionError

    def look(page: Path) -> tuple[str, list[str]]:
        done = subprocess.run(
            [
                program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
                "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
                f"--user-data-dir={tmp_path / 'browser'}", "--enable-logging=stderr", "--dump-dom", page.as_uri(),
            ],
            capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    return look
