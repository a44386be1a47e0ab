"""Crop and resize against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from motes.blocks import Camera, Crop, Microphone, Resize
from motes.errors import BadInput
from motes.ir import Array
from streams import lcg_int16, run


def frames(width: int, height: int, count: int = 3) -> Array:
    noise = lcg_int16(count * height * width).astype(np.uint8)
    noise[: width * height] = 255  # one white frame: nothing may overflow
    return noise.reshape(count, height, width)


def boxes(x: Array, width: int, height: int) -> Array:
    """(sum + n / 2) / n of every box of n pixels."""
    count, in_height, in_width = x.shape
    split = x.reshape(count, height, in_height // height, width, in_width // width).astype(np.int64)
    n = in_height // height * (in_width // width)
    return ((split.sum(axis=(2, 4)) + n // 2) // n).astype(np.uint8)


def bilinear(x: Array, width: int, height: int) -> Array:
    """Each pixel from real coordinates, one by one."""
    count, in_height, in_width = x.shape
    made = np.zeros((count, height, width), np.uint8)

    def place(i: int, want: int, have: int) -> tuple[int, int, int]:
        at = min(max((2 * i + 1) * have / (2 * want) - 0.5, 0), have - 1)
        whole = int(at + 1e-9)
        return whole, int((at - whole) * 256 + 1e-6), min(whole + 1, have - 1)

    for i in range(height):
        top, down, bottom = place(i, height, in_height)
        for j in range(width):
            left, across, right = place(j, width, in_width)
            corners = x[:, [top, top, bottom, bottom], [left, right, left, right]].astype(np.int64)
            weights = np.array([256 - down, 256 - down, down, down]) * [256 - across, across, 256 - across, across]
            made[:, i, j] = (corners @ weights + (1 << 15)) >> 16
    return made


@pytest.mark.parametrize(
    ("have", "want"),
    [
        ((96, 96), (48, 48)),
        ((8, 10), (4, 5)),
        ((6, 4), (3, 2)),
        ((96, 64), (32, 32)),
        ((160, 120), (10, 60)),
        ((5, 7), (1, 1)),
        ((9, 3), (9, 3)),
    ],
)
def test_whole_factors_are_means_of_boxes(have: tuple[int, int], want: tuple[int, int]) -> None:
    x = frames(*have)
    assert np.array_equal(run(Resize(*want)(Camera(*have, 5)), x), boxes(x, *want))


@pytest.mark.parametrize(
    ("have", "want"),
    [((50, 40), (48, 48)), ((17, 13), (29, 31)), ((3, 1), (7, 5)), ((64, 48), (24, 24)), ((7, 9), (7, 8))],
)
def test_other_factors_are_bilinear(have: tuple[int, int], want: tuple[int, int]) -> None:
    x = frames(*have)
    assert np.array_equal(run(Resize(*want)(Camera(*have, 5)), x), bilinear(x, *want))


@pytest.mark.parametrize(
    ("left", "top", "width", "height"), [(0, 0, 20, 10), (3, 2, 17, 8), (19, 9, 1, 1), (5, 0, 4, 7)]
)
def test_crop(left: int, top: int, width: int, height: int) -> None:
    x = frames(20, 10)
    made = run(Crop(left, top, width, height)(Camera(20, 10, 5)), x)
    assert np.array_equal(made, x[:, top : top + height, left : left + width])


def test_crop_and_resize_in_one_place() -> None:
    x = frames(40, 30)
    made = run(Resize(8, 8)(Crop(7, 3, 24, 24)(Camera(40, 30, 5))), x)
    assert np.array_equal(made, boxes(x[:, 3:27, 7:31], 8, 8))


def test_grey_keeps_its_meaning() -> None:
    camera = Camera(40, 30, 5)
    for stream in (Resize(20, 15)(camera), Crop(0, 0, 8, 8)(camera)):
        assert (stream.tensor.scale, stream.tensor.zero_point) == (1 / 255, 0)
        assert stream.period == camera.period


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (
            Crop(30, 0, 20, 20),
            "Crop: 20x20 at (30, 0) is not inside the frame of 40x30 pixels; move it or make it smaller",
        ),
        (Crop(0, 11, 20, 20), "Crop: 20x20 at (0, 11) is not inside the frame of 40x30 pixels"),
        (Crop(-1, 0, 20, 20), "Crop: left is -1; give whole pixels, 0 to 4096"),
        (Crop(0, 0, 0, 20), "Crop: width is 0; give whole pixels, 1 to 4096"),
        (Resize(0, 10), "Resize: width is 0; give whole pixels, 1 to 4096"),
        (Resize(10, 2.5), "Resize: height is 2.5; give whole pixels, 1 to 4096"),  # type: ignore[arg-type]
        (Resize(5000, 10), "Resize: width is 5000; give whole pixels, 1 to 4096"),
    ],
)
def test_sizes_that_are_impossible(block: Crop | Resize, words: str) -> None:
    with pytest.raises(BadInput) as raised:
        block(Camera(40, 30, 5))
    assert words in str(raised.value)


@pytest.mark.parametrize("block", [Crop(0, 0, 1, 1), Resize(1, 1)])
def test_only_frames_are_taken(block: Crop | Resize) -> None:
    with pytest.raises(BadInput) as raised:
        block(Microphone())
    assert "microphone int16[] is not a grey frame, uint8[height, width]; give it a Camera" in str(raised.value)
