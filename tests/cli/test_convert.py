"""`motes convert`: files of other frameworks on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import missing
from motes.converting.sources import installed


def test_what_it_refuses(motes_: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("motes.converting.sources.installed", lambda module: False)
    path = tmp_path / "m.onnx"
    path.touch()

    def refuses(words: str, *arguments: str | Path) -> None:
        ended = motes_("convert", path, *arguments)
        assert ended.status == 2
        assert words in ended.err, ended.err

    refuses("quantize is 'int4'; give 'int8', 'int16', or None for float32", "--quantize", "int4")
    refuses("quantize='int8' needs data, to find the range of every tensor; give about a hundred typical inputs")
    refuses("m.onnx: onnx2tf is not installed, which converts it: pip install 'motes[onnx]'", "--quantize", "none")
    refuses("none.npy: cannot be read (No such file or directory)", "--data", tmp_path / "none.npy")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_keras_file(motes_: Any, tmp_path: Path) -> None:
    if not installed("tensorflow"):
        missing("tensorflow is not installed; `make test-converters` has it")
    import tensorflow as tf

    model, samples, out = tmp_path / "dense.keras", tmp_path / "samples.npy", tmp_path / "made.tflite"
    tf.keras.Sequential([tf.keras.Input((6,)), tf.keras.layers.Dense(3)]).save(model)
    np.save(samples, np.random.default_rng(0).normal(0, 1, (30, 6)))
    ended = motes_("convert", model, "--data", samples, "-o", out, "--json")
    assert ended.status == 0, ended.err
    found = ended.json
    assert (found["path"], found["bytes"], found["source"]) == (str(out), out.stat().st_size, str(model))
    assert (found["quantize"], found["samples"], found["inputs"][0]["dtype"]) == ("int8", 30, "int8")
    (near,) = found["agreement"]
    assert near["max_error"] < 0.02 * near["span"]

    ended = motes_("convert", model, "--quantize", "none", "-o", out)
    assert ended.status == 0, ended.err
    assert "dense.keras as float32: " in ended.out
    assert "output" in ended.out
