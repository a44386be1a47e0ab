"""Keras models, through TensorFlow's converter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import motes as mt
from conftest import missing
from motes.converting import Quantize
from motes.converting.sources import installed
from motes.verifying import verify

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

DATA = np.random.default_rng(0).normal(0, 1, (30, 12, 8, 3))


@pytest.fixture(scope="module")
def tf() -> Any:
    """TensorFlow."""
    if not installed("tensorflow"):
        missing("tensorflow is not installed; `make test-converters` has it")
    import tensorflow

    tensorflow.keras.utils.set_random_seed(0)
    return tensorflow


@pytest.fixture(scope="module")
def small(tf: Any) -> Any:
    """A convolution and a classifier."""
    n = tf.keras.layers
    layers = [n.Conv2D(8, 3, strides=2, activation="relu"), n.GlobalAveragePooling2D(), n.Dense(4, "softmax")]
    return tf.keras.Sequential([tf.keras.Input((12, 8, 3)), *layers], name="small")


@pytest.mark.parametrize(("quantize", "error"), [("int8", 0.01), ("int16", 0.002), (None, 1e-6)])
def test_a_model_in_memory(small: Any, capfd: Any, quantize: Quantize | None, error: float) -> None:
    made = mt.convert(small, DATA, quantize=quantize)
    assert capfd.readouterr() == ("", "")
    assert verify(made.path, "host", count=4).exit_status == 0
    ends = [*made.graph.inputs, *made.graph.outputs]
    assert [t.shape for t in ends] == [(1, 12, 8, 3), (1, 4)]
    assert {t.dtype.value for t in ends} == {quantize or "float32"}
    (near,) = made.agreements
    assert near.max_error < error * near.span
    assert (near.same_argmax, made.samples, made.path.name) == (1.0, 30, "small.tflite")
    assert made.converter.startswith("TensorFlow 2.")
    assert mt.Model(made).graph.macs > 0


def test_files_and_folders(small: Any, tmp_path: Path) -> None:
    small.save(tmp_path / "kept.keras")
    small.export(str(tmp_path / "saved"))
    named, saved, again = (mt.convert(x, DATA) for x in (tmp_path / "kept.keras", tmp_path / "saved", small))
    assert (named.path.name, saved.path.name) == ("kept.tflite", "saved.tflite")
    assert saved.path.read_bytes() == again.path.read_bytes()
    (one,), (other,) = named.agreements, saved.agreements
    assert one.max_error == other.max_error


def test_several_inputs_and_outputs(tf: Any) -> None:
    n = tf.keras.layers
    a, b = tf.keras.Input((4,), name="zeta"), tf.keras.Input((6,), name="alpha")
    model = tf.keras.Model([a, b], [n.Dense(5)(a), n.Dense(2)(n.Concatenate()([a, b]))])
    rng = np.random.default_rng(1)
    made = mt.convert(model, [(rng.normal(0, 1, 4), rng.normal(0, 1, 6)) for _ in range(40)])
    assert [t.shape for t in made.graph.inputs] == [(1, 4), (1, 6)]
    assert {t.shape for t in made.graph.outputs} == {(1, 5), (1, 2)}
    assert all(near.max_error < 0.02 * near.span for near in made.agreements)


def test_indices_stay_integers(tf: Any) -> None:
    n = tf.keras.layers
    layers = [n.Embedding(10, 4), n.Flatten(), n.Dense(3)]
    model = tf.keras.Sequential([tf.keras.Input((8,), dtype="int32"), *layers])
    made = mt.convert(model, np.random.default_rng(2).integers(0, 10, (20, 8)))
    assert made.graph.inputs[0].dtype.value == "int32"
    assert made.agreements[0].max_error < 0.02 * made.agreements[0].span


def test_open_shapes_are_settled_by_data(tf: Any) -> None:
    n = tf.keras.layers
    model = tf.keras.Sequential([tf.keras.Input((None, 8)), n.Conv1D(4, 3), n.GlobalMaxPooling1D()])
    assert mt.convert(model, np.ones((3, 9, 8)) * [[[1]], [[2]], [[-1]]]).graph.inputs[0].shape == (1, 9, 8)
    with pytest.raises(mt.BadInput, match=r"its input 0 is \[\?, \?, 8\]; give data, whose shape settles it"):
        mt.convert(model, quantize=None)


def test_what_tensorflow_does_not_convert(tf: Any) -> None:
    n = tf.keras.layers
    rolled = tf.keras.Sequential([tf.keras.Input((12, 6)), n.LSTM(10)], name="rolled")
    with pytest.raises(
        mt.Unsupported, match=r"model rolled: TensorFlow ended by SIG.*give recurrent layers unroll=True"
    ):
        mt.convert(rolled, np.random.default_rng(3).normal(0, 1, (20, 12, 6)))
    swish = tf.keras.Sequential([tf.keras.Input((16,)), n.Dense(4), n.Activation("hard_swish")], name="swish")
    words = r"model swish: TensorFlow gives up \(Quantization to 16x8-bit not yet supported for op: 'HARD_SWISH'"
    with pytest.raises(mt.Unsupported, match=words):
        mt.convert(swish, np.random.default_rng(3).normal(0, 1, (20, 16)), quantize="int16")
