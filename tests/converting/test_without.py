"""What `mt.convert` says before any converter is asked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import motes as mt
from motes.converting import asking, sources
from motes.converting.agreement import agreement
from motes.converting.asking import Answer, Refusal, last_word, point
from motes.converting.samples import fit, read_file, read_samples
from motes.errors import BadInput, Unsupported
from motes.ir import DType, Tensor, quant
from motes.tflite import load
from tflite_writer import Operator, write_model

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)


def dense() -> bytes:
    """Two numbers become their sum and their difference, in steps of 1/8."""
    x, y = Tensor("x", (1, 2), DType.INT8, quant(0.125, -3)), Tensor("y", (1, 2), DType.INT8, quant(0.25, 5))
    w = Tensor("w", (2, 2), DType.INT8, quant(1.0, 0), np.array([[1, 1], [1, -1]], np.int8))
    return write_model([Operator("FULLY_CONNECTED", (x, w, None), (y,), {})], [x], [y])


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every converter seems to be there."""
    monkeypatch.setattr(sources, "installed", lambda module: True)


@pytest.fixture
def onnx_file(tmp_path: Path, installed: None) -> Path:
    path = tmp_path / "small.onnx"
    path.write_bytes(b"")
    return path


# ------------------------------------------------------------------------------------------------ sources


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "none.onnx",
            "none.onnx: there is no such file; give a Keras model, a torch.nn.Module, or the path of an .onnx",
        ),
        (
            "m.tflite",
            "m.tflite: .tflite is nothing to convert; it is what mt.convert makes; give it to mt.Model as it is",
        ),
        ("m.pt", "m.pt: .pt is nothing to convert; load it in Python, and give the torch.nn.Module"),
        ("m.zip", "m.zip: .zip is nothing to convert; give a Keras model"),
        ("plain", "plain: a file without a suffix is nothing to convert; give a Keras model"),
        ("folder", "folder: a folder without saved_model.pb; give a Keras model"),
    ],
)
def test_paths_that_are_nothing_to_convert(tmp_path: Path, name: str, words: str) -> None:
    for made in ("m.tflite", "m.pt", "m.zip", "plain"):
        (tmp_path / made).touch()
    (tmp_path / "folder").mkdir()
    for data in (ROWS, None):
        with pytest.raises(BadInput, match=re.escape(words)):
            mt.convert(tmp_path / name, data)


def test_objects_that_are_nothing_to_convert() -> None:
    with pytest.raises(BadInput, match=r"^convert: dict is nothing to convert; give a Keras model, a torch.nn.Module"):
        mt.convert({}, ROWS)


def test_models_are_known_by_their_classes(installed: None) -> None:
    def model(module: str, base: str, **have: Any) -> object:
        bases = type(base, (), {"__module__": module})
        return type("Mine", (bases,), have)()

    keras, torch = model("keras.src.models.model", "Model", name="my_net"), model("torch.nn.modules.module", "Module")
    assert [(s.kind, s.name, s.where) for s in map(sources.recognise, (keras, torch))] == [
        ("keras", "my_net", "model my_net"),
        ("torch", "mine", "Mine"),
    ]
    assert sources.recognise(model("tf_keras.src.engine.training", "Model", name="a/b")).name == "model"
    with pytest.raises(BadInput, match="Mine is nothing to convert"):
        sources.recognise(model("elsewhere", "Module"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("m.onnx", "m.onnx: onnx2tf is not installed, which converts it: pip install 'motes[onnx]'"),
        ("m.keras", "m.keras: TensorFlow is not installed, which converts it: pip install 'motes[tensorflow]'"),
        ("m.h5", "pip install 'motes[tensorflow]'"),
        ("m.pt2", "m.pt2: litert-torch is not installed, which converts it: pip install 'motes[torch]'"),
        ("saved", "saved: TensorFlow is not installed"),
    ],
)
def test_the_extra_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str) -> None:
    monkeypatch.setattr(sources, "installed", lambda module: False)
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "saved_model.pb").touch()
    (tmp_path / name).touch()
    with pytest.raises(BadInput, match=re.escape(words)):
        mt.convert(tmp_path / name, ROWS)


def test_arguments_that_make_no_sense(onnx_file: Path) -> None:
    with pytest.raises(BadInput, match="quantize is 'uint8'; give 'int8', 'int16', or None for float32"):
        mt.convert(onnx_file, ROWS, quantize="uint8")  # type: ignore[arg-type]
    with pytest.raises(
        BadInput, match="quantize='int8' needs data, to find the range of every tensor; give about a hundr"
    ):
        mt.convert(onnx_file)
    with pytest.raises(BadInput, match=r"model.bin: the file to write is to end in .tflite"):
        mt.convert(onnx_file, ROWS, out="model.bin")


# ------------------------------------------------------------------------------------------------ samples


@pytest.mark.parametrize(
    ("data", "shapes"),
    [
        (ROWS, [(4, 3)]),
        (list(ROWS), [(4, 3)]),
        ((row for row in ROWS), [(4, 3)]),
        ([(row, row[:2]) for row in ROWS], [(4, 3), (4, 2)]),
        ([[row, 1] for row in ROWS], [(4, 3), (4,)]),
    ],
    ids=["array", "list", "generator", "tuples", "lists"],
)
def test_samples_as_users_have_them(data: Any, shapes: list[tuple[int, ...]]) -> None:
    assert [x.shape for x in read_samples(data)] == shapes


def test_a_thousand_samples_are_enough() -> None:
    def endless() -> Any:
        while True:
            yield ROWS[0]

    assert read_samples(endless())[0].shape == (1000, 3)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (5, "data: int is no set of samples; give an array, samples first, or an iterable of arrays"),
        ("rows", "data: str is no set of samples"),
        ([], "data: holds no samples"),
        (ROWS[:0], "data: holds no samples"),
        (np.float32(1), "data: holds no samples"),
        ([(ROWS[0],), (ROWS[0], ROWS[1])], "data: some samples have more inputs than others"),
        ([ROWS[0], ROWS[1, :2]], "data: input 0 is [2] in one sample and [3] in another"),
        (["a", "b"], "data: input 0 is <U1; give numbers"),
        (np.full((4, 3), np.inf), "data: input 0 has values that are not finite; leave those samples out"),
    ],
)
def test_samples_that_cannot_be_used(data: Any, words: str) -> None:
    with pytest.raises(BadInput, match=re.escape(words)):
        read_samples(data)


def test_samples_and_shapes_settle_each_other() -> None:
    one = (np.zeros((4, 3, 8)),)
    assert fit("m", [(None, 3, None)], one) == [(1, 3, 8)]
    assert fit("m", [None], one) == [(1, 3, 8)]
    assert fit("m", [(7, 3, 8)], one) == [(1, 3, 8)]
    assert fit("m", [(None, 3, 8)], (np.zeros((4, 1, 3, 8)),)) == [(1, 3, 8)]
    assert fit("m", [(None, 3), (2, 5)], None) == [(1, 3), (1, 5)]
    for known, samples, words in [
        ([(None, None)], None, "m: its input 0 is [?, ?]; give data, whose shape settles it"),
        ([None], None, "m: its input 0 is of any shape; give data, whose shape settles it"),
        ([(1, 4, 8)], one, "m: its input 0 is [1, 4, 8], a sample is [3, 8]; give all but the batch"),
        ([(1, 3)], one, "m: its input 0 is [1, 3], a sample is [3, 8]; give all but the batch"),
        ([(1, 3), (1, 3)], one, "m: has 2 inputs, data has 1; give a tuple of 2 a sample"),
    ]:
        with pytest.raises(BadInput, match=re.escape(words)):
            fit("m", known, samples)


def test_files_of_samples(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", ROWS)
    assert read_samples(read_file(tmp_path / "a.npy"))[0].tolist() == ROWS.tolist()
    np.savez(tmp_path / "b.npz", first=ROWS, second=ROWS[:, :2])
    assert [x.shape for x in read_samples(read_file(tmp_path / "b.npz"))] == [(4, 3), (4, 2)]
    np.savez(tmp_path / "c.npz", first=ROWS, second=ROWS[:3])
    with pytest.raises(BadInput, match=r"c.npz: its arrays are not of one length; give each input as many samples"):
        read_file(tmp_path / "c.npz")


# ------------------------------------------------------------------------------------------------ the worker


def worker(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python code in the converters' place."""
    monkeypatch.setattr(asking, "WORKER", (asking.WORKER[0], "-c", code))


ANSWERS = "import pickle, pathlib\nfrom motes.converting.asking import *\nmade = {}\n" + (
    "pathlib.Path('answer').write_bytes(pickle.dumps(made))"
)


def test_what_was_made_is_a_file_that_a_model_takes(
    onnx_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "made").write_bytes(dense())
    x, y = np.array([[[1.0, 2.0]], [[0.5, -1.0]]], np.float32), np.array([[[3.0, -1.0]], [[-0.5, 1.5]]], np.float32)
    np.savez(tmp_path / "ends.npz", x=x, y=y)
    code = f"Answer(pathlib.Path({str(tmp_path / 'made')!r}).read_bytes(), 'maker 1', (e['x'],), (e['y'],))"
    worker(f"import numpy as np\ne = np.load({str(tmp_path / 'ends.npz')!r})\n" + ANSWERS.format(code), monkeypatch)
    said: list[str] = []
    made = mt.convert(onnx_file, x[:, 0], out=tmp_path / "out.tflite", progress=lambda what, share: said.append(what))
    assert made.path.read_bytes() == dense()
    assert said == ["converting with onnx2tf", "comparing with the source"]
    (near,) = made.agreements
    assert (near.max_error, near.span, near.same_argmax) == (0.0, 4.0, 1.0)
    assert repr(mt.Model(made)) == repr(mt.Model(made.path))
    found = made.to_json()
    assert (found["bytes"], found["samples"], found["quantize"]) == (len(dense()), 2, "int8")
    assert found["inputs"] == [
        {"name": "x", "dtype": "int8", "shape": [1, 2], "quantization": {"scale": 0.125, "zero_point": -3}}
    ]

    again = mt.convert(onnx_file, x[:, 0])
    assert again.path == mt.convert(onnx_file, x[:, 0]).path
    assert again.path.name == "small.tflite"


def test_a_converter_that_ends_its_process(onnx_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worker("import os, sys; print('I0000 x'); print('the end is near', flush=True); os.abort()", monkeypatch)
    with pytest.raises(
        Unsupported, match=r"small.onnx: onnx2tf ended by SIGABRT \(the end is near\); leave out what Te"
    ):
        mt.convert(onnx_file, ROWS)
    worker("import sys; sys.exit(3)", monkeypatch)
    with pytest.raises(Unsupported, match=r"small.onnx: onnx2tf ended with status 3; leave out"):
        mt.convert(onnx_file, ROWS)


def test_a_converter_that_never_ends(onnx_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE_S", 0.2)
    worker("import time; time.sleep(60)", monkeypatch)
    with pytest.raises(Unsupported, match=r"small.onnx: onnx2tf has not ended after 0.2 s; leave out"):
        mt.convert(onnx_file, ROWS)


def test_a_converter_that_gives_up(onnx_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worker(ANSWERS.format("Refusal('no such operator: Frobnicate')"), monkeypatch)
    with pytest.raises(Unsupported, match=r"small.onnx: onnx2tf gives up \(no such operator: Frobnicate\); leave out"):
        mt.convert(onnx_file, ROWS)
    worker(ANSWERS.format("Refusal('small.onnx: mend it', bad_input=True)"), monkeypatch)
    with pytest.raises(BadInput, match=r"^small.onnx: mend it$"):
        mt.convert(onnx_file, ROWS)
    assert Refusal("words") != Refusal("words", True)


def test_a_file_that_motes_does_not_take(onnx_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x = Tensor("x", (1, 4), DType.INT8, quant(0.5, 0))
    y = Tensor("y", (1, 4), DType.INT8, quant(0.5, 0))
    (tmp_path / "made").write_bytes(write_model([Operator("CUSTOM", (x,), (y,), custom_code="Odd")], [x], [y]))
    worker(ANSWERS.format(f"Answer(pathlib.Path({str(tmp_path / 'made')!r}).read_bytes(), 'maker 1')"), monkeypatch)
    with pytest.raises(Unsupported, match=r"out.tflite: .*Odd"):
        mt.convert(onnx_file, ROWS, out=tmp_path / "out.tflite")
    assert (tmp_path / "out.tflite").exists()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", ""),
        ("one\n\ntwo\n ^^^^ \n", "two"),
        ("a\nloc: error: 'tf.FFT' op is neither\n<unknown>:0: error: failed\nb", "'tf.FFT' op is neither"),
        ("\x1b[31mERROR:\x1b[0m no such op\nWARNING: slow\nI0000 00:00 x.cc:1] y", "no such op"),
        ("x" * 1000, "x" * 300),
        ("it ends\nINFO: created", "it ends"),
    ],
)
def test_the_last_word(text: str, word: str) -> None:
    assert last_word(text) == word


def test_the_point_of_an_exception() -> None:
    assert point(RuntimeError("Unsupported type\nWhile executing\nUse a tool")) == "Unsupported type"
    assert point(RuntimeError("Some words\n<unknown>:0: error: 'tf.FFT' op\nmore")) == "'tf.FFT' op"
    assert point(KeyError(5)) == "KeyError 5"


# ------------------------------------------------------------------------------------------------ agreement


def transposed(**how: Any) -> bytes:
    """(1, 2, 3, 4) floats, doubled."""
    x, y = Tensor("x", (1, 2, 3, 4), DType.FLOAT32), Tensor("y", (1, 2, 3, 4), DType.FLOAT32)
    return write_model([Operator("ADD", (x, x), (y,), how)], [x], [y])


def test_channels_may_be_elsewhere() -> None:
    model, x = transposed(), np.random.default_rng(0).random((5, 1, 2, 3, 4), np.float32)
    moved = np.moveaxis(2 * x, -1, 2)  # (samples, 1, channels, height, width)
    (near,) = agreement(load(model), Answer(model, "", (x,), (moved,)), "m")
    assert (near.max_error, near.same_argmax) == (0.0, 1.0)
    wrong = moved.copy()
    wrong[3] = 0
    (far,) = agreement(load(model), Answer(model, "", (x,), (wrong,)), "m")
    assert far.max_error == pytest.approx(2 * x[3].max())
    assert far.same_argmax is not None
    assert far.same_argmax < 1
    assert str(far).startswith("y differs by 0.")
    with pytest.raises(Unsupported, match=r"m: its output y is \[1, 5\], but \[1, 2, 3, 4\] after conversion"):
        agreement(load(model), Answer(model, "", (x,), (np.zeros((5, 1, 5)),)), "m")
    assert agreement(load(model), Answer(model, ""), "m") == ()
