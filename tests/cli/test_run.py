"""motes run and motes demo."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from motes.demo import EXAMPLES, scene
from motes.judging import Event

# ------------------------------------------------------------------------------------------------ run


class FakeRun:
    def __init__(self, status: int) -> None:
        self.exit_status = status

    def to_json(self) -> dict[str, Any]:
        return {"exit_status": self.exit_status}

    def table(self) -> str:
        return "the report"


@dataclasses.dataclass
class FakeApp:
    """An application that is built at once, hears two words in any recording, and ends with `status`."""

    status: int = 0
    asked: dict[str, Any] = dataclasses.field(default_factory=dict)

    def build(self, board: str, **named: Any) -> FakeApp:
        self.asked |= {"board": board, **named}
        return self

    def run(self, recording: Path, labels: Path | None, on_event: Any, progress: Any) -> FakeRun:
        self.asked |= {"recording": recording}
        progress("running", 0.5)
        on_event(Event(1.5, "seven", 0.9, 20.0))
        on_event(Event(4.0, "[b]\x1b[31m", 0.8, 20.0))
        return FakeRun(self.status)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeApp:
    made = FakeApp()
    monkeypatch.setattr("motes.app.load_app", lambda path: made)
    return made


def test_run_streams_events_then_the_report(motes_: Any, fake: FakeApp, tmp_path: Path) -> None:
    ended = motes_("run", "app.py", "--input", "scene.wav", "--board", "virt-m4", "--out", tmp_path)
    assert ended.status == 0
    first, second, last = ended.out.splitlines()
    assert first.split() == ["1.500", "s", "seven", "0.900"]
    assert "[b]" in second
    assert "\x1b" not in second
    assert last == "the report"
    assert fake.asked["board"] == "virt-m4"
    assert fake.asked["out"] == tmp_path
    assert fake.asked["recording"] == Path("scene.wav")


def test_run_with_labels_says_what_was_there(motes_: Any, fake: FakeApp, tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("1.0\t1.4\tseven\n3.0\t3.5\tmarvin\n")
    first, second, _ = motes_("run", "app.py", "-i", "scene.wav", "--labels", labels).out.splitlines()
    assert first.endswith("  was there")
    assert second.endswith("  was not there")


def test_run_as_json_keeps_stdout_for_the_object(motes_: Any, fake: FakeApp) -> None:
    ended = motes_("run", "app.py", "-i", "scene.wav", "--json")
    assert ended.json == {"exit_status": 0}
    assert "seven" in ended.err


def test_run_ends_with_the_status_of_the_application(motes_: Any, fake: FakeApp) -> None:
    fake.status = 1
    assert motes_("run", "app.py", "-i", "scene.wav").status == 1


def test_run_refuses_labels_before_it_builds(motes_: Any, fake: FakeApp) -> None:
    ended = motes_("run", "app.py", "-i", "scene.wav", "--labels", "gone.txt")
    assert ended.status == 2
    assert ended.err.startswith("error: gone.txt: ")
    assert fake.asked == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\n", "makes no App; end it with one line such as app = mt.App('name', mt.Print(heard))"),
        ("import motes\n1 / 0\n", "line 2: it raises ZeroDivisionError: division by zero; mend the line"),
        ("def f(:\n", "line 1: "),
    ],
)
def test_an_app_that_cannot_be_used(motes_: Any, tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "app.py").write_text(text)
    ended = motes_("run", tmp_path, "-i", "scene.wav")
    assert ended.status == 2
    assert ended.err.startswith(f"error: {tmp_path / 'app.py'}")
    assert words in ended.err
    assert "Traceback" not in ended.err


# ------------------------------------------------------------------------------------------------ demo


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_demo_is_whole(name: str) -> None:
    found = scene(name)
    assert found.app.is_file()
    assert found.input.is_file()
    assert found.labels.is_file()
    assert scene(EXAMPLES[name]) == found


def test_an_unknown_demo(motes_: Any) -> None:
    assert motes_("demo", "vison") == (
        2,
        "",
        "error: no demo is called 'vison'; did you mean vision? known: keywords, vision, machine\n",
    )
