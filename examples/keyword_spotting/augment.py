"""What stands between a mouth and a microphone: rooms, tone, noise, level. Signals are float32 (samples,) at 16 kHz."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

Audio = npt.NDArray[np.float32]
RATE = 16_000


def resize_throat(samples: Audio, factor: float) -> Audio:
    """Plays `samples` faster by `factor`: pitch and formants rise, the word gets shorter; another speaker, nearly."""
    count = int(len(samples) / factor)
    return np.asarray(np.interp(np.arange(count) * factor, np.arange(len(samples)), samples), np.float32)


def stretch(samples: Audio, factor: float) -> Audio:
    """Makes `samples` longer by `factor` at the same pitch: overlap-add of 30 ms grains at the best match (WSOLA)."""
    grain, seek = 480, 80
    hop = grain // 2
    window = np.hanning(grain).astype(np.float32)
    source = np.pad(samples, (seek, grain + seek))
    count = max(1, int(len(samples) * factor) // hop)
    out = np.zeros(count * hop + grain, np.float32)
    follow = source[seek : seek + grain]
    for n in range(count):
        at = min(int(n * hop / factor), len(samples))
        near = source[at : at + grain + 2 * seek]
        best = at + int(np.argmax(np.correlate(near, follow, "valid")))
        out[n * hop : n * hop + grain] += window * source[best : best + grain]
        follow = source[best + hop : best + hop + grain]
        follow = np.pad(follow, (0, grain - len(follow)))
    return out[: int(len(samples) * factor)]


def room(rng: np.random.Generator) -> Audio:
    """An impulse response: the direct sound, a few early reflections, a tail that decays by 60 dB in 0.1 to 0.7 s."""
    decay = rng.uniform(0.1, 0.7)
    time = np.arange(int(decay * 0.7 * RATE)) / RATE
    tail = rng.normal(size=len(time)) * 10 ** (-3 * time / decay)
    tail[: int(rng.uniform(0.001, 0.01) * RATE)] = 0
    tail *= 10 ** (-rng.uniform(3, 22) / 20) / np.sqrt(np.sum(tail**2) + 1e-9)
    for delay in rng.integers(16, 320, rng.integers(0, 6)):
        tail[min(delay, len(tail) - 1)] += rng.uniform(-0.4, 0.4)
    tail[0] += 1
    return tail.astype(np.float32)


def tone(rng: np.random.Generator, size: int, depth: float = 7) -> Audio:
    """Gains for `rfft` of `size` samples: smooth over octaves, `depth` dB, and the corners of a cheap microphone."""
    frequency = np.maximum(rfftfreq(size, 1 / RATE), 20)
    knots = np.geomspace(60, 8000, 9)
    gain = np.interp(np.log(frequency), np.log(knots), rng.normal(0, depth / 2, len(knots)))
    gain += rng.uniform(-2.5, 2.5) * np.log2(frequency / 1000)
    low, high = rng.choice([30, 80, 150, 250]), rng.choice([8000, 8000, 6500, 5000, 3800])
    gain -= 10 * np.log10(1 + (low / frequency) ** 4) + 10 * np.log10(1 + (frequency / high) ** 8)
    return np.asarray(10 ** (gain / 20), np.float32)


def through(samples: Audio, response: Audio | None, rng: np.random.Generator, depth: float = 7) -> Audio:
    """`samples` in a room (or none), through a microphone whose tone is drawn from `rng`."""
    size = next_fast_len(len(samples) + (0 if response is None else len(response)), real=True)
    spectrum = rfft(samples, size) * tone(rng, size, depth)
    if response is not None:
        spectrum *= rfft(response, size)
    return np.asarray(irfft(spectrum, size)[: len(samples)], np.float32)


def coloured(rng: np.random.Generator, count: int, slope: float) -> Audio:
    """Noise whose power falls by `slope` dB an octave (0 white, 3 pink, 6 brown), rms 1."""
    size = next_fast_len(count, real=True)
    spectrum = rfft(rng.normal(size=size).astype(np.float32))
    spectrum *= (np.maximum(rfftfreq(size, 1 / RATE), 40) / 1000).astype(np.float32) ** (-slope / 6)
    return unit(irfft(spectrum, size)[:count].astype(np.float32))


def noise(rng: np.random.Generator, count: int, talk: Callable[[], Audio]) -> Audio:
    """`count` samples of background, rms 1: coloured, moving, hum, clatter, or babble of words from `talk`."""
    kind = rng.choice(["coloured", "moving", "hum", "babble", "clatter"], p=[0.4, 0.2, 0.1, 0.2, 0.1])
    floor = coloured(rng, count, rng.uniform(-1, 8))
    if kind == "moving":
        knots = rng.normal(0, 5, max(3, count // 4000))
        swing = np.interp(np.arange(count), np.linspace(0, count, len(knots)), knots)
        return unit(floor * (10 ** (swing / 20)).astype(np.float32))
    if kind == "hum":
        time = np.arange(count) / RATE
        base = rng.uniform(45, 260)
        hum = sum(rng.uniform(0, 1) / n * np.sin(2 * np.pi * (n * base * time + rng.uniform())) for n in range(1, 12))
        return unit(floor * rng.uniform(0.1, 1) + unit(np.asarray(hum, np.float32)))
    if kind == "babble":
        babble = np.zeros(count, np.float32)
        for _ in range(int(rng.integers(4, 9)) * count // RATE):
            voice = talk()
            add(babble, voice * np.float32(rng.uniform(0.2, 1)), int(rng.integers(-len(voice), count)))
        return unit(unit(babble) + floor * np.float32(rng.uniform(0.05, 0.5)))
    if kind == "clatter":
        for start in rng.integers(0, count, rng.integers(1, 1 + 4 * count // RATE)):
            length = int(rng.uniform(0.003, 0.08) * RATE)
            knock = coloured(rng, length, rng.uniform(-3, 6)) * np.exp(-np.arange(length) / (length / 4))
            add(floor, knock.astype(np.float32) * np.float32(rng.uniform(2, 25)), int(start))
    return unit(floor)


def add(target: Audio, samples: Audio, start: int) -> None:
    """Adds `samples` to `target` from `start` on, as far as they overlap; in place."""
    first, last = max(0, start), min(len(target), start + len(samples))
    if first < last:
        target[first:last] += samples[first - start : last - start]


def unit(samples: Audio) -> Audio:
    """`samples` scaled to rms 1."""
    return np.asarray(samples / (np.sqrt(np.mean(samples**2)) + 1e-9), np.float32)


def pcm(samples: Audio, peak_db: float | None = None) -> npt.NDArray[np.int16]:
    """int16, full scale being 1; or with the loudest sample at `peak_db` dB of full scale: above 0 it clips."""
    if peak_db is not None:
        samples = samples * np.float32(10 ** (peak_db / 20) / (np.abs(samples).max() + 1e-9))
    return np.clip(np.round(samples * 32767), -32768, 32767).astype(np.int16)
