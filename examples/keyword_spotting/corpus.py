"""The corpus: every word by many voices, made once and kept in a folder as one .npz a split and engine."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from speech import Voice, say, voices
from words import COMMANDS, COMMON, KEYWORDS, NEIGHBOURS

GROUPS = (KEYWORDS, NEIGHBOURS, COMMANDS, COMMON)

# How often an engine says each word of each group. eSpeak has hundreds of voices and costs a millisecond a word; Kokoro
# has a few and costs half a second.
TIMES = {
    "train": {
        "espeak": (1100, 12, 40, 4),
        "kokoro": (120, 2, 8, 1),
        "hibari": (100, 3, 10, 1),
        "piper": (150, 4, 16, 2),
        "flite": (120, 4, 12, 1),
    },
    "choosing": {"espeak": (104, 4, 15, 1), "kokoro": (30, 1, 4, 0), "flite": (30, 1, 4, 1)},
}

# How often an engine is drawn: natural voices more often than their number of clips would have it.
SHARE = {"espeak": 0.32, "kokoro": 0.18, "hibari": 0.15, "piper": 0.2, "flite": 0.15}
GROUP_SHARE = {NEIGHBOURS: 0.35, COMMANDS: 0.4, COMMON: 0.25}


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


def drawing_keywords(clips: Sequence[Clip]) -> Draw:
    """Draws clips of keywords, engines by their share."""
    return _drawing([_groups(clips, KEYWORDS)], [1.0])


def drawing_others(clips: Sequence[Clip]) -> Draw:
    """Draws clips of other words: groups of words by their share, engines by theirs."""
    return _drawing([_groups(clips, words) for words in GROUP_SHARE], list(GROUP_SHARE.values()))


def _groups(clips: Sequence[Clip], words: Collection[str]) -> dict[str, list[Clip]]:
    found: dict[str, list[Clip]] = {}
    for clip in clips:
        if clip.word in words:
            found.setdefault(clip.voice.engine, []).append(clip)
    return found


def _drawing(groups: Sequence[dict[str, list[Clip]]], shares: Sequence[float]) -> Draw:
    pools = [
        (share * SHARE[engine], pool)
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
    rng = np.random.default_rng(sum(f"{split}/{engine}".encode()))
    speakers = [v for v in voices(split) if v.engine == engine]
    clips = []
    for words, times in zip(GROUPS, TIMES[split][engine], strict=True):
        for word in words:
            first = int(rng.integers(len(speakers)))
            order = rng.permutation(len(speakers))
            for n in range(times):
                voice = speakers[order[(first + n) % len(speakers)]]
                samples = say(voice, word, rng)
                if 0.12 < len(samples) / 16_000 < 1.4:
                    clips.append(Clip(word, voice, (samples * 32_000).astype(np.int16)))
    return clips
