"""Writes the recorded scene: python scene.py PATH/TO/vtest.avi -> scene.webp (frames), scene.txt (labels), labels.png.

The frames are the last 30% of the video as the fixed camera sees them: 96x96 grey, 10 a second, lossless. The labels
say when a person is in the view, from background subtraction (video.py).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import video
from PIL import Image
from video import FIXED, RATE_HZ, Grey, Mask

HERE = Path(__file__).parent
SHOWN = (570, 605, 640, 650, 730)  # frames for the README


def label_track(present: Mask) -> str:
    """An Audacity label track, in seconds; frame k is shown from k/10 s to (k+1)/10 s."""
    edges = np.flatnonzero(np.diff(np.pad(present.astype(np.int8), 1)))
    spans = edges.reshape(-1, 2) / RATE_HZ
    return "".join(f"{start:.6f}\t{end:.6f}\tperson\n" for start, end in spans)


def label_picture(frames: Grey, masks: Mask) -> Image.Image:
    """Views side by side, what counts as foreground in red."""
    views = np.repeat(FIXED.cut(frames)[..., None], 3, axis=-1)
    views[..., 0] = np.where(FIXED.cut(masks), 255, views[..., 0])
    return Image.fromarray(np.concatenate(list(views), axis=1))


def main(path: Path) -> None:
    frames = video.read(path)
    masks = video.foreground(frames)
    present = video.smoothed(video.has_person(masks, FIXED))
    label_picture(frames[list(SHOWN)], masks[list(SHOWN)]).save(HERE / "labels.png", optimize=True)
    first = int(len(frames) * video.TRAIN_SHARE)
    images = [Image.fromarray(video.camera_frame(frame, FIXED)) for frame in frames[first:]]
    images[0].save(
        HERE / "scene.webp", save_all=True, append_images=images[1:], duration=round(1000 / RATE_HZ), loop=0,
        lossless=True, quality=100, method=6, minimize_size=False,
    )  # fmt: skip
    (HERE / "scene.txt").write_text(label_track(present[first:]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
