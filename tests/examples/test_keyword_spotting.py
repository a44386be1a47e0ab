"""The keyword spotting example's committed files: what a run without TensorFlow depends on."""

from __future__ import annotations

import runpy
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

import motes as mt
from motes.ir import DType
from motes.recording import Label, read_labels
from motes.tflite import load

EXAMPLE = Path(__file__).parents[2] / "examples" / "keyword_spotting"
WORDS = runpy.run_path(str(EXAMPLE / "words.py"))
RATE_HZ = 16_000


@pytest.fixture(scope="module")
def track() -> tuple[Label, ...]:
    return read_labels(EXAMPLE / "scene.txt")


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    samples, rate = soundfile.read(EXAMPLE / "scene.wav", dtype="int16")
    assert rate == RATE_HZ
    return samples


def test_scene_is_a_minute_of_mono_sound(samples: np.ndarray) -> None:
    info = soundfile.info(EXAMPLE / "scene.wav")
    assert (info.format, info.subtype, info.channels) == ("WAV", "PCM_16", 1)
    assert 60 <= len(samples) / RATE_HZ <= 90
    assert 8_000 < np.abs(samples.astype(int)).max() < 32_767  # loud enough, never clipped


def test_labels_follow_each_other_within_the_scene(track: tuple[Label, ...], samples: np.ndarray) -> None:
    assert track[0].start > 0 and track[-1].end < len(samples) / RATE_HZ
    assert all(label.start < label.end for label in track)
    assert all(before.end <= after.start for before, after in pairwise(track))


def test_scene_has_keywords_and_other_words(track: tuple[Label, ...]) -> None:
    said = [label.text for label in track]
    keywords = [word for word in said if word in WORDS["KEYWORDS"]]
    assert len(keywords) >= 12 and len(said) - len(keywords) >= 40
    assert min(keywords.count(word) for word in WORDS["KEYWORDS"]) >= 4
    assert set(said) <= {*WORDS["KEYWORDS"], *WORDS["UNKNOWN"]}


def test_words_are_louder_than_what_is_between_them(track: tuple[Label, ...], samples: np.ndarray) -> None:
    def rms(start: float, end: float) -> float:
        return float(np.sqrt(np.mean(samples[int(start * RATE_HZ) : int(end * RATE_HZ)].astype(float) ** 2)))

    words = [rms(label.start, label.end) for label in track]
    gaps = [rms(a.end + 0.05, b.start) for a, b in pairwise(track) if 0.1 < b.start - a.end < 0.5]
    assert np.median(words) > 2 * np.median(gaps)


def test_no_word_is_keyword_and_neighbour() -> None:
    assert not set(WORDS["KEYWORDS"]) & set(WORDS["UNKNOWN"])
    assert WORDS["LABELS"] == (*WORDS["KEYWORDS"], "unknown", "silence")


def test_model_takes_features_as_they_come() -> None:
    graph = load(EXAMPLE / "model.tflite")
    (x,), (y,) = graph.inputs, graph.outputs
    assert (x.dtype, x.elements, x.zero_point) == (DType.INT8, 49 * 40, -128)
    assert x.scale == pytest.approx(666 / 256 / 25.6, rel=1e-4)
    assert (y.dtype, y.elements, y.scale, y.zero_point) == (DType.INT8, len(WORDS["LABELS"]), 1 / 256, -128)


def test_application_reads_the_model_without_requantizing() -> None:
    stages = mt.load_app(EXAMPLE).application.stages
    ops = [type(node.op).__name__ for stage in stages for node in stage.graph.nodes]
    assert "Quantize" not in ops and "Dequantize" not in ops


def test_application_is_short() -> None:
    assert len((EXAMPLE / "app.py").read_text().splitlines()) <= 30
