"""The video behind this example: what its fixed camera sees, and where its people are.

The labels come from background subtraction, not from a person: a pixel is foreground where the frame, blurred, differs
from the median frame by more than 25 grey levels; foreground is cleaned by an opening (3x3) and a closing (9 wide, 15
high), and pieces under 250 pixels are dropped. A view holds a person where at least 500 of its pixels are foreground,
about a fifth of a walker; where that is judged, one truth is the majority of five frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]

RATE_HZ = 10.0  # of vtest.avi, as its header says
CAMERA = 96  # pixels a side of the virtual camera's frame
TRAIN_SHARE = 0.7  # the first part of the video; the rest is for judging
GROUND = (120, 460)  # rows of the video where people walk
PERSON_PIXELS = 500  # foreground pixels of a 144x144 view that make it "person"


@dataclass(frozen=True)
class View:
    """A square field of the video: left, top and side in pixels of the 768x576 frame."""

    left: int
    top: int
    side: int

    def cut(self, frame: NDArray[np.generic]) -> NDArray[np.generic]:
        """The field of `frame` (..., 576, 768) -> (..., side, side)."""
        return frame[..., self.top : self.top + self.side, self.left : self.left + self.side]


FIXED = View(
    left=448, top=248, side=144
)  # the camera of this example: a piece of the path, people pass half of the time


def read(path: Path) -> Grey:
    """All frames of the video in grey, (frames, 576, 768)."""
    import cv2

    capture, frames = cv2.VideoCapture(str(path)), []
    while True:
        more, frame = capture.read()
        if not more:
            break
        frames.append(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))
    if not frames:
        raise SystemExit(f"{path}: no frames; give the vtest.avi of OpenCV's samples (Debian: apt install opencv-doc)")
    return np.stack(frames)


def foreground(frames: Grey) -> Mask:
    """Where something stands or moves that the median frame does not show, (frames, height, width)."""
    import cv2

    def smooth(image: Grey) -> Grey:
        return cv2.GaussianBlur(image, (5, 5), 0)

    background = smooth(np.median(frames[::5], axis=0).astype(np.uint8))
    masks = np.zeros(frames.shape, bool)
    for mask, frame in zip(masks, frames, strict=True):
        differs = (cv2.absdiff(smooth(frame), background) > 25).astype(np.uint8)
        opened = cv2.morphologyEx(differs, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((15, 9), np.uint8))
        _, pieces, stats, _ = cv2.connectedComponentsWithStats(closed)
        large = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] >= 250)
        mask[:] = np.isin(pieces, large[large > 0])  # piece 0 is the background
    return masks


def has_person(masks: Mask, view: View) -> Mask:
    """One truth a frame: does `view` hold a person? The needed pixels scale with the view's area."""
    share = view.cut(masks).mean(axis=(-2, -1))
    return share >= PERSON_PIXELS / FIXED.side**2


def smoothed(present: Mask) -> Mask:
    """The majority of the two frames before, the frame, and the two after: no blinking at the field's border."""
    padded = np.pad(present, 2, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, 5).sum(axis=1) >= 3


def camera_frame(frame: Grey, view: View) -> Grey:
    """What a CAMERA x CAMERA grey sensor looking at `view` delivers (area average)."""
    import cv2

    return cv2.resize(view.cut(frame), (CAMERA, CAMERA), interpolation=cv2.INTER_AREA)
