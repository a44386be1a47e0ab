"""Averages, thresholds, suppression, and the three together, against a plain simulation."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import pytest

from motes.blocks import Detect, Microphone, MovingAverage, Suppress, Threshold
from motes.errors import BadInput
from motes.ir import Array, DType, quant
from motes.stream import Stream
from streams import run, scores

LABELS = ["happy", "marvin", "seven", "unknown", "silence"]
SOFTMAX = quant(1 / 256, -128)


def softmax(count: int = 5, period: Fraction = Fraction(1, 5)) -> Stream:
    """Scores as an int8 model ends with."""
    return scores(count, DType.INT8, SOFTMAX, period)


def drawn(seed: int, runs: int = 120, count: int = 5) -> Array:
    """Score vectors that stay high or low for a while."""
    rng, rows, base = random.Random(seed), [], [0] * count
    for _ in range(runs):
        if rng.random() < 0.2:
            base = [rng.choice((-128, -128, 60, 100, 127)) for _ in range(count)]
        rows.append([min(max(b + rng.randint(-9, 9), -128), 127) for b in base])
    return np.array(rows, np.int8)


def simulated(rows: Array, threshold: Fraction, length: int, apart: int, reported: list[int]) -> list[tuple[int, int]]:
    """(label, sum of the last `length` scores above -128) of every vector, by the definition."""
    found, next_at = [], 0
    for i in range(len(rows)):
        if i + 1 < length:
            sums = [0] * rows.shape[1]
        else:
            sums = (rows[i + 1 - length : i + 1].astype(int) + 128).sum(axis=0).tolist()
        best = max(reported, key=lambda label: sums[label])  # the first of equals
        fires = Fraction(sums[best], 256 * length) >= threshold and i >= next_at
        if fires:
            next_at = i + apart
        found.append((best if fires else -1, sums[best]))
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("average_ms", "length"), [(None, 1), (600, 3), (1000, 5)])
@pytest.mark.parametrize(("suppress_ms", "apart"), [(None, 1), (100, 1), (1500, 8)])
def test_detect(seed: int, average_ms: int | None, length: int, suppress_ms: int | None, apart: int) -> None:
    rows = drawn(seed)
    stream = Detect(LABELS, 0.7, average_ms, suppress_ms)(softmax())
    made = run(stream, rows)
    expected = simulated(rows, Fraction(7, 10), length, apart, [0, 1, 2])
    assert [tuple(row) for row in made.tolist()] == expected
    assert any(label >= 0 for label, _ in expected)
    assert stream.tensor.scale == pytest.approx(1 / 256 / length)
    assert stream.labels == tuple(LABELS)
    assert stream.period == Fraction(1, 5)


def test_the_three_blocks_are_detect() -> None:
    rows = drawn(9)
    one = Detect(LABELS, 0.6, 800, 1200)(softmax())
    three = Suppress(1200)(Threshold(0.6, LABELS, ["unknown", "silence"])(MovingAverage(800)(softmax())))
    assert np.array_equal(run(one, rows), run(three, rows))


def test_nothing_fires_before_the_average_is_full() -> None:
    rows = np.full((8, 5), -128, np.int8)
    rows[:, 1] = 127
    assert run(Detect(LABELS, 0.9, 1000)(softmax()), rows)[:, 0].tolist() == [-1] * 4 + [1] * 4


def test_average_of_int8_is_an_exact_sum() -> None:
    rows = drawn(3, count=7)
    stream = MovingAverage(700)(softmax(7, Fraction(1, 10)))
    sums = np.array([(rows[max(i - 6, 0) : i + 1].astype(int) + 128).sum(axis=0) for i in range(len(rows))])
    sums[:6] = 0
    assert np.array_equal(run(stream, rows), sums)
    assert (stream.tensor.dtype, stream.tensor.scale) == (DType.INT32, 1 / 256 / 7)


def test_average_of_floats() -> None:
    rows = np.random.default_rng(1).random((30, 2)).astype(np.float32)
    made = run(MovingAverage(1000)(scores(2)), rows)
    assert made.dtype == np.float32
    assert (made[:4] == 0).all()
    means = np.array([rows[i - 4 : i + 1].astype(np.float64).mean(axis=0) for i in range(4, 30)])
    assert np.abs(made[4:] - means).max() < 3e-7


def test_average_of_one_vector_is_the_vector() -> None:
    stream = softmax()
    assert MovingAverage(200)(stream) is stream


def test_a_score_at_the_threshold_is_enough() -> None:
    rows = np.full((2, 5), -128, np.int8)
    rows[0, 2], rows[1, 2] = 64, 63  # 192 / 256 is 0.75
    made = run(Threshold(0.75, LABELS)(softmax()), rows)
    assert made.tolist() == [[2, 192], [-1, 191]]


def test_decimal_thresholds_are_met_exactly() -> None:
    rows = np.full((10, 5), 127, np.int8)
    rows[:, :] = 102  # 230 / 256 each; five of them make 1150, and 1150 / 1280 is 0.8984375
    assert run(Detect(LABELS, 0.8984375, 1000)(softmax()), rows)[-1].tolist() == [0, 1150]
    rows[:, :] = -51  # 77 each: 385 / 1280 is 0.30078125, just above 0.3
    assert run(Detect(LABELS, 0.3, 1000)(softmax()), rows)[-1].tolist() == [0, 385]
    tenth = scores(1, DType.INT8, quant(0.1, 0))  # 0.1 and 0.7 are no binary fractions
    assert run(Threshold(0.7, ["x"])(tenth), np.array([[6], [7]], np.int8)).tolist() == [[-1, 6], [0, 7]]


def test_background_is_never_reported() -> None:
    rows = np.full((1, 5), -128, np.int8)
    rows[0, 3], rows[0, 1] = 127, 90
    assert run(Threshold(0.5, LABELS, background=["unknown"])(softmax()), rows).tolist() == [[1, 218]]
    assert run(Threshold(0.5, LABELS)(softmax()), rows).tolist() == [[3, 255]]


@pytest.mark.parametrize("threshold", [0.7, 3e-7, 2.0, 1e9])
def test_float_scores_may_be_any_size(threshold: float) -> None:
    stream = Threshold(threshold, ["anomaly"])(scores())
    limit = np.float32(threshold)
    shares = [0.0, 0.5, 0.999, 1.001, 1.5, 1000.0, 1e6, -1.0]
    x = np.array([[limit * np.float32(share)] for share in shares] + [[math.nan], [math.inf]], np.float32)
    made = run(stream, x)
    assert made[:, 0].tolist() == [-1, -1, -1, 0, 0, 0, 0, -1, -1, 0]
    real = made[:6, 1] * stream.tensor.scale
    assert np.abs(real - x[:6, 0]).max() <= 1000 * threshold * 2e-6
    assert made[6:, 1].tolist() == [2**31 - 1, 0, 0, 2**31 - 1]


def test_suppression_counts_from_the_event() -> None:
    rows = np.full((12, 1), 127, np.int8)
    made = run(Suppress(800)(Threshold(0.5, ["x"])(softmax(1))), rows)
    assert made[:, 0].tolist() == [0, -1, -1, -1] * 3
    assert (made[:, 1] == 255).all()


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (LABELS[:4], "Threshold: 4 labels (happy, marvin, seven, unknown) for 5 scores of scores; give one for each"),
        ([*LABELS, "x"], "Threshold: 6 labels (happy, marvin, seven, unknown, silence, x) for 5 scores of scores"),
        ([*LABELS[:4], "happy"], "Threshold: 'happy' is given twice; labels must be all different"),
        ([*LABELS[:4], ""], "give a list of names, none of them empty"),
        ([*LABELS[:4], 3], "give a list of names, none of them empty"),
        ("abcde", "labels is 'abcde'; give a list of names, none of them empty"),
        (
            ["unknown", "silence", "nobody", "normal", "_unknown_"],
            "all labels (unknown, silence, nobody, normal, _unknown_)",
        ),
    ],
)
def test_labels_that_do_not_fit(labels: list[str], words: str) -> None:
    for average_ms in (None, 1000):
        with pytest.raises(BadInput) as raised:
            Detect(labels, 0.5, average_ms)(softmax())
        assert words in str(raised.value)


@pytest.mark.parametrize("threshold", [0, -0.1, 1.1, math.nan, math.inf])
def test_thresholds_of_a_classifier(threshold: float) -> None:
    for average_ms in (None, 1000):
        with pytest.raises(BadInput) as raised:
            Detect(LABELS, threshold, average_ms)(softmax())
        assert str(raised.value) == f"Threshold: the threshold is {threshold!r}; it must be above 0 and at most 1"


@pytest.mark.parametrize("threshold", [0, -3.0, math.nan, math.inf])
def test_thresholds_of_float_scores(threshold: float) -> None:
    with pytest.raises(BadInput) as raised:
        Threshold(threshold, ["anomaly"])(scores())
    assert str(raised.value) == f"Threshold: the threshold is {threshold!r}; it must be a positive number"


@pytest.mark.parametrize("threshold", ["0.5", None, True])
def test_thresholds_that_are_no_numbers(threshold: float) -> None:
    with pytest.raises(BadInput) as raised:
        Threshold(threshold, LABELS)(softmax())
    assert str(raised.value) == f"Threshold: the threshold is {threshold!r}; give a number"


@pytest.mark.parametrize("ms", [0, -1, math.nan, math.inf])
def test_durations(ms: float) -> None:
    problem = f"is {ms!r}; it must be a positive number of milliseconds, at most a day"
    for block, name in ((MovingAverage(ms), "MovingAverage"), (Detect(LABELS, 0.5, average_ms=ms), "MovingAverage")):
        with pytest.raises(BadInput) as raised:
            block(softmax())
        assert str(raised.value) == f"{name}: ms {problem}"
    with pytest.raises(BadInput) as raised:
        Detect(LABELS, 0.5, suppress_ms=ms)(softmax())
    assert str(raised.value) == f"Suppress: ms {problem}"


def test_what_is_no_score_or_decision() -> None:
    with pytest.raises(BadInput, match="it averages int8 scores with a scale, or float32 ones; microphone int16"):
        MovingAverage(1000)(Microphone())
    with pytest.raises(BadInput, match="are no scores; give it the output of a quantized model"):
        Threshold(0.5, ["x"])(Microphone())
    with pytest.raises(BadInput, match="is no decision; give it the stream that Threshold makes"):
        Suppress(1000)(softmax())
