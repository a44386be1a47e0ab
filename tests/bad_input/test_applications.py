"""app.py files that cannot be used, absurd arguments, and boards, through the command line."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from motes.target import board
from small_app import GOOD


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


REFUSED = {
    "raises": ("x = 1\nraise ValueError('no luck')\n", "line 2: it raises ValueError: no luck; mend the line"),
    "ends": ("import sys\nsys.exit(0)\n", "line 2: it raises SystemExit: 0; mend the line"),
    "cancels": (
        "import asyncio\nraise asyncio.CancelledError\n",
        "line 2: it raises CancelledError; mend the line",
    ),
    "raises without words": (
        "class Odd(Exception):\n    def __str__(self):\n        raise OSError\nraise Odd\n",
        "line 4: it raises Odd; mend the line",
    ),
    "raises many lines": ("raise ValueError('a\\n\\x1b[31mb')\n", "line 1: it raises ValueError: a ?[31mb; mend the"),
    "recursion": ("def f():\n    f()\nf()\n", "line 2: it raises RecursionError: maximum recursion depth exceeded"),
    "memory": ("x = b' ' * 10**15\n", "line 1: it raises MemoryError; mend the line"),
    "syntax": ("def f(:\n", "line 1: invalid syntax; mend the line"),
    "nested": (f"x = {'(' * 500}{')' * 500}\n", "too many nested parentheses; mend the line"),
    "zero byte": ("x = 1\0\n", "source code string cannot contain null bytes; mend the line"),
    "no App": ("import motes\n", "makes no App; end it with one line such as app = mt.App('name', mt.Print(heard))"),
    "two Apps": (
        GOOD + "more = mt.App('other', mt.Print(heard))\n",
        "makes 2 Apps ('small', 'other'); end it with one line such as app = mt.App('name', mt.Print(heard))",
    ),
    "labels": (changed('"a", "b", "unknown"', '"a", "b"'), "line 6: Threshold: 2 labels (a, b) for 3 scores of y; "),
    "many labels": (
        changed('["a", "b", "unknown"]', "[str(i) for i in range(9999)]"),
        "Threshold: 9999 labels (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ...) for 3 scores of y; give one for each",
    ),
    "too many labels": (
        changed('["a", "b", "unknown"]', "[str(i) for i in range(40_000)]"),
        "Threshold: 40,000 labels; 32,767 at most: decide in several steps",
    ),
    "background": (
        changed("threshold=0.5", "background='unknown', threshold=0.5"),
        "Threshold: background is 'unknown'; give a list of names",
    ),
    "threshold": (
        changed("threshold=0.5", "threshold=1.5"),
        "line 6: Threshold: the threshold is 1.5; it must be above 0 and at most 1",
    ),
    "no threshold": (
        changed("threshold=0.5", "threshold=float('nan')"),
        "line 6: Threshold: the threshold is nan; it must be above 0 and at most 1",
    ),
    "NaN": (
        changed("suppress_ms=300", "suppress_ms=float('nan')"),
        "line 6: Suppress: ms is nan; it must be a positive number of milliseconds, at most a day",
    ),
    "negative": (
        changed("average_ms=120", "average_ms=-1"),
        "line 6: MovingAverage: ms is -1; it must be a positive number of milliseconds, at most a day",
    ),
    "zero": (
        changed("stride_ms=20", "stride_ms=0"),
        "line 4: MicroFrontend: stride_ms is 0; it must be a positive number of milliseconds, at most a day",
    ),
    "endless": (
        changed("window_ms=30", "window_ms=float('inf')"),
        "line 4: MicroFrontend: window_ms is inf; it must be a positive number of milliseconds, at most a day",
    ),
    "no window": (changed("window(3)", "window(0)"), "length is 0; it must be a whole number, at least 1"),
    "longer than any ring": (
        changed("window(3)", "window(2**31)"),
        "line 5: window of features: length is 2,147,483,648 items; at most 1,073,741,824 count",
    ),
    "stride beyond any ring": (
        changed("window(3)", "window(3, stride=10**12)"),
        "line 5: window of features: stride is 1,000,000,000,000 items; at most 1,073,741,824 count",
    ),
    "years": (
        changed("window(3)", "window(3, stride=2**30)").replace(")(scores)", ")(scores.window(1, stride=4))"),
        "it runs every 994 days; at most 366 are possible: take shorter windows or strides",
    ),
    "averages of days": (
        "import motes as mt\n"
        "bands = mt.LogMel(window_ms=1, stride_ms=0.02, channels=1)(mt.Microphone(rate=96_000))\n"
        "days = mt.MovingAverage(86_000_000)(bands)\n",
        "line 3: MovingAverage: ms=86000000 means 4,128,000,000 vectors, 16,512,000,000 bytes to keep; average over",
    ),
    "rates": ("import motes as mt\nmt.Microphone(rate=10**9)\n", "Microphone: rate is 1000000000; give a whole number"),
    "slow rates": ("import motes as mt\nmt.Accelerometer(rate=0.01)\n", "Accelerometer: rate is 0.01; give a number"),
    "odd rates": (
        "import motes as mt\nfrom fractions import Fraction\nmt.Accelerometer(rate=Fraction(100, 3))\n",
        "line 3: Accelerometer: rate is Fraction(100, 3); give a number of Hz, 0.1 to 50000",
    ),
    "a model that is not there": (changed("small.tflite", "gone.tflite"), "line 5: gone.tflite: no such file"),
    "a model without end": (changed("small.tflite", "x" * 3000), "cannot be read (File name too long); check the path"),
    "a name without end": (changed('"small", mt', '"x" * 999, mt'), "give a text of 1 to 200 characters"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_app_that_cannot_be_used(refuses: Any, app: Any, recording: Path, tmp_path: Path, name: str) -> None:
    text, words = REFUSED[name]
    path = app(text)
    said = refuses(words, "run", path, "-i", recording, "-o", tmp_path / "out", "--json")
    assert said.startswith(f"error: {path}")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gone.py", "gone.py: cannot be read (No such file or directory); give an app.py or the folder that holds one"),
        ("x" * 3000, "cannot be read (File name too long); give an app.py or the folder that holds one"),
    ],
)
def test_an_app_that_is_not_there(refuses: Any, recording: Path, name: str, words: str) -> None:
    refuses(words, "run", name, "-i", recording, "--json")


def test_a_window_that_no_board_can_hold(refuses: Any, app: Any, recording: Path, tmp_path: Path) -> None:
    """A ring is made as long as its window, so no window is longer than its ring: but a board may have no room."""
    path = app(
        "import motes as mt\n"
        "frames = mt.Resize(4, 3)(mt.Camera(width=1024, height=1024, rate=1))\n"
        "heard = mt.Threshold(0.5, ['a', 'b', 'c'])(mt.Model('small.tflite')(frames))\n"
        "app = mt.App('large', mt.Print(heard))\n"
    )
    said = refuses("bytes of RAM, ", "build", path, "-o", tmp_path / "out", "--json", status=3)
    assert "more than its 262,144; most weigh " in said
    assert not (tmp_path / "out").exists()


def test_what_an_app_prints_is_no_part_of_the_answer(motes_: Any, app: Any, recording: Path) -> None:
    ended = motes_("run", app("print('hello')\n" + GOOD), "-i", recording, "--board", "host", "--json")
    assert ended.status == 0
    assert ended.json["app"] == "small"
    assert ended.err.splitlines()[0] == "hello"


def test_an_app_may_change_the_folder(
    motes_: Any, app: Any, recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(recording, tmp_path / "noise.wav")
    app("import os\nos.chdir('/')\n" + GOOD)
    monkeypatch.chdir(tmp_path)
    ended = motes_("run", "app.py", "-i", "noise.wav", "--board", "host", "-o", "out")
    assert ended.status == 0, ended.err
    assert (tmp_path / "out" / "report.json").is_file()
    assert os.getcwd() == str(tmp_path)


def test_long_strides_leave_long_gaps_and_are_planned_at_once(motes_: Any, app: Any, recording: Path) -> None:
    """Every second of a day or so: buffers divide the stride, which has many more divisors than a buffer has items."""
    path = app(changed("stride_ms=20", "stride_ms=60_000_000"))
    ended = motes_("build", path, "--board", "host", "--json")
    assert ended.status == 0, ended.err
    assert ended.json["stages"][0]["period_ms"] == 60_000_000


# ------------------------------------------------------------------------------------------------ boards


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("virt-m4f", "no board is called 'virt-m4f'; did you mean virt-m4? known: host, virt-m0p, virt-m33, "),
        ("../virt-m4", "no board is called '../virt-m4'; did you mean virt-m4? known: "),
        ("", "no board is called ''; known: host, virt-m0p, virt-m33, virt-m4, virt-m55, virt-m7, virt-rv32, or a "),
    ],
)
@pytest.mark.parametrize("verb", ["build", "run"])
def test_unknown_boards(refuses: Any, app: Any, recording: Path, verb: str, name: str, words: str) -> None:
    arguments = ["-i", recording] if verb == "run" else []
    refuses(words, verb, app(), *arguments, "--board", name, "--json")


@pytest.mark.parametrize(
    ("file", "text", "words", "status"),
    [
        ("board.toml", "name = ", "board.toml: not valid TOML: Invalid value (at end of document)", 2),
        ("board.toml", "name = 'x'\n", "board.toml: title is missing; expected a text", 2),
        ("link.ld", None, "link.ld: cannot be read (", 2),
        ("startup.c", None, "startup.c: cannot be read (", 2),
        ("link.ld", "", "the image has no vector table; the linker script must say KEEP(*(.vectors)) in .vectors", 1),
        ("startup.c", "int x = y;\n", "startup.c: zig 0.17.1 refused it (status 1)", 1),
    ],
)
def test_boards_that_are_not_whole(
    refuses: Any, app: Any, tmp_path: Path, file: str, text: str | None, words: str, status: int
) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(board("virt-m4").folder, mine)
    if text is None:
        (mine / file).unlink()
    else:
        (mine / file).write_text(text)
    refuses(words, "build", app(), "--board", mine, "-o", tmp_path / "out", "--json", status=status)
    assert not (tmp_path / "out").exists()


def test_a_board_too_slow_to_start_is_told(refuses: Any, app: Any, recording: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(board("virt-m4").folder, mine)
    text = (mine / "board.toml").read_text()
    (mine / "board.toml").write_text(text.replace("clock_hz = 64_000_000", "clock_hz = 10"))
    words = "the application has worked for 10 s without sleep; look at what this function waits for"
    refuses(words, "run", app(), "-i", recording, "--board", mine, "--json", status=1)
