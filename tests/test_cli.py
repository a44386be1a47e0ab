"""The command line: verbs, flags, exit codes and words."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import motes.check
import motes.doctor
import motes.profile
from motes.cli import main
from motes.demo import EXAMPLES, scene
from motes.errors import BadInput, BoardFault, BuildFailed, DoesNotFit
from motes.ir import DType, Tensor, quant
from motes.judging import Event
from motes.ops import builtins
from tflite_writer import Operator, write_model

X = Tensor("in put", (1, 8), DType.INT8, quant(0.5, -3))
Y = Tensor("y", (1, 4), DType.INT8, quant(0.25, 5))
Z = Tensor("z", (1, 4), DType.INT8, quant(1 / 256, -128))
WEIGHTS = Tensor("w", (4, 8), DType.INT8, quant(0.125, 0), np.ones((4, 8), np.int8))
DENSE = Operator("FULLY_CONNECTED", (X, WEIGHTS, None), (Y,), {})


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
def model(tmp_path: Path) -> Path:
    path = tmp_path / "dense.tflite"
    path.write_bytes(write_model([DENSE], [X], [Y]))
    return path


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    """A model with two operators that nobody here knows."""
    path = tmp_path / "strange.tflite"
    operators = [DENSE, Operator("SIN", (Y,), (Z,)), Operator("COS", (Z,), (dataclasses.replace(Z, name="u"),))]
    path.write_bytes(write_model(operators, [X], [Y]))
    return path


def process(*arguments: str | Path, **kwargs: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "motes", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **kwargs)


# ------------------------------------------------------------------------------------------------ check


def test_check_shows_operators_and_totals(motes_: Any, model: Path) -> None:
    ended = motes_("check", model)
    assert ended.status == 0
    assert ended.err == ""
    for part in (str(model), "FULLY_CONNECTED", "int8 1x4", "0.25 * (q - 5)", "32", "'in put'", "supported"):
        assert part in ended.out
    assert "\x1b" not in ended.out


def test_check_as_json(motes_: Any, model: Path) -> None:
    assert motes_("check", model, "--json").json == {
        "model": str(model),
        "supported": True,
        "macs": 32,
        "weights": 32,
        "activations": 12,
        "inputs": [{"name": "in put", "dtype": "int8", "shape": [1, 8], "quantization": "0.5 * (q + 3)"}],
        "outputs": [{"name": "y", "dtype": "int8", "shape": [1, 4], "quantization": "0.25 * (q - 5)"}],
        "operators": [
            {
                "index": 0,
                "op": "FULLY_CONNECTED",
                "dtype": "int8",
                "shape": [1, 4],
                "quantization": "0.25 * (q - 5)",
                "macs": 32,
                "weights": 32,
                "scales": 1,
                "supported": True,
            }
        ],
        "problems": [],
    }


def test_check_lists_everything_that_is_unsupported_and_the_way_out_once(motes_: Any, strange: Path) -> None:
    ended = motes_("check", strange)
    assert ended.status == 2
    assert "not supported: 2 to solve" in ended.out
    assert "- SIN is not one that Motes knows (operator 1)" in ended.out
    assert "- COS is not one that Motes knows (operator 2)" in ended.out
    assert ended.out.count("way out: it knows ADD, ") == 1


def test_check_of_an_unsupported_model_as_json(motes_: Any, strange: Path) -> None:
    ended = motes_("check", strange, "--json")
    assert ended.status == 2
    assert not ended.json["supported"]
    assert [p["operators"] for p in ended.json["problems"]] == [[1], [2]]
    assert [o["supported"] for o in ended.json["operators"]] == [True, False, False]


def test_check_groups_a_problem_of_several_operators(motes_: Any, tmp_path: Path) -> None:
    path = tmp_path / "sines.tflite"
    path.write_bytes(write_model([Operator("SIN", (X,), (Y,)), Operator("SIN", (Y,), (Z,))], [X], [Z]))
    assert "- SIN is not one that Motes knows (operators 0, 1)" in motes_("check", path).out


def test_check_of_a_file_with_several_subgraphs_goes_on_to_the_operators(motes_: Any, shared: Path) -> None:
    ended = motes_("check", shared / "models/microwakeword/okay_nabu.tflite", "--json")
    assert ended.status == 2
    said = [p["what"] for p in ended.json["problems"]]
    assert said[0] == "has 2 subgraphs (control flow, or state kept in variables)"
    assert "VAR_HANDLE is not one that Motes knows" in said


def test_check_of_a_float_model_shows_the_lines_to_change(motes_: Any, shared: Path) -> None:
    ended = motes_("check", shared / "models/tflm/hello_world_float.tflite")
    assert ended.status == 2
    assert "converter.representative_dataset = " in ended.out


def test_check_of_a_missing_file(motes_: Any) -> None:
    ended = motes_("check", "gone.tflite")
    assert ended == (2, "", "error: gone.tflite: no such file; give the path of a .tflite model\n")


def test_names_are_shown_as_they_are_and_change_nothing(motes_: Any, tmp_path: Path) -> None:
    evil = dataclasses.replace(X, name="[red]a[/red]\n\x1b[31m%s")
    path = tmp_path / "evil.tflite"
    path.write_bytes(write_model([Operator("FULLY_CONNECTED", (evil, WEIGHTS, None), (Y,), {})], [evil], [Y]))
    assert r"'[red]a[/red]\n\x1b[31m%s'" in motes_("check", path).out


# ------------------------------------------------------------------------------------------------ lists


def test_ops_lists_every_operator_with_its_kernels(motes_: Any) -> None:
    found = motes_("ops", "--json").json["operators"]
    assert [o["op"] for o in found] == sorted(builtins())
    assert all(o["about"] for o in found)
    assert any(o["kernels"] for o in found)
    assert "FULLY_CONNECTED" in motes_("ops").out


def test_boards_lists_the_virtual_board(motes_: Any) -> None:
    found = {b["name"]: b for b in motes_("boards", "--json").json["boards"]}
    assert found["virt-m4"]["flash"] == 1 << 20
    assert found["virt-m4"]["ram"] == 256 << 10
    assert found["virt-m4"]["clock_hz"] == 64_000_000
    assert found["host"]["clock_hz"] is None
    out = motes_("boards").out
    assert "virt-m4" in out
    assert "64,000,000" in out


def test_doctor_finds_this_machine_healthy(motes_: Any) -> None:
    ended = motes_("doctor", "--json")
    assert ended.status == 0
    findings = {f["name"]: f for f in ended.json["findings"]}
    assert ended.json["healthy"]
    assert all(findings[n]["status"] == "good" for n in ("python", "ziglang", "unicorn", "capstone", "cache"))
    assert findings["arm-none-eabi-gcc"]["required"] is False


def test_doctor_says_what_to_do(motes_: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def gone() -> str:
        raise LookupError("not installed")

    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("MOTES_CACHE", str(blocked / "cache"))
    monkeypatch.setattr(motes.doctor, "_zig", gone)
    ended = motes_("doctor")
    assert ended.status == 1
    assert "not installed: install Motes again" in ended.out
    assert "cannot be written" in ended.out
    assert "set MOTES_CACHE to a folder you can write" in ended.out


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

    monkeypatch.setattr(motes.profile, "profile", fail)
    assert motes_("profile", model) == (status, "", f"error: {error}\n")


def test_an_error_is_one_line(motes_: Any, monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    def fail(*arguments: Any, **named: Any) -> None:
        raise BadInput("one\n  [bold]two[/bold] " + "long " * 100)

    monkeypatch.setattr(motes.profile, "profile", fail)
    err = motes_("profile", model).err
    assert err.startswith("error: one [bold]two[/bold] long long ")
    assert err.count("\n") == 1


def test_ctrl_c_ends_with_130_and_no_traceback(motes_: Any, monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    def stop(*arguments: Any, **named: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(motes.profile, "profile", stop)
    ended = motes_("profile", model)
    assert ended.status == 130
    assert "Traceback" not in ended.err


def test_a_fault_of_ours_says_what_to_report(motes_: Any, monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    def fail(*arguments: Any, **named: Any) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.delenv("MOTES_DEBUG", raising=False)
    monkeypatch.setattr(motes.profile, "profile", fail)
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
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=120)
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


# ------------------------------------------------------------------------------------------------ profile and build


def test_profile_as_json(motes_: Any, model: Path, tmp_path: Path) -> None:
    ended = motes_("profile", model, "--input", "lcg", "--out", tmp_path / "out", "--json")
    assert ended.status == 0, ended.err
    found = ended.json
    assert (found["model"], found["board"], found["toolchain"]) == ("dense", "virt-m4", "zig")
    assert found["macs"] == 32
    assert 0 < found["instructions"] < found["cycles"]
    assert found["ram"]["total"] == sum(v for k, v in found["ram"].items() if k != "total")
    assert found["flash"]["total"] >= found["flash"]["code"] + found["flash"]["weights"]
    assert [(x["op"], x["macs"]) for x in found["layers"]] == [("FULLY_CONNECTED", 32)]
    assert [(o["name"], o["dtype"], o["shape"], len(o["sha256"])) for o in found["outputs"]] == [
        ("y", "int8", [1, 4], 64)
    ]
    assert Path(found["image"]).read_bytes()[:4] == b"\x7fELF"
    assert Path(found["image"]).is_relative_to(tmp_path)


def test_build_of_a_model_leaves_its_files(motes_: Any, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert motes_("build", model, "-o", out).status == 0
    assert {"dense.elf", "dense.bin", "dense.hex", "dense.map", "report.json", "src"} <= {p.name for p in out.iterdir()}
    assert (out / "src" / "dense.c").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--board", "virt-m5"), "error: no board is called 'virt-m5'; did you mean virt-m4? known: "),
        (("--board", "host"), "error: host has no clock to count; profile on one of the virtual boards"),
        (("--toolchain", "clang"), "error: unknown toolchain 'clang'; known are zig and gcc"),
        (("--input", "ones"), "error: input 'ones': give zeros, lcg, or an .npy file"),
        (("--input", "gone.npy"), "error: gone.npy: cannot be read (No such file or directory)"),
    ],
)
def test_profile_refuses(motes_: Any, model: Path, arguments: tuple[str, str], words: str) -> None:
    ended = motes_("profile", model, *arguments)
    assert ended.status == 2
    assert ended.out == ""
    assert ended.err.startswith(words)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((1, 8), np.uint8), "holds uint8[1, 8], but the model's input is int8[1, 8]; convert it"),
        (np.zeros((8, 1), np.int8), "holds int8[8, 1], but the model's input is int8[1, 8]; convert it"),
    ],
)
def test_profile_refuses_other_arrays(motes_: Any, model: Path, tmp_path: Path, array: Any, words: str) -> None:
    np.save(tmp_path / "x.npy", array)
    ended = motes_("profile", model, "--input", tmp_path / "x.npy")
    assert ended == (2, "", f"error: {tmp_path / 'x.npy'}: {words}\n")


def test_profile_into_a_file(motes_: Any, model: Path) -> None:
    ended = motes_("profile", model, "--out", model / "sub")
    assert ended.status == 2
    assert ended.err.startswith("error: ")
    assert str(model) in ended.err


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
