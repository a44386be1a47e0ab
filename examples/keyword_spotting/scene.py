"""Makes scene.wav and scene.txt: a minute of words and noise, spoken by voices that training never heard.

python scene.py        (a minute; needs `pip install motes[train]` and flite)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from augment import RATE, Audio, add, noise, pcm, room, through, unit
from speech import Voice, say, voices
from words import COMMANDS, COMMON, KEYWORDS, NEIGHBOURS

HERE = Path(__file__).parent
SEED = 20
KEYWORD_TIMES, OTHERS = 5, (6, 14, 24)  # each keyword; neighbours, commands, common words
SNR_DB = (10.0, 20.0)
NATURAL = Voice("kokoro", "jf_gongitsune")


def script(rng: np.random.Generator) -> list[list[str]]:
    """Turns of one speaker each: a keyword somewhere among three others, or none."""
    groups = zip((NEIGHBOURS, COMMANDS, COMMON), OTHERS, strict=True)
    others = [str(w) for words, count in groups for w in rng.choice(words, count, replace=False)]
    keywords = [w for w in KEYWORDS for _ in range(KEYWORD_TIMES)]
    rng.shuffle(others)
    rng.shuffle(keywords)
    turns = [[str(k)] for k in keywords]
    for n, word in enumerate(others):
        turn = turns[n % len(turns)]
        turn.insert(int(rng.integers(len(turn) + 1)), word)
    return turns


def scene() -> tuple[Audio, list[tuple[float, float, str]]]:
    """The sound, full scale 1, and what is said in it: (start, end, word), in seconds."""
    rng = np.random.default_rng(SEED)
    espeak = [v for v in voices("scene") if v.engine == "espeak"]
    parts: list[Audio] = []
    labels: list[tuple[float, float, str]] = []

    def now() -> float:
        return sum(map(len, parts)) / RATE

    def talk() -> Audio:
        return say(espeak[int(rng.integers(len(espeak)))], str(rng.choice(COMMON)), rng)

    parts.append(noise(rng, 2 * RATE, talk) * np.float32(0.002))
    for n, turn in enumerate(script(rng)):
        voice = NATURAL if rng.random() < 0.4 else espeak[int(rng.integers(len(espeak)))]
        at = 0.25
        words: list[tuple[int, Audio]] = []
        for word in turn:
            samples = unit(say(voice, word, rng))
            words.append((int(at * RATE), samples))
            start, at = at, at + len(samples) / RATE
            labels.append((now() + start, now() + at, word))
            at += rng.uniform(0.2, 0.45) + (0.35 if word in KEYWORDS else 0)
        spoken = np.zeros(int(at * RATE), np.float32)
        for start, samples in words:
            add(spoken, samples, start)
        spoken = through(spoken, room(rng), rng, depth=3)
        said = np.concatenate([spoken[start : start + len(samples)] for start, samples in words])
        spoken = spoken / np.std(said) + noise(rng, len(spoken), talk) * np.float32(10 ** (-rng.uniform(*SNR_DB) / 20))
        parts.append(spoken * np.float32(0.05 * 10 ** (rng.uniform(-3, 3) / 20)))
        if n % 5 == 4:  # nobody speaks: something is going on in the house
            parts.append(noise(rng, int(1.5 * RATE), talk) * np.float32(0.03))
            parts.append(noise(rng, int(0.8 * RATE), talk) * np.float32(0.001))
    return np.concatenate(parts), labels


def main() -> None:
    samples, labels = scene()
    soundfile.write(HERE / "scene.wav", pcm(samples, -3), RATE, subtype="PCM_16")
    track = "".join(f"{start:.3f}\t{end:.3f}\t{word}\n" for start, end, word in labels)
    (HERE / "scene.txt").write_text(track, encoding="utf-8")
    heard = sum(word in KEYWORDS for _, _, word in labels)
    print(f"{len(samples) / RATE:.1f} s, {heard} keywords, {len(labels) - heard} other words")


if __name__ == "__main__":
    main()
