"""Runs the command line as a user does, and holds every refusal to the same manners."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import soundfile

from motes.cli import main
from small_app import GOOD, small_model


class Ended(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def motes_(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the entry point with these arguments."""

    def run(*arguments: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["motes", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        code = ended.value.code
        return Ended(code if isinstance(code, int) else 0, out, err)

    return run


@pytest.fixture
def refuses(motes_: Any) -> Any:
    """Runs a verb that must be refused in these words: one line, nothing on stdout, the status it should have."""

    def run(words: str, *arguments: str | Path, status: int = 2) -> str:
        ended = motes_(*arguments)
        assert ended.status == status, ended
        assert ended.out == ""
        *progress, last = ended.err.splitlines()
        assert last.startswith("error: "), ended.err
        assert words in last
        assert not any(line.startswith(("error", "Traceback", " ")) for line in progress), ended.err
        assert last.isprintable()
        return last

    return run


@pytest.fixture
def app(tmp_path: Path) -> Any:
    """Writes an application's file, beside a model that it can use."""

    def write(text: str = GOOD) -> Path:
        small_model(tmp_path)
        path = tmp_path / "app.py"
        path.write_text(text, "utf-8")
        return path

    return write


def noise(path: Path, seconds: float, rate: int = 16_000) -> Path:
    """Bursts of noise that make a random model change its mind."""
    rng = np.random.default_rng(5)
    count = int(seconds * rate)
    loud = np.repeat(rng.uniform(10, 9000, count // 2000 + 1), 2000)[:count]
    samples = (loud * rng.standard_normal(count) / 3).clip(-32768, 32767).astype(np.int16)
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds that the small application hears something in."""
    return noise(tmp_path_factory.mktemp("recording") / "noise.wav", 3.0)
