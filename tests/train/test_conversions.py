"""Architectures that people convert, small and with random weights, as TensorFlow writes them: all are verified."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import missing
from motes.converting.sources import installed
from motes.verifying import verify

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

MODES = ("int8", "16x8", "float32", "dynamic")

REFUSED = {"mobilenet_v3": "HARD_SWISH", "transformer": "NEG", "activations": "ELU"}
"""What TensorFlow does not convert to 16x8, and the operator that it names."""


def keras() -> Any:
    """Keras, imported when it is needed."""
    import tensorflow as tf

    return tf.keras


def image_net(name: str, **how: Any) -> Any:
    """One of Keras' own image networks for 96x96 pixels and 10 classes, without downloaded weights."""
    k = keras()
    return getattr(k.applications, name)(
        input_tensor=k.Input(batch_shape=(1, 96, 96, 3)), weights=None, classes=10, **how
    )


def fomo() -> Any:
    """The first blocks of a MobileNetV2, and a map of classes."""
    k = keras()
    base = image_net("MobileNetV2", alpha=0.35)
    x = base.get_layer("block_6_expand_relu").output
    x = k.layers.Conv2D(32, 1, activation="relu")(x)
    return k.Model(base.input, k.layers.Softmax()(k.layers.Conv2D(3, 1)(x)))


def sequential(shape: tuple[int, ...], *layers: Any) -> Any:
    """Layers in a row."""
    k = keras()
    return k.Sequential([k.Input(batch_shape=(1, *shape)), *layers])


def cnn_1d() -> Any:
    """A classifier of accelerometer windows."""
    n = keras().layers
    return sequential(
        (128, 3),
        n.Conv1D(16, 5, padding="same", activation="relu"),
        n.MaxPooling1D(2),
        n.Conv1D(24, 3, strides=2),
        n.BatchNormalization(),
        n.ReLU(6.0),
        n.GlobalAveragePooling1D(),
        n.Dense(5, activation="softmax"),
    )


def tcn() -> Any:
    """A temporal convolutional network: causal, dilated, residual."""
    k = keras()
    n = k.layers
    x = first = k.Input(batch_shape=(1, 64, 8))
    x = n.Conv1D(16, 1)(x)
    for dilation in (1, 2, 4, 8):
        y = n.Conv1D(16, 3, dilation_rate=dilation, padding="causal", activation="relu")(x)
        x = n.Add()([x, n.Conv1D(16, 1)(y)])
    return k.Model(first, n.Dense(4)(n.Lambda(lambda t: t[:, -1, :])(x)))


def autoencoder() -> Any:
    """Dense layers down and up."""
    n = keras().layers
    return sequential((64,), *(n.Dense(units, activation="relu") for units in (32, 8, 32)), n.Dense(64))


def conv_autoencoder() -> Any:
    """Strided convolutions down, transposed ones and resizing up."""
    n = keras().layers
    return sequential(
        (24, 24, 1),
        n.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
        n.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
        n.Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu"),
        n.UpSampling2D(2, interpolation="bilinear"),
        n.Conv2D(1, 3, padding="same", activation="sigmoid"),
    )


def recurrent(kind: str, **how: Any) -> Any:
    """One recurrent layer, unrolled, and a dense one."""
    n = keras().layers
    return sequential((12, 6), getattr(n, kind)(10, unroll=True, **how), n.Dense(3, activation="softmax"))


def transformer() -> Any:
    """One block of attention over 16 places, with normalization and GELU."""
    k = keras()
    n = k.layers
    x = first = k.Input(batch_shape=(1, 16, 12))
    x = n.Dense(16)(x)
    y = n.MultiHeadAttention(2, 8)(n.LayerNormalization()(x), n.LayerNormalization()(x))
    x = n.Add()([x, y])
    y = n.Dense(16)(n.Dense(32, activation="gelu")(n.LayerNormalization()(x)))
    x = n.Add()([x, y])
    return k.Model(first, n.Dense(4)(n.GlobalAveragePooling1D()(x)))


def activations() -> Any:
    """Every activation that Keras has, one behind the other."""
    n = keras().layers
    names = ("relu", "relu6", "sigmoid", "tanh", "elu", "selu", "swish", "gelu", "hard_sigmoid", "softplus", "softsign")
    return sequential((10,), *(n.Dense(10, activation=name) for name in names), n.LeakyReLU(), n.PReLU(), n.Softmax())


ZOO: dict[str, Callable[[], Any]] = {
    "mobilenet_v1": lambda: image_net("MobileNet", alpha=0.25),
    "mobilenet_v2": lambda: image_net("MobileNetV2", alpha=0.35),
    "mobilenet_v3": lambda: image_net("MobileNetV3Small", alpha=0.75, include_preprocessing=False),
    "efficientnet": lambda: image_net("EfficientNetB0"),
    "fomo": fomo,
    "cnn_1d": cnn_1d,
    "tcn": tcn,
    "autoencoder": autoencoder,
    "conv_autoencoder": conv_autoencoder,
    "lstm": lambda: recurrent("LSTM"),
    "gru": lambda: recurrent("GRU"),
    "transformer": transformer,
    "activations": activations,
}


def convert(name: str, mode: str) -> bytes:
    """A .tflite file of one of the `ZOO`, in one of the `MODES`."""
    import tensorflow as tf

    tf.keras.utils.set_random_seed(1)
    model = ZOO[name]()
    rng = np.random.default_rng(0)
    for layer in model.layers:  # one step of training that leaves all activations of size 1
        if isinstance(layer, tf.keras.layers.BatchNormalization):
            layer.momentum = 0.0
    model(rng.normal(0, 1, model.input_shape).astype(np.float32), training=True)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if mode != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if mode in ("int8", "16x8"):
        converter.representative_dataset = lambda: (
            [rng.normal(0, 1, model.input_shape).astype(np.float32)] for _ in range(8)
        )
        exact = (
            "TFLITE_BUILTINS_INT8" if mode == "int8" else "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8"
        )
        converter.target_spec.supported_ops = [getattr(tf.lite.OpsSet, exact)]
        converter.inference_input_type = converter.inference_output_type = tf.int8 if mode == "int8" else tf.int16
    return bytes(converter.convert())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ZOO)
def test_every_architecture(name: str, mode: str, tmp_path: Path) -> None:
    if not installed("tensorflow"):
        missing("tensorflow is not installed; `make test-converters` has it")
    if mode == "16x8" and name in REFUSED:
        words = f"Quantization to 16x8-bit not yet supported for op: '{REFUSED[name]}'"
        with pytest.raises(RuntimeError, match=re.escape(words)):
            convert(name, mode)
        return
    path = tmp_path / f"{name}_{mode}.tflite"
    path.write_bytes(convert(name, mode))
    found = verify(path, "host", count=4)
    assert found.status in (("equal",) if mode in ("int8", "16x8") else ("equal", "within")), found
