"""motes profile, and motes build of a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import emulator_of
from cores import CORES
from motes.target import board as find_board


@pytest.mark.parametrize("board", CORES)
def test_profile_as_json(motes_: Any, model: Path, tmp_path: Path, board: str) -> None:
    emulator_of(find_board(board))
    ended = motes_("profile", model, "--input", "lcg", "--board", board, "--out", tmp_path / "out", "--json")
    assert ended.status == 0, ended.err
    found = ended.json
    assert (found["model"], found["board"], found["toolchain"]) == ("dense", board, "zig")
    assert found["macs"] == 32
    assert 0 < found["instructions"] <= 2 * found["cycles"]
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
    assert json.loads((out / "report.json").read_text("utf-8"))["image"] == "dense.elf"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--board", "virt-m4f"), "error: no board is called 'virt-m4f'; did you mean virt-m4? known: "),
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
