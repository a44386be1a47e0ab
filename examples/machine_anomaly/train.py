"""Trains the autoencoder on normal vibration only: python train.py PATH/TO/machine.py (one minute, one core).

Writes bands.json (what the features are) and model.tflite. Needs `pip install motes[train]`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from features import BANDS, features
from machine_data import BEARING_FAULTS, generator, three_axes
from numpy.typing import NDArray
from scores import area_under_curve, wilson

HERE = Path(__file__).parent
SHAFT_HZ = 29  # the middle of the machine's speeds
# Narrow bands on the shaft's half orders up to the fourth, then its 5th to 8th, 9th, up to 18th and 18th harmonics,
# then 400 Hz each, about as wide as a bearing's ringing.
EDGES_HZ = [SHAFT_HZ * (k + 0.5) / 2 for k in range(9)] + [232.0, 290.0, 472.0, 573.0] + [*range(1000, 5801, 400)]
FLOOR = 1e-3  # (m/s2)^2, well under every band of a running machine
LIMIT = 8.0  # features are quantized over +-8 deviations
EPOCHS = 60
SEED = 1


def describe(normal: NDArray[np.int16]) -> dict[str, Any]:
    """The parameters of the features: bands, and each band's mean and deviation on a normal machine."""
    bands: dict[str, Any] = {"edges_hz": EDGES_HZ, "floor": FLOOR}
    raw = features(normal, bands)
    mean, deviation = ([round(float(v), 4) for v in stat] for stat in (raw.mean(axis=0), raw.std(axis=0)))
    return {**bands, "mean": mean, "deviation": deviation}


def network(batch: int | None, bands: int) -> Any:
    """The autoencoder, bands -> 96 -> 48 -> 6 -> 48 -> 96 -> bands: only what six numbers can tell comes back."""
    from tensorflow.keras import Input, Model, layers

    x = features_in = Input(batch_shape=(batch, bands))
    for units, activation in ((96, "relu"), (48, "relu"), (6, None), (48, "relu"), (96, "relu"), (bands, None)):
        x = layers.Dense(units, activation)(x)
    return Model(features_in, x)


def fit(normal: NDArray[np.float32]) -> Any:
    import tensorflow as tf

    tf.keras.utils.set_random_seed(SEED)
    model = network(None, normal.shape[1])
    rate = tf.keras.optimizers.schedules.CosineDecay(2e-3, EPOCHS * len(normal) // 256)
    model.compile(optimizer=tf.keras.optimizers.Adam(rate), loss="mse")
    model.fit(normal, normal, batch_size=256, epochs=EPOCHS, verbose=2)
    return model


def to_int8(model: Any, normal: NDArray[np.float32]) -> bytes:
    """The .tflite: int8 in and out. An example that touches both limits makes the input's scale 1/16, zero point 0."""
    import tensorflow as tf

    def examples() -> Any:
        corner = np.zeros((1, normal.shape[1]), np.float32)
        corner[0, :2] = -LIMIT, LIMIT - LIMIT / 128
        yield [corner]
        yield from ([row[None]] for row in normal)

    single = network(1, normal.shape[1])  # a fixed batch of one keeps shape arithmetic out of the file
    single.set_weights(model.get_weights())
    converter = tf.lite.TFLiteConverter.from_keras_model(single)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = examples
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def errors(model: bytes, rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """The score of each row of features: the mean squared difference between them and what the int8 model returns."""
    import tensorflow as tf

    run = tf.lite.Interpreter(
        model_content=model, experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF
    )
    run.allocate_tensors()
    (source,), (sink,) = run.get_input_details(), run.get_output_details()
    (scale_in, zero_in), (scale_out, zero_out) = source["quantization"], sink["quantization"]
    scores = []
    for row in rows:
        quantized = np.clip(np.rint(row / scale_in) + zero_in, -128, 127).astype(np.int8)
        run.set_tensor(source["index"], quantized[None])
        run.invoke()
        output = run.get_tensor(sink["index"])[0].astype(np.float64)
        scores.append(np.mean((row - (output - zero_out) * scale_out) ** 2))
    return np.array(scores)


def in_pairs(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the application compares with its threshold: the mean of two windows."""
    return scores.reshape(-1, 2).mean(axis=1)


def main(path: Path) -> None:
    recordings = generator(path)
    normal = three_axes(recordings("normal", count=12_000, seed=SEED))
    BANDS.write_text(json.dumps(describe(normal), indent=1) + "\n")
    known = features(normal)
    model = to_int8(fit(known), known[:1000])
    (HERE / "model.tflite").write_bytes(model)

    unseen = in_pairs(errors(model, features(three_axes(recordings("normal", count=10_000, seed=SEED + 1)))))
    threshold = float(np.quantile(unseen, 0.999))
    print(f"means of two normal scores: {unseen.mean():.3f} on average, 99.9% below {threshold:.3f}")
    judged = errors(model, features(three_axes(recordings("normal", count=2000, seed=SEED + 2))))
    for kind in (*BEARING_FAULTS, "imbalance", "looseness"):
        for severity in (1.0, 0.5, 0.25):
            faulty = errors(model, features(three_axes(recordings(kind, severity, count=600, seed=SEED + 2))))
            found = wilson(int((in_pairs(faulty) >= threshold).sum()), len(faulty) // 2)
            print(f"{kind:10} {severity:4}: AUC {area_under_curve(judged, faulty):.4f}, found {found}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
