"""How the command line ends: statuses, words on stderr, Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import motes.check
import motes.doctor
import motes.profiling
from motes.cli import main
from motes.errors import BadInput, BoardFault, BuildFailed, DoesNotFit
from small_app import GOOD, small_model


def process(*arguments: str | Path, **kwargs: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "motes", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **kwargs)


# ------------------------------------------------------------------------------------------------ statuses


@pytest.mark.parametrize(
    ("error", "status"),
    [(BadInput("b"), 2), (DoesNotFit("d"), 3), (BuildFailed("f"), 1), (BoardFault("h"), 1)],
)
def test_errors_end_with_their_status(
    motes_: Any, monkeypatch: pytest.MonkeyPatch, model: Path, error: Exception, status: int
) -> None:
    def fail(*arguments: Any, **named: Any) -> None:
        raise error

    monkeypatch.setattr(motes.profiling, "profile", fail)
    assert motes_("profile", model) == (status, "", f"error: {error}\n")


def test_an_error_is_one_line(motes_: Any, monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    def fail(*arguments: Any, **named: Any) -> None:
        raise BadInput("one\n  [bold]two[/bold] " + "long " * 100)

    monkeypatch.setattr(motes.profiling, "profile", fail)
    err = motes_("profile", model).err
    assert err.startswith("error: one [bold]two[/bold] long long ")
    assert err.count("\n") == 1


def test_ctrl_c_ends_with_130_and_no_traceback(motes_: Any, monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    def stop(*arguments: Any, **named: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(motes.profiling, "profile", stop)
    ended = motes_("profile", model)
    assert ended.status == 130
    assert "Traceback" not in ended.err


def test_a_fault_of_ours_says_what_to_report(motes_: Any, monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    def fail(*arguments: Any, **named: Any) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.delenv("MOTES_DEBUG", raising=False)
    monkeypatch.setattr(motes.profiling, "profile", fail)
    ended = motes_("profile", model)
    assert ended.status == 70
    assert ended.err == (
        "error: internal error: ZeroDivisionError: oh; this is a fault of Motes: please report it with the command, "
        "the output of `motes doctor --json`, and what MOTES_DEBUG=1 prints\n"
    )
    monkeypatch.setenv("MOTES_DEBUG", "1")
    monkeypatch.setattr(sys, "argv", ["motes", "profile", str(model)])
    with pytest.raises(ZeroDivisionError):
        main()


@pytest.mark.parametrize("arguments", [("check",), ("fly",), ("check", "a", "b"), ("check", "--fast", "a")])
def test_bad_use_ends_with_2(motes_: Any, arguments: tuple[str, ...]) -> None:
    ended = motes_(*arguments)
    assert ended.status == 2
    assert ended.out == ""
    assert "Usage: motes" in ended.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("build", "--flash", "64k"), "--flash 64k: expected bytes, such as 65536"),
        (("profile", "--ram", "1e5"), "--ram 1e5: expected bytes, such as 65536"),
        (("profile", "--stream", "--step", "x"), "--step x: expected rows, such as 1"),
        (("verify", "--count", "many"), "--count many: expected a number of runs, such as 16"),
        (("verify", "--seed", ""), "--seed : expected an integer, such as 0"),
        (("verify", "--steps", "1.5"), "--steps 1.5: expected a number of steps, such as 10"),
    ],
)
def test_integers_that_are_none(motes_: Any, model: Path, arguments: tuple[str, ...], words: str) -> None:
    assert motes_(*arguments, model) == (2, "", f"error: {words}\n")


NO_CHIP = "board host has no chip, so that there is no image to bound; leave it out, or choose a board that has one"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--flash", "65536"), f"--flash 65536: {NO_CHIP}"),
        (("--ram", "65536"), f"--ram 65536: {NO_CHIP}"),
        (("--ram", "-5"), "--ram -5: expected bytes, more than 0"),
        (("--optimize", "fast"), "--optimize fast: expected speed, balanced, size"),
    ],
)
def test_goals_on_a_host(motes_: Any, model: Path, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    small_model(tmp_path)
    (tmp_path / "app.py").write_text(GOOD, "utf-8")
    for source in (model, tmp_path / "app.py"):
        ended = motes_("build", source, "--board", "host", "-o", tmp_path / "out", *arguments)
        assert ended == (2, "", f"error: {words}\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("verb", ["check", "build", "run", "profile", "ops", "boards", "doctor", "demo"])
def test_every_verb_has_help_and_json(motes_: Any, verb: str) -> None:
    ended = motes_(verb, "--help")
    assert ended.status == 0
    assert "--json" in ended.out


def test_no_verb_shows_the_verbs(motes_: Any) -> None:
    ended = motes_()
    assert "profile" in ended.out + ended.err
    assert ended.status in (0, 2)


# ------------------------------------------------------------------------------------------------ as a process


def test_as_a_process(model: Path) -> None:
    good = process("check", model, "--json")
    assert good.returncode == 0
    assert json.loads(good.stdout)["macs"] == 32
    assert good.stderr == ""
    bad = process("check", model.parent)
    assert bad.returncode == 2
    assert bad.stderr.startswith("error: ")
    assert "\x1b" not in bad.stderr
    assert "Traceback" not in bad.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_ctrl_c_as_a_process(tmp_path: Path) -> None:
    pipe = tmp_path / "endless.tflite"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "motes", "check", str(pipe)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        with pipe.open("wb"):  # opens when the other side has: now it reads, and waits for what never comes
            for _ in range(4):  # one that comes just before the system's read begins is noticed behind it only
                running.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    out, err = running.communicate(timeout=30)
                    break
            else:
                running.kill()
                pytest.fail("it goes on")
        assert (running.returncode, out, err) == (130, "", "")


def test_a_reader_that_leaves_is_no_error() -> None:
    command = f"{sys.executable} -m motes ops --json | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "{\n"
    assert done.stderr == ""


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    heavy = ("unicorn", "capstone", "matplotlib", "soundfile", "PIL", "scipy", "tensorflow", "elftools")
    script = f"import sys, motes, motes.cli; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "[]\n"
