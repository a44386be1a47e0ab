"""Trains the person detector and writes model.tflite: python train.py PATH/TO/vtest.avi (two minutes, one core).

Only the first 70% of the video is trained on; the rest is looked at once, at the end. Needs `pip install motes[train]`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import video
from numpy.typing import NDArray
from resize import model_inputs
from video import FIXED, GROUND, Grey, Mask, View

HERE = Path(__file__).parent
CROPS_PER_FRAME = 24
EPOCHS = 12
SEED = 1
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)  # the one that is right most often on the first 70% is taken


def training_crops(frames: Grey, masks: Mask) -> tuple[Grey, NDArray[np.int32]]:
    """Model inputs (n, 48, 48) and labels (n,): half of them near the fixed view, half anywhere on the ground.

    Other places and sizes show more people and more ways of standing than one field does. Crops in which a person is
    hardly visible are left out of training (not of judging): background subtraction is unsure of them.
    """
    rng = np.random.default_rng(SEED)
    whole = video.PERSON_PIXELS / FIXED.side**2
    images, labels = [], []
    for frame, mask in zip(frames, masks, strict=True):
        for _ in range(CROPS_PER_FRAME):
            side = int(rng.integers(128, 161))
            near = rng.random() < 0.5
            left = FIXED.left + rng.integers(-12, 13) if near else rng.integers(0, frame.shape[1] - side)
            top = FIXED.top + rng.integers(-12, 13) if near else rng.integers(GROUND[0], GROUND[1] - side)
            view = View(int(left), int(top), side)
            share = view.cut(mask).mean()
            if not 0.4 * whole < share < 1.4 * whole:
                images.append(video.camera_frame(frame, view))
                labels.append(share >= whole)
    return model_inputs(np.stack(images)), np.array(labels, np.int32)


def network(batch: int | None) -> Any:
    """A small MobileNet: 48x48x1 in [0, 1] -> (nobody, person); 0.43 M multiplications."""
    from tensorflow.keras import Input, Model, layers

    def normed(x: Any) -> Any:
        return layers.ReLU(6.0)(layers.BatchNormalization()(x))

    image = Input(batch_shape=(batch, 48, 48, 1))
    x = normed(layers.Conv2D(8, 3, 2, "same", use_bias=False)(image))
    for channels, stride in ((16, 1), (24, 2), (24, 1), (32, 2), (32, 1)):
        x = normed(layers.DepthwiseConv2D(3, stride, "same", use_bias=False)(x))
        x = normed(layers.Conv2D(channels, 1, use_bias=False)(x))
    x = layers.Dropout(0.3)(layers.Flatten()(layers.AveragePooling2D(2)(x)))
    return Model(image, layers.Dense(2, activation="softmax")(x))


def fit(images: Grey, labels: NDArray[np.int32]) -> Any:
    """The trained float network. Light, contrast, noise and mirroring vary from step to step."""
    import tensorflow as tf

    def vary(image: Any, label: Any) -> tuple[Any, Any]:
        image = tf.cast(image, tf.float32)[..., None] / 255.0
        one_each = (tf.shape(image)[0], 1, 1, 1)
        contrast, light = tf.random.uniform(one_each, 0.75, 1.25), tf.random.uniform(one_each, 0.38, 0.62)
        image = (image - 0.5) * contrast + light + tf.random.normal(tf.shape(image), stddev=0.015)
        return tf.clip_by_value(tf.image.random_flip_left_right(image), 0.0, 1.0), label

    tf.keras.utils.set_random_seed(SEED)
    data = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images)).batch(128).map(vary).prefetch(2)
    model = network(None)
    rate = tf.keras.optimizers.schedules.CosineDecay(3e-3, EPOCHS * len(data))
    model.compile(optimizer=tf.keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy")
    model.fit(data, epochs=EPOCHS, verbose=2)
    return model


def to_int8(model: Any, images: Grey) -> bytes:
    """The .tflite: int8 in and out. Black and white examples make the input scale 1/255 and its zero point -128."""
    import tensorflow as tf

    def examples() -> Any:
        yield from ([np.full((1, 48, 48, 1), grey, np.float32)] for grey in (0.0, 1.0))
        yield from ([image[None, ..., None].astype(np.float32) / 255.0] for image in images)

    single = network(1)  # a fixed batch of one keeps shape arithmetic out of the file
    single.set_weights(model.get_weights())
    converter = tf.lite.TFLiteConverter.from_keras_model(single)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = examples
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def person_scores(model: bytes, images: Grey) -> NDArray[np.float64]:
    """The int8 model's score of "person", 0 to 1, for each 48x48 image."""
    import tensorflow as tf

    run = tf.lite.Interpreter(
        model_content=model, experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF
    )
    run.allocate_tensors()
    scores = []
    for image in images:
        run.set_tensor(
            run.get_input_details()[0]["index"], (image.astype(np.int16) - 128).astype(np.int8)[None, ..., None]
        )
        run.invoke()
        scores.append((float(run.get_tensor(run.get_output_details()[0]["index"])[0, 1]) + 128) / 256)
    return np.array(scores)


def main(path: Path) -> None:
    frames = video.read(path)
    masks = video.foreground(frames)
    first = int(len(frames) * video.TRAIN_SHARE)
    images, labels = training_crops(frames[:first], masks[:first])
    print(f"{len(images)} crops of {first} frames, {labels.mean():.0%} with a person")
    model = to_int8(fit(images, labels), images[:: len(images) // 300])
    (HERE / "model.tflite").write_bytes(model)

    seen = model_inputs(np.stack([video.camera_frame(frame, FIXED) for frame in frames]))
    scores, there = person_scores(model, seen), video.smoothed(video.has_person(masks, FIXED))
    right = {value: (scores >= value) == there for value in THRESHOLDS}
    threshold = max(right, key=lambda value: right[value][:first].sum())
    for name, part in (("trained on", right[threshold][:first]), ("judged on", right[threshold][first:])):
        print(f"threshold {threshold}, frames {name}: {part.sum()} of {len(part)} right ({part.mean():.1%})")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
