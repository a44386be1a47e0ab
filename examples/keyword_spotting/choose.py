"""Chooses threshold and averaging by voices that training never heard: python choose.py [FOLDER]

Every recording is one word between noise, or a few seconds of other words. Prints, for each time between inferences and
number of scores averaged, at each threshold: the share of keywords heard (natural voices, eSpeak), the share of other
words mistaken (command words, neighbours of the keywords), and false alarms a minute of other words one after another.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from corpus import Clip, corpus, drawing_others
from features import STRIDE_MS, WINDOW, features
from takes import recording, take
from words import COMMANDS, KEYWORDS, NEIGHBOURS, TOO_NEAR

from motes.build import host
from motes.tflite import load

HERE = Path(__file__).parent
SEED = 5
THRESHOLDS = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
STEP = 5
SETTINGS = ((2, 1), (2, 2), (2, 3), (1, 3), (1, 4), (1, 5))  # steps between inferences, scores averaged
STRETCHES = 300
COUNTS = {"keyword": 150, "command": 500, "neighbour": 250}  # recordings of each kind and engine, keywords each

Scores = npt.NDArray[np.float64]


def kind_of(word: str) -> str:
    """keyword, command, neighbour or common."""
    groups = {"keyword": KEYWORDS, "command": COMMANDS, "neighbour": NEIGHBOURS}
    return next((kind for kind, words in groups.items() if word in words), "common")


def recordings(folder: Path) -> list[tuple[Clip, npt.NDArray[np.int8]]]:
    """Clips by held-out voices and the features (frames, 40) of their recordings."""
    rng = np.random.default_rng(SEED)
    clips = corpus(folder, "choosing")
    other = drawing_others(clips)
    pools: dict[tuple[str, str, str], list[Clip]] = {}
    for clip in clips:
        if clip.word in TOO_NEAR:
            continue
        kind = kind_of(clip.word)
        pools.setdefault((kind, clip.voice.engine, clip.word if kind == "keyword" else ""), []).append(clip)
    drawn = [
        pool[int(rng.integers(len(pool)))]
        for (kind, _, _), pool in sorted(pools.items())
        for _ in range(COUNTS.get(kind, 0))
    ]
    return [(clip, features(recording(rng, clip, other).samples)) for clip in drawn]


def stretches(folder: Path) -> list[npt.NDArray[np.int8]]:
    """Features of some seconds each of words that are no keywords, by held-out voices."""
    rng = np.random.default_rng(SEED)
    other = drawing_others(corpus(folder, "choosing"))
    return [features(take(rng, other, other, continuous=1).samples) for _ in range(STRETCHES)]


def scores(compiled: host.HostGraph, frames: npt.NDArray[np.int8]) -> Scores:
    """The keywords' scores of the windows that begin at each `STEP`th frame: (windows, 3)."""
    windows = np.lib.stride_tricks.sliding_window_view(frames, WINDOW, axis=0).transpose(0, 2, 1)[::STEP]
    shape = (len(windows), *compiled.graph.inputs[0].shape)
    (found,) = compiled.run_many(np.ascontiguousarray(windows).reshape(shape))
    return (found.reshape(len(windows), -1)[:, : len(KEYWORDS)].astype(np.float64) + 128) / 256


def heard(found: Scores, stride: int, length: int, threshold: float) -> str | None:
    """The first event, as `Detect` makes it: the best average of `length` scores that reaches the threshold."""
    averages = np.lib.stride_tricks.sliding_window_view(found[::stride], length, axis=0).mean(axis=2)
    reached = np.flatnonzero(averages.max(axis=1) >= threshold)
    return KEYWORDS[int(averages[reached[0]].argmax())] if len(reached) else None


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "build"
    (compiled,) = host.load([load(HERE / "model.tflite", None)])
    found = [(clip, scores(compiled, frames)) for clip, frames in recordings(folder)]
    talk = stretches(folder)
    minutes = sum(map(len, talk)) * STRIDE_MS / 60_000
    talked = [scores(compiled, frames) for frames in talk]
    for stride, length in SETTINGS:
        every = stride * STEP * STRIDE_MS
        print(f"every {every} ms, average of {length}: natural, eSpeak heard; commands, neighbours mistaken; alarms")
        for threshold in THRESHOLDS:
            right: dict[str, list[bool]] = {}
            for clip, values in found:
                event = heard(values, stride, length, threshold)
                kind = kind_of(clip.word)
                if kind == "keyword":
                    right.setdefault("espeak" if clip.voice.engine == "espeak" else "natural", []).append(
                        event == clip.word
                    )
                else:
                    right.setdefault(kind, []).append(event is not None)
            shares = " ".join(f"{np.mean(right[k]):7.1%}" for k in ("natural", "espeak", "command", "neighbour"))
            alarms = sum(heard(values, stride, length, threshold) is not None for values in talked)
            print(f"  {threshold:.2f} {shares} {alarms / minutes:6.2f}")


if __name__ == "__main__":
    main()
