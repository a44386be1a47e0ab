"""Takes: a few seconds of words in a room with noise, and the windows of features cut from them with their labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from augment import RATE, Audio, add, coloured, noise, pcm, resize_throat, room, stretch, through, unit
from corpus import Clip, Draw
from features import STRIDE_MS, WINDOW, WINDOW_MS
from words import KEYWORDS, LABELS, WORDS

STRIDE_S, WINDOW_S = STRIDE_MS / 1000, WINDOW_MS / 1000
UNKNOWN, SILENCE = LABELS.index("unknown"), LABELS.index("silence")


@dataclass(frozen=True)
class Said:
    """A word in a take: label index, the word itself, and its interval in seconds."""

    label: int
    word: str
    start: float
    end: float


@dataclass(frozen=True)
class Take:
    """samples int16 (n,) at 16 kHz, and what is said in them."""

    samples: npt.NDArray[np.int16]
    said: tuple[Said, ...]


def take(rng: np.random.Generator, keyword: Draw, other: Draw, keywords: float = 0.5, continuous: float = 0.55) -> Take:
    """Two to four words, the share `keywords` being such; `continuous` are speech that goes on, the rest cut up."""
    clips = [(keyword if rng.random() < keywords else other)(rng) for _ in range(int(rng.integers(2, 5)))]
    spoken = [_vary(rng, _float(clip)) for clip in clips]
    return (_continuous if rng.random() < continuous else _cut)(rng, clips, spoken, lambda: _float(other(rng)))


def recording(rng: np.random.Generator, clip: Clip, other: Draw) -> Take:
    """One clip as a recording of about a second, between half a second of other noise on both sides."""
    return _cut(rng, [clip], [_vary(rng, _float(clip))], lambda: _float(other(rng)))


def _float(clip: Clip) -> Audio:
    return clip.samples.astype(np.float32) / np.float32(32768)


def _vary(rng: np.random.Generator, samples: Audio) -> Audio:
    """Another throat, another pace, and an uneven loudness within the word."""
    samples = resize_throat(samples, float(np.exp(rng.normal(0, 0.14))))
    longest = min(1.4, 0.95 * RATE / len(samples))
    if rng.random() < 0.5:
        samples = stretch(samples, float(np.clip(np.exp(rng.normal(0, 0.17)), 0.7, max(0.8, longest))))
    swell = np.interp(np.arange(len(samples)), np.linspace(0, len(samples), 4), 10 ** (rng.normal(0, 2, 4) / 20))
    return unit(samples * swell.astype(np.float32))


def _label(clip: Clip) -> int:
    return KEYWORDS.index(clip.word) if clip.word in KEYWORDS else UNKNOWN


def _continuous(
    rng: np.random.Generator, clips: Sequence[Clip], spoken: Sequence[Audio], talk: Callable[[], Audio]
) -> Take:
    """One room, one background, the words one after another."""
    gaps = rng.choice([0.03, 0.15, 0.4, 0.8], len(spoken)) * rng.uniform(0.5, 1.5, len(spoken))
    at, said = rng.uniform(0.4, 1.1), []
    for clip, samples, gap in zip(clips, spoken, gaps, strict=True):
        said.append(Said(_label(clip), clip.word, at, at + len(samples) / RATE))
        at += len(samples) / RATE + gap
    voice = np.zeros(int((at + rng.uniform(0.4, 0.9)) * RATE), np.float32)
    for word, samples in zip(said, spoken, strict=True):
        add(voice, samples * np.float32(10 ** (rng.normal(0, 2.5) / 20)), int(word.start * RATE))
    voice = unit(through(voice, room(rng) if rng.random() < 0.6 else None, rng))
    background = noise(rng, len(voice), talk) * np.float32(10 ** (-rng.uniform(3, 35) / 20))
    return Take(pcm(voice + background, _level(rng)), tuple(said))


def _cut(rng: np.random.Generator, clips: Sequence[Clip], spoken: Sequence[Audio], talk: Callable[[], Audio]) -> Take:
    """Recordings of about a second, each with its own room, microphone, noise and level, set between other noise."""
    between, slope = 10 ** (-rng.uniform(35, 90) / 20), rng.uniform(0, 6)

    def pause(seconds: float) -> Audio:
        return coloured(rng, int(seconds * RATE), slope) * np.float32(between)

    parts: list[Audio] = []
    said = []
    for clip, samples in zip(clips, spoken, strict=True):
        parts.append(pause(rng.uniform(0.3, 0.7)))
        voice = np.zeros(max(RATE, len(samples)), np.float32)
        cut = len(samples) // 7  # recordings begin too late or end too early at times
        start = int(rng.integers(-cut, len(voice) - len(samples) + cut + 1))
        at = sum(map(len, parts)) + start
        said.append(Said(_label(clip), clip.word, at / RATE, (at + len(samples)) / RATE))
        add(voice, samples, start)
        voice = unit(through(voice, room(rng) if rng.random() < 0.6 else None, rng))
        voice += noise(rng, len(voice), talk) * np.float32(10 ** (-rng.uniform(5, 45) / 20))
        parts.append(voice * np.float32(10 ** (rng.uniform(-36, -1) / 20) / np.abs(voice).max()))
    return Take(pcm(np.concatenate([*parts, pause(0.6)]), None), tuple(said))


def _level(rng: np.random.Generator) -> float:
    """Loudest sample, dB of full scale: mostly -30 to -1, sometimes clipping."""
    return float(rng.uniform(0, 6)) if rng.random() < 0.07 else float(rng.uniform(-36, -0.5))


def window_labels(said: Sequence[Said], frames: int) -> npt.NDArray[np.int8]:
    """The label of each window of 49 frames, by its first frame: (frames - 48,), -1 where no label is fair.

    A window that holds a keyword (90% of it, or 82% of a long one) has its label, one that holds half a keyword none;
    other speech, whole or in part, is unknown.
    """
    start = np.arange(max(0, frames - WINDOW + 1)) * STRIDE_S
    end = start + (WINDOW - 1) * STRIDE_S + WINDOW_S
    labels = np.full(len(start), SILENCE, np.int8)
    for word in said:
        length = word.end - word.start
        held = np.maximum(0, np.minimum(end, word.end) - np.maximum(start, word.start)) / length
        if word.label == UNKNOWN:
            labels[(held > 0.2) & (labels == SILENCE)] = UNKNOWN
            labels[(held > 0.06) & (held <= 0.2) & (labels == SILENCE)] = -1
    for word in said:
        if word.label == UNKNOWN:
            continue
        length = word.end - word.start
        held = np.maximum(0, np.minimum(end, word.end) - np.maximum(start, word.start)) / length
        labels[(held > 0.05) & (labels >= UNKNOWN)] = -1
        labels[held > (0.82 if length > 0.7 else 0.9)] = word.label
    return labels


def window_words(said: Sequence[Said], frames: int) -> npt.NDArray[np.int8]:
    """Of each window of 49 frames, the index in `WORDS` of the one word that it holds (90% of it) and no other word's
    (15%); -1 if there is none: (frames - 48,)."""
    start = np.arange(max(0, frames - WINDOW + 1)) * STRIDE_S
    end = start + (WINDOW - 1) * STRIDE_S + WINDOW_S
    held = np.array(
        [np.clip(np.minimum(end, w.end) - np.maximum(start, w.start), 0, None) / (w.end - w.start) for w in said]
    )
    index = np.array([WORDS.index(w.word) if w.word in WORDS else -1 for w in said])
    fair = (np.sort(held, axis=0)[-1] > 0.9) & ((held > 0.15).sum(axis=0) == 1)
    return np.where(fair, index[held.argmax(axis=0)], -1).astype(np.int8)
