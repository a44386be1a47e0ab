"""motes check, ops, boards and doctor."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import motes.check
import motes.doctor
import motes.profiling
from motes.ir import DType, Tensor, quant
from motes.ops import builtins
from motes.tflite.resolved import RESOLVED
from tflite_writer import Operator, write_model

X = Tensor("in put", (1, 8), DType.INT8, quant(0.5, -3))
Y = Tensor("y", (1, 4), DType.INT8, quant(0.25, 5))
Z = Tensor("z", (1, 4), DType.INT8, quant(1 / 256, -128))
WEIGHTS = Tensor("w", (4, 8), DType.INT8, quant(0.125, 0), np.ones((4, 8), np.int8))
DENSE = Operator("FULLY_CONNECTED", (X, WEIGHTS, None), (Y,), {})


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    """A model with two operators that nobody here knows."""
    path = tmp_path / "strange.tflite"
    operators = [DENSE, Operator("WHERE", (Y,), (Z,)), Operator("UNIQUE", (Z,), (dataclasses.replace(Z, name="u"),))]
    path.write_bytes(write_model(operators, [X], [Y]))
    return path


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
    assert "- WHERE is not one that Motes knows (operator 1)" in ended.out
    assert "- UNIQUE is not one that Motes knows (operator 2)" in ended.out
    assert ended.out.count("way out: `motes ops` lists ") == 1


def test_check_of_an_unsupported_model_as_json(motes_: Any, strange: Path) -> None:
    ended = motes_("check", strange, "--json")
    assert ended.status == 2
    assert not ended.json["supported"]
    assert [p["operators"] for p in ended.json["problems"]] == [[1], [2]]
    assert [o["supported"] for o in ended.json["operators"]] == [True, False, False]


def test_check_groups_a_problem_of_several_operators(motes_: Any, tmp_path: Path) -> None:
    path = tmp_path / "sines.tflite"
    path.write_bytes(write_model([Operator("WHERE", (X,), (Y,)), Operator("WHERE", (Y,), (Z,))], [X], [Z]))
    assert "- WHERE is not one that Motes knows (operators 0, 1)" in motes_("check", path).out


def test_check_of_a_model_that_keeps_variables(motes_: Any, shared: Path) -> None:
    ended = motes_("check", shared / "models/microwakeword/okay_nabu.tflite", "--json")
    assert ended.status == 0
    kept = [o for o in ended.json["operators"] if o["op"] in ("CALL_ONCE", "VAR_HANDLE", "ASSIGN_VARIABLE")]
    assert len(kept) == 13
    assert all(o["supported"] and o["macs"] == 0 for o in kept)


def test_check_of_a_model_of_mixed_types_shows_the_lines_to_change(motes_: Any, tmp_path: Path) -> None:
    y = dataclasses.replace(Y, dtype=DType.FLOAT32, quant=None)
    path = tmp_path / "mixed.tflite"
    path.write_bytes(write_model([dataclasses.replace(DENSE, outputs=(y,))], [X], [y]))
    ended = motes_("check", path)
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
    assert [o["op"] for o in found] == sorted({*builtins(), *(r.name for r in RESOLVED)})
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
    for extra, name in (("tensorflow", "TensorFlow"), ("onnx", "onnx2tf"), ("torch", "litert-torch")):
        assert findings[name]["required"] is False
        assert findings[name]["use"].startswith("motes convert, of ")
        assert findings[name]["status"] == "good" or findings[name]["remedy"] == f"pip install 'motes[{extra}]'"


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
    findings = motes_("doctor", "--json").json["findings"]
    (told,) = (f["detail"] for f in findings if f["name"] == "cache")
    assert f"{blocked}: is a file, where a folder was expected; " in told
    remedies = [f["remedy"] for f in findings]
    assert "set MOTES_CACHE to a folder you can write" in remedies
