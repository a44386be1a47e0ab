"""Judges the application, by default in the virtual board's image: python evaluate.py [--board host] [RECORDINGS]

On the scene: what is heard of its label track. With a folder of Speech Commands (a folder a word) also: each clip
between half a second of noise on both sides. An event of the clip's own word is a hit; any event in another word's clip
is a false accept.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from words import KEYWORDS

import motes as mt
from motes.built import Build
from motes.running import run

HERE = Path(__file__).parent
RATE = 16_000
SEED = 1
NOISE_RMS = 10 ** (-60 / 20)
"""Of the white noise round a clip, full scale 1: a quiet room."""


def judge_scene(build: Build) -> None:
    report = build.run(HERE / "scene.wav", HERE / "scene.txt").report
    of = report["heard"] + report["missed"]
    print(f"scene: {wilson(report['heard'], of)} heard, {report['false_alarms']} false alarms")


def judge_recordings(build: Build, folder: Path) -> None:
    """Prints hits by word, false accepts by word, and both in all."""
    heard = {}
    with tempfile.TemporaryDirectory() as scratch:
        for clip in sorted(folder.glob("*/*.wav")):
            between = Path(scratch) / "clip.wav"
            _between_noise(clip, between)
            heard[clip] = [event.label for event in run(build.made, between).events]  # without a page for each
    words = sorted({clip.parent.name for clip in heard})
    hits = {word: [word in labels for clip, labels in heard.items() if clip.parent.name == word] for word in KEYWORDS}
    false = {
        word: [labels != [] for clip, labels in heard.items() if clip.parent.name == word]
        for word in words
        if word not in KEYWORDS
    }
    for word, found in hits.items():
        print(f"  {word}: {sum(found)} of {len(found)}")
    print("  mistaken:", ", ".join(f"{word} {sum(found)}" for word, found in false.items() if any(found)) or "none")
    print(f"hits: {wilson(sum(map(sum, hits.values())), sum(map(len, hits.values())))}")
    print(f"false accepts: {wilson(sum(map(sum, false.values())), sum(map(len, false.values())))}")


def _between_noise(clip: Path, out: Path) -> None:
    """The clip with half a second of noise before and behind it; the noise is the same for a clip in every run."""
    samples, rate = soundfile.read(clip, dtype="float32")
    if rate != RATE:
        raise mt.BadInput(f"{clip}: {rate} Hz; give recordings at {RATE} Hz")
    rng = np.random.default_rng([SEED, *clip.name.encode()])
    before, behind = rng.normal(0, NOISE_RMS, (2, RATE // 2)).astype(np.float32)
    soundfile.write(out, np.concatenate([before, samples, behind]), RATE, subtype="PCM_16")


def wilson(right: int, of: int) -> str:
    """ "28 of 30 (93.3%, 95% interval 78.7% to 98.2%)": Wilson's interval for a share."""
    z, p = 1.96, right / of
    middle, half = p + z * z / (2 * of), z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    low, high = ((middle - half) / (1 + z * z / of), (middle + half) / (1 + z * z / of))
    return f"{right} of {of} ({p:.1%}, 95% interval {low:.1%} to {high:.1%})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--board", default="virt-m4")
    parser.add_argument("recordings", type=Path, nargs="?")
    given = parser.parse_args()
    build = mt.load_app(HERE).build(given.board)
    judge_scene(build)
    if given.recordings is not None:
        judge_recordings(build, given.recordings)


if __name__ == "__main__":
    main()
