"""The corpus: every word by many voices, made once and kept in a folder as one .npz a split and engine."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import numpy.typing as npt
from speech import Voice, say, voices
from words import COMMANDS, COMMON, KEYWORDS, NEIGHBOURS, TOO_NEAR

GROUPS = (KEYWORDS, NEIGHBOURS, COMMANDS, COMMON)

# How often an engine says each word of each group. eSpeak has hundreds of voices and costs a millisecond a word; Kokoro
# has a few and costs half a second.
TIMES = {
    "train": {
        "espeak": (1100, 12, 40, 4),
        "kokoro": (600, 8, 24, 1),
        "hibari": (160, 3, 10, 1),
        "piper": (240, 4, 16, 1),
        "flite": (120, 4, 12, 1),
    },
    "choosing": {"espeak": (104, 4, 15, 1), "kokoro": (120, 2, 10, 0), "flite": (30, 1, 4, 1)},
}


@dataclass(frozen=True)
class Mix:
    """How often an engine is drawn: natural voices more often than their number of clips would have it. And how often,
    of what is no keyword, neighbours, command words and common words are."""

    engines: Mapping[str, float]
    groups: tuple[float, float, float]


NATURAL = Mix({"espeak": 0.22, "kokoro": 0.48, "hibari": 0.08, "piper": 0.12, "flite": 0.1}, (0.25, 0.45, 0.3))
COMMAND_WORDS = Mix({"espeak": 0.42, "kokoro": 0.34, "hibari": 0.06, "piper": 0.1, "flite": 0.08}, (0.1, 0.6, 0.3))
"""eSpeak more often, few neighbours: many of them seem to make a person's *seven* one of them."""


@dataclass(frozen=True)
class Clip:
    """One utterance: int16 (samples,) at 16 kHz, peak 32,000, no silence round it."""

    word: str
    voice: Voice
    samples: npt.NDArray[np.int16]


Draw = Callable[[np.random.Generator], Clip]


def corpus(folder: Path, split: str) -> tuple[Clip, ...]:
    """All clips of a split; an engine's part is synthesized if `folder` does not have it (minutes), else read."""
    return tuple(clip for engine in TIMES[split] for clip in _part(folder, split, engine))


def drawing_keywords(clips: Sequence[Clip], mix: Mix = NATURAL) -> Draw:
    """Draws clips of keywords, engines by their share."""
    return _drawing([_groups(clips, KEYWORDS)], [1.0], mix)


def drawing_others(clips: Sequence[Clip], mix: Mix = NATURAL) -> Draw:
    """Draws clips of other words: groups of words by their share, engines by theirs."""
    return _drawing([_groups(clips, words) for words in GROUPS[1:]], mix.groups, mix)


def _groups(clips: Sequence[Clip], words: Collection[str]) -> dict[str, list[Clip]]:
    found: dict[str, list[Clip]] = {}
    for clip in clips:
        if clip.word in words and clip.word not in TOO_NEAR:
            found.setdefault(clip.voice.engine, []).append(clip)
    return found


def _drawing(groups: Sequence[dict[str, list[Clip]]], shares: Sequence[float], mix: Mix) -> Draw:
    pools = [
        (share * mix.engines[engine], pool)
        for group, share in zip(groups, shares, strict=True)
        for engine, pool in group.items()
    ]
    edges = np.cumsum([weight for weight, _ in pools])

    def draw(rng: np.random.Generator) -> Clip:
        pool = pools[int(np.searchsorted(edges, rng.random() * edges[-1], "right"))][1]
        return pool[int(rng.integers(len(pool)))]

    return draw


def _part(folder: Path, split: str, engine: str) -> tuple[Clip, ...]:
    path = folder / f"{split}-{engine}.npz"
    if not path.exists():
        clips = _synthesize(split, engine)
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(
            path,
            words=[c.word for c in clips],
            voices=[c.voice.name for c in clips],
            lengths=[len(c.samples) for c in clips],
            samples=np.concatenate([c.samples for c in clips]),
        )
    with np.load(path) as file:
        ends = np.cumsum(file["lengths"])[:-1]
        parts = zip(file["words"], file["voices"], np.split(file["samples"], ends), strict=True)
        return tuple(Clip(str(word), Voice(engine, str(voice)), samples) for word, voice, samples in parts)


def _synthesize(split: str, engine: str) -> list[Clip]:
    tasks = [
        (split, engine, word, times)
        for words, times in zip(GROUPS, TIMES[split][engine], strict=True)
        for word in words
        if word not in TOO_NEAR
    ]
    with Pool() as pool:
        return [clip for clips in pool.map(_say_often, tasks, chunksize=1) for clip in clips]


def _say_often(task: tuple[str, str, str, int]) -> list[Clip]:
    """One word, so many times, by the speakers of a split and engine in turn."""
    split, engine, word, times = task
    rng = np.random.default_rng([*f"{split}/{engine}/{word}".encode()])
    speakers = [v for v in voices(split) if v.engine == engine]
    order = rng.permutation(len(speakers))
    clips = []
    for n in range(times):
        voice = speakers[order[n % len(speakers)]]
        samples = say(voice, word, rng)
        if 0.12 < len(samples) / 16_000 < 1.4:
            clips.append(Clip(word, voice, (samples * 32_000).astype(np.int16)))
    return clips
