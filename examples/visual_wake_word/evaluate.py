"""Judges the application on the recorded scene: python evaluate.py [BOARD] (virt-m4 if not given, or host).

At every inference, what the application decides then is compared with the label track in the middle of the frame.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import motes as mt
from motes.recording import read_labels

HERE = Path(__file__).parent
FRAME_S = 0.1


def main(board: str) -> None:
    labels = read_labels(HERE / "scene.txt")
    run = mt.load_app(HERE).build(board).run(HERE / "scene.webp", HERE / "scene.txt")
    decision = next(trace for trace in run.traces if trace.tensor.name == "decision")
    moments = decision.time_s - FRAME_S / 2
    said = decision.values[:, 0] >= 0  # the label's index, -1 for none
    there = np.array([any(label.start <= moment < label.end for label in labels) for moment in moments])
    print(f"{(said == there).sum()} of {len(said)} frames right ({np.mean(said == there):.1%})")
    print(f"person there in {there.sum()}, of which {(there & said).sum()} seen; nobody in {(~there).sum()}, ", end="")
    print(f"of which {(~there & said).sum()} called person")


if __name__ == "__main__":
    main(*sys.argv[1:2] or ("virt-m4",))
