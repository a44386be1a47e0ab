"""Trains the model on synthetic voices and writes model.tflite: python train.py [FOLDER]  (two hours on two cores).

FOLDER keeps the corpus and the features between runs; `build` here if it is not given. Needs `pip install motes[train]`
and, for its voices, flite.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from corpus import COMMAND_WORDS, NATURAL, Draw, Mix, corpus, drawing_keywords, drawing_others
from features import CHANNELS, INPUT_SCALE, WINDOW, features
from takes import UNKNOWN, take, window_labels, window_words
from words import KEYWORDS, LABELS, WORDS

HERE = Path(__file__).parent
SEED = 7
TAKES = 100  # at a time
SMOOTHING = 0.05
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Round:
    """Steps on fresh takes: how many of both, the highest learning rate, the share of windows with a keyword; of the
    takes' words, how many are keywords, and of the takes, how many are continuous speech; the voices and words; of the
    windows without a keyword, how many are silence; of the rest, how many hold a whole command word, each as often."""

    takes: int
    steps: int
    rate: float
    keywords: float
    words: float = 0.5
    continuous: float = 0.55
    mix: Mix = NATURAL
    silence: float = 0.2
    whole: float = 0.0
    batch: int = 256


# The third and the fourth hear more of what is not a keyword, against false alarms; so does the sixth.
ROUNDS = (
    Round(14_000, 20_000, 3e-3, 0.57),
    Round(12_000, 7_500, 1.5e-3, 0.57),
    Round(10_000, 5_000, 1e-3, 0.4),
    Round(7_000, 3_000, 1e-3, 0.4, words=0.25, continuous=0.85),
    Round(6_000, 6_250, 2e-3, 0.55),
    Round(4_000, 2_500, 8e-4, 0.42, words=0.3, continuous=0.75),
)
# From the mean of the last two rounds' weights on, the words that a keyword is to be told from are whole command words.
LAST = Round(9_000, 1_600, 1e-3, 0.45, 0.35, 0.37, COMMAND_WORDS, silence=0.218, whole=0.5, batch=192)


@dataclass(frozen=True)
class Windows:
    """Features of many takes one behind the other, int8 (frames, 40), and the label of the window that begins at each
    frame, or -1: (frames,); and the command or keyword that is all it holds, or -1: (frames,)."""

    frames: npt.NDArray[np.int8]
    labels: npt.NDArray[np.int8]
    words: npt.NDArray[np.int8]


def windows(folder: Path, split: str, plan: Round, seed: int) -> Windows:
    """A round's takes by the voices of a split, made once and kept in `folder`."""
    path = folder / f"{split}-{seed}-{plan.takes}.npz"
    if not path.exists():
        _clips.cache_clear()
        with Pool() as pool:
            tasks = [(folder, split, plan, seed, n) for n in range(plan.takes // TAKES)]
            found = pool.map(_some_takes, tasks, chunksize=1)
        parts = [np.concatenate(part) for part in zip(*found, strict=True)]
        np.savez(path, frames=parts[0], labels=parts[1], words=parts[2])
    with np.load(path) as file:
        return Windows(file["frames"], file["labels"], file["words"])


@cache
def _clips(folder: Path, split: str, few_neighbours: bool) -> tuple[Draw, Draw]:
    clips, mix = corpus(folder, split), COMMAND_WORDS if few_neighbours else NATURAL
    return drawing_keywords(clips, mix), drawing_others(clips, mix)


def _some_takes(task: tuple[Path, str, Round, int, int]) -> tuple[npt.NDArray[np.int8], ...]:
    """`TAKES` takes as features (frames, 40), labels (frames,) and words (frames,)."""
    folder, split, plan, *seed = task
    keyword, other = _clips(folder, split, plan.mix == COMMAND_WORDS)
    rng = np.random.default_rng(seed)
    frames, labels, words = [], [], []
    for _ in range(TAKES):
        found = take(rng, keyword, other, plan.words, plan.continuous)
        frames.append(features(found.samples))
        fair = window_labels(found.said, len(frames[-1]))
        behind = (0, len(frames[-1]) - len(fair))
        labels.append(np.pad(fair, behind, constant_values=-1))
        words.append(np.pad(window_words(found.said, len(frames[-1])), behind, constant_values=-1))
    return np.concatenate(frames), np.concatenate(labels), np.concatenate(words)


def examples(given: Windows, starts: npt.NDArray[np.int64]) -> Floats:
    """Windows as the model reads them: float32 (n, 49, 1, 40), 0 to 25.9."""
    taken = given.frames[starts[:, np.newaxis] + np.arange(WINDOW)]
    values = (taken.astype(np.float32) + 128) * np.float32(INPUT_SCALE)
    return np.asarray(values[:, :, np.newaxis], np.float32)


def spoil(rng: np.random.Generator, x: Floats) -> Floats:
    """SpecAugment and more: level and grain, bands moved up or down, spans of time and of frequency blanked."""
    n = len(x)
    heard = x > 0
    x = x + heard * (rng.normal(0, 0.4, (n, 1, 1, 1)) + 0.2 * rng.standard_normal(x.shape, np.float32)).astype(
        np.float32
    )
    moved = rng.choice([-2, -1, 0, 0, 0, 1, 2], n)
    for shift in (-2, -1, 1, 2):
        x[moved == shift] = np.roll(x[moved == shift], shift, axis=3)
    for axis, size, longest in ((1, WINDOW, 7), (3, CHANNELS, 5)):
        width = rng.integers(0, longest + 1, n) * (rng.random(n) < 0.6)
        first = rng.integers(0, size, n)
        place = np.arange(size)
        blank = (place >= first[:, np.newaxis]) & (place < (first + width)[:, np.newaxis])
        x[np.broadcast_to(np.expand_dims(blank, (2, 3) if axis == 1 else (1, 2)), x.shape)] = 0
    return np.asarray(np.clip(x, 0, 255 * INPUT_SCALE), np.float32)


def network(batch: int | None) -> Any:
    """Six depthwise-separable convolutions over time, the 40 bands being the first one's channels: 43 k parameters."""
    from tensorflow.keras import Input, Model, layers

    def normed(x: Any, layer: Any) -> Any:
        return layers.ReLU()(layers.BatchNormalization(momentum=0.97)(layer(x)))

    x = seen = Input(batch_shape=(batch, WINDOW, 1, CHANNELS))
    x = normed(x, layers.Conv2D(48, (5, 1), strides=(2, 1), padding="same", use_bias=False))
    for channels, stride in ((64, 1), (64, 1), (64, 1), (96, 2), (96, 1)):
        x = normed(x, layers.DepthwiseConv2D((9, 1), strides=(stride, stride), padding="same", use_bias=False))
        x = normed(x, layers.Conv2D(channels, 1, use_bias=False))
    x = layers.Dropout(0.2)(layers.AveragePooling2D((13, 1))(x))
    return Model(seen, layers.Softmax()(layers.Dense(len(LABELS))(layers.Flatten()(x))))


def fit(model: Any, given: Windows, plan: Round) -> None:
    """Trains `model`, in place, at a learning rate that falls to nearly nothing."""
    import tensorflow as tf

    of_label = [np.flatnonzero(given.labels == label) for label in range(len(LABELS))]
    of_word = [np.flatnonzero((given.words == word) & (given.labels == UNKNOWN)) for word in range(len(WORDS))]
    of_word = [starts for starts in of_word if len(starts)]
    other = 1 - plan.keywords
    shares = [plan.keywords / len(KEYWORDS)] * len(KEYWORDS) + [(1 - plan.silence) * other, plan.silence * other]
    targets = np.eye(len(LABELS), dtype=np.float32) * (1 - SMOOTHING) + SMOOTHING / len(LABELS)

    class Batches(tf.keras.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return plan.steps

        def __getitem__(self, index: int) -> tuple[Floats, Floats]:
            rng = np.random.default_rng((SEED, index))
            labels = rng.choice(len(LABELS), plan.batch, p=shares)
            whole = (labels == UNKNOWN) & (rng.random(plan.batch) < plan.whole)
            pools = [
                of_word[rng.integers(len(of_word))] if one else of_label[label]
                for label, one in zip(labels, whole, strict=True)
            ]
            starts = np.array([pool[rng.integers(len(pool))] for pool in pools])
            return spoil(rng, examples(given, starts)), targets[labels]

    falling = tf.keras.optimizers.schedules.CosineDecay(plan.rate, plan.steps, alpha=0.005)
    model.compile(tf.keras.optimizers.AdamW(falling, weight_decay=1e-4), "categorical_crossentropy")
    log = tf.keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda n, logs: n % 250 or print(n, f"{logs['loss']:.4f}", flush=True)
    )
    model.fit(Batches(workers=2), epochs=1, verbose=0, shuffle=False, callbacks=[log])


def to_int8(model: Any, seen: Floats) -> bytes:
    """The .tflite, int8 in and out; an example of the highest feature gives the input the scale of the features."""
    import tensorflow as tf

    def representative() -> Any:
        highest = np.zeros((1, WINDOW, 1, CHANNELS), np.float32)
        highest[0, 0, 0, 0] = 255 * INPUT_SCALE
        yield [highest]
        yield from ([x[np.newaxis]] for x in seen)

    single = network(1)  # a fixed batch of one keeps shape arithmetic out of the file
    single.set_weights(model.get_weights())
    converter = tf.lite.TFLiteConverter.from_keras_model(single)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def main() -> None:
    import tensorflow as tf

    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "build"
    tf.keras.utils.set_random_seed(SEED)
    model = network(None)
    weights = []
    for number, plan in enumerate((*ROUNDS, LAST)):
        if plan is LAST:
            model.set_weights([np.mean(pair, axis=0) for pair in zip(*weights[-2:], strict=True)])
        given = windows(folder, "train", plan, SEED + number)
        fit(model, given, plan)
        weights.append(model.get_weights())
    fair = np.flatnonzero(given.labels >= 0)
    (HERE / "model.tflite").write_bytes(to_int8(model, examples(given, np.random.default_rng(SEED).choice(fair, 500))))

    held_out = windows(folder, "choosing", Round(1_500, 0, 0, 0), SEED)
    for label in range(len(LABELS)):
        starts = np.flatnonzero(held_out.labels == label)[::20]
        right = model.predict(examples(held_out, starts), verbose=0).argmax(axis=1) == label
        print(f"{LABELS[label]:8} {right.mean():.1%} of {len(starts)} windows by held-out voices")


if __name__ == "__main__":
    main()
