"""Writes the recorded scene: python scene.py PATH/TO/machine.py -> scene.flac (x, y, z) and scene.txt (labels).

36 s of a machine that is well, then has one of three bearing defects, then is well again. The generator makes pieces of
2,048 samples, and its own noise and phases for each, so the speed of the shaft jumps from piece to piece. All of the
vibration is on z; x and y are silent.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import soundfile
from machine_data import RATE_HZ, WINDOW, Recordings, generator, three_axes
from numpy.typing import NDArray

HERE = Path(__file__).parent
SEED = 100  # train.py uses 1 to 3
PLOT = (  # kind, severity, windows of 171 ms
    ("normal", 1.0, 30), ("outer", 1.0, 15), ("normal", 1.0, 15), ("inner", 0.5, 15), ("normal", 1.0, 15),
    ("ball", 1.0, 15), ("normal", 1.0, 15), ("outer", 0.5, 15), ("normal", 1.0, 15), ("inner", 1.0, 15),
    ("normal", 1.0, 15), ("ball", 0.5, 15), ("normal", 1.0, 15),
)  # fmt: skip


def record(recordings: Recordings) -> tuple[NDArray[np.int16], str]:
    """The samples, (n, 3) int16, and the label track: a line for each stretch with a defect."""
    pieces, lines, now = [], [], 0.0
    for part, (kind, severity, windows) in enumerate(PLOT):
        pieces.append(three_axes(recordings(kind, severity, count=windows, seed=SEED + part)).reshape(-1, 3))
        end = now + windows * WINDOW / RATE_HZ
        if kind != "normal":
            lines.append(f"{now:.6f}\t{end:.6f}\tanomaly\n")
        now = end
    return np.concatenate(pieces), "".join(lines)


if __name__ == "__main__":
    samples, labels = record(generator(Path(sys.argv[1])))
    soundfile.write(HERE / "scene.flac", samples, RATE_HZ, subtype="PCM_16")
    (HERE / "scene.txt").write_text(labels)
