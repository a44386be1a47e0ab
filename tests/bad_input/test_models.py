"""Models that cannot be used, through the command line: the words, the status, and nothing left behind."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motes.ir import DType, Tensor, quant
from tflite_small import X, Y, Z, changed, dense
from tflite_writer import Operator, write_model

WEIGHTS = np.ones((4, 8))


def unsigned() -> bytes:
    """Quantized as TensorFlow 1 did."""
    return dense(changed(X, dtype=DType.UINT8, quant=quant(0.5, 128)), y=changed(Y, dtype=DType.UINT8))


def no_scales() -> bytes:
    weights = Tensor("w", (4, 8), DType.INT8, None, WEIGHTS.astype(np.int8))
    return dense(w=weights)


def unsupported() -> bytes:
    wave = Operator("WHERE", (Y,), (Z,))
    weights = Tensor("w", (4, 8), DType.INT8, quant(0.125, 0), WEIGHTS.astype(np.int8))
    return write_model([Operator("FULLY_CONNECTED", (X, weights, None), (Y,), {}), wave], [X], [Z])


def astray() -> bytes:
    data = bytearray(dense())
    data[0:4] = struct.pack("<I", 0x7FFFFFF0)
    return bytes(data)


BAD = {
    "no_tflite": (lambda: b"hello, world", "not a .tflite file: bytes 4 to 7 should read TFL3"),
    "empty": (lambda: b"", "not a .tflite file: it is empty"),
    "cut": (lambda: dense()[:320], "damaged .tflite file: "),
    "astray": (astray, "damaged .tflite file: the root table at byte 2147483632 does not fit into its "),
    "unsigned": (unsigned, "converter.representative_dataset = "),
    "no_scales": (no_scales, "converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]"),
    "unsupported": (unsupported, "operator 1: WHERE is not one that Motes knows; `motes ops` lists "),
    "nothing": (lambda: write_model([], [X], [Y]), "the model has no operators: there is nothing to run"),
    "zero": (lambda: dense(changed(X, shape=(1, 0))), "tensor 0 'x' has the shape [1, 0], so no elements"),
    "twice": (
        lambda: write_model([Operator("SOFTMAX", (Y,), (Z,), {"beta": 1.0})], [Y, Y], [Z]),
        "tensor 0 'y' is input 0 and input 1 of the model; name each input once",
    ),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("verb", ["build", "profile"])
def test_a_model_that_cannot_be_used(refuses: Any, tmp_path: Path, verb: str, name: str) -> None:
    make, words = BAD[name]
    path, out = tmp_path / f"{name}.tflite", tmp_path / "out"
    path.write_bytes(make())
    said = refuses(words, verb, path, "-o", out, "--json")
    assert str(path) in said
    assert not out.exists()


@pytest.mark.parametrize("name", BAD)
def test_check_says_what_stands_in_the_way(motes_: Any, tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.tflite"
    path.write_bytes(BAD[name][0]())
    ended = motes_("check", path, "--json")
    assert ended.status == 2
    if ended.out:
        assert ended.json["problems"]
        assert not ended.err
    else:
        assert ended.err.startswith(f"error: {path}: ")


@pytest.mark.parametrize("name", ["no_tflite", "unsigned", "unsupported", "zero"])
def test_in_an_application_its_line_is_told(refuses: Any, app: Any, recording: Path, name: str) -> None:
    make, words = BAD[name]
    path = app()
    (path.parent / "small.tflite").write_bytes(make())
    said = refuses(words, "run", path, "-i", recording, "--board", "host", "--json")
    assert said.startswith(f"error: {path}, line 5: ")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gone.tflite", "gone.tflite: no such file; give the path of a .tflite model"),
        (".", "a folder, not a .tflite file; convert a SavedModel to .tflite first"),
        ("x" * 300 + ".tflite", "cannot be read (File name too long); check the path and its permissions"),
        ("/dev/zero", "larger than 64 MiB; that is no model for a microcontroller"),
    ],
)
def test_a_file_that_is_not_there(refuses: Any, name: str, words: str) -> None:
    refuses(words, "profile", name, "--json")


def test_two_inputs_take_no_single_array(refuses: Any, motes_: Any, tmp_path: Path) -> None:
    a, b, s = (Tensor(n, (1, 4), DType.INT8, quant(0.5, 0)) for n in "abs")
    path = tmp_path / "two.tflite"
    path.write_bytes(write_model([Operator("ADD", (a, b), (s,), {})], [a, b], [s]))
    np.save(tmp_path / "x.npy", np.zeros((1, 4), np.int8))
    refuses(
        "x.npy: is one array, but the model has 2 inputs; use zeros or lcg",
        "profile", path, "--input", tmp_path / "x.npy",
    )  # fmt: skip
    assert motes_("profile", path, "--input", "lcg", "--json").status == 0


# ------------------------------------------------------------------------------------------------ too large


def test_more_ram_than_the_board_has(refuses: Any, tmp_path: Path) -> None:
    x, y = (Tensor(n, (1, 600, 1000), DType.INT8, quant(0.5, 0)) for n in "xy")
    path = tmp_path / "wide.tflite"
    path.write_bytes(write_model([Operator("ADD", (x, x), (y,), {})], [x], [y]))
    for verb in ("build", "profile"):
        refuses(
            "wide takes at least 600,000 bytes of RAM, 337,856 more than its 262,144; most weigh x 600,000; "
            "choose a board with more memory than virt-m4, or a smaller model",
            verb, path, "-o", tmp_path / "out", "--json", status=3,
        )  # fmt: skip
    assert not (tmp_path / "out").exists()


def test_more_flash_than_the_board_has(refuses: Any, tmp_path: Path) -> None:
    x, y = Tensor("x", (1, 2000), DType.INT8, quant(0.5, 0)), Tensor("y", (1, 1000), DType.INT8, quant(0.5, 0))
    w = Tensor("matrix", (1000, 2000), DType.INT8, quant(0.1, 0), np.ones((1000, 2000), np.int8))
    path = tmp_path / "deep.tflite"
    path.write_bytes(write_model([Operator("FULLY_CONNECTED", (x, w, None), (y,), {})], [x], [y]))
    refuses(
        "deep takes at least 2,000,000 bytes of flash, 951,424 more than its 1,048,576; most weigh matrix 2,000,000; ",
        "build", path, "-o", tmp_path / "out", status=3,
    )  # fmt: skip
    assert not (tmp_path / "out").exists()


def test_more_constants_than_a_compiler_should_see(refuses: Any, tmp_path: Path) -> None:
    """This machine has memory enough, but C takes a hundred times as much of it while it is compiled."""
    x, y = Tensor("x", (1, 17_000), DType.INT8, quant(0.5, 0)), Tensor("y", (1, 1000), DType.INT8, quant(0.5, 0))
    w = Tensor("matrix", (1000, 17_000), DType.INT8, quant(0.1, 0), np.ones((1000, 17_000), np.int8))
    path = tmp_path / "deep.tflite"
    path.write_bytes(write_model([Operator("FULLY_CONNECTED", (x, w, None), (y,), {})], [x], [y]))
    words = (
        "deep takes at least 17,000,000 bytes of flash, 222,784 more than its 16,777,216; most weigh matrix 17,000,000"
    )
    refuses(words, "build", path, "--board", "host", "-o", tmp_path / "out", "--json", status=3)


def test_a_model_of_gigabytes_is_refused_at_once(refuses: Any, tmp_path: Path) -> None:
    """Every tensor has the most elements there may be: nothing of that size is ever made."""
    tensors = [Tensor(f"t{i}", (1, 8192, 8192), DType.INT8, quant(0.5, 0)) for i in range(40)]
    operators = [Operator("ADD", (tensors[0], t), (n,), {}) for t, n in itertools.pairwise(tensors)]
    path = tmp_path / "giant.tflite"
    path.write_bytes(write_model(operators, tensors[:1], tensors[-1:]))
    refuses("giant takes at least 134,217,728 bytes of RAM", "profile", path, "--input", "zeros", status=3)


def test_an_application_larger_than_the_board(refuses: Any, app: Any, recording: Path, tmp_path: Path) -> None:
    text = """
import motes as mt
small = mt.Resize(4, 3)(mt.Camera(width=800, height=600, rate=1))
heard = mt.Detect(labels=["a", "b", "unknown"], threshold=0.5)(mt.Model("small.tflite")(small))
app = mt.App("large", mt.Print(heard))
"""
    said = refuses("bytes of RAM", "build", app(text), "-o", tmp_path / "out", "--json", status=3)
    assert " more than its 262,144; most weigh " in said
    assert "choose a board with more memory than virt-m4, or a smaller model" in said
    assert not (tmp_path / "out").exists()
