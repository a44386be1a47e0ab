"""Judges the application, by default in the virtual board's image: python evaluate.py [--board host] [MACHINE.PY]

On the recorded scene: at every inference, what the application decides then is compared with the label track in the
middle of the window. With the generator's file also: the area under the curve of each fault, from the scores that the
image computes.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from machine_data import BEARING_FAULTS, RATE_HZ, WINDOW, Recordings, generator, three_axes
from numpy.typing import NDArray
from scores import area_under_curve, wilson

import motes as mt
from motes.built import Build
from motes.recording import read_labels

HERE = Path(__file__).parent
SEED = 3  # the windows that train.py judges with


def judge_scene(build: Build) -> None:
    labels = read_labels(HERE / "scene.txt")
    run = build.run(HERE / "scene.flac", HERE / "scene.txt")
    decision = next(trace for trace in run.traces if trace.tensor.name == "decision")
    moments = decision.time_s - WINDOW / RATE_HZ / 2
    said = decision.values[:, 0] >= 0  # the label's index, -1 for none
    ill = np.array([any(label.start <= moment < label.end for label in labels) for moment in moments])
    print(f"scene: {wilson(int((said == ill).sum()), len(said))} windows right")
    print(f"ill in {ill.sum()}, of which {(ill & said).sum()} found; well in {(~ill).sum()}, ", end="")
    print(f"of which {(~ill & said).sum()} called an anomaly")


def errors(build: Build, recordings: Recordings, kind: str, severity: float, count: int) -> NDArray[np.float64]:
    """The reconstruction error of each of `count` windows, as the application computes it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "windows.npy"
        np.save(file, three_axes(recordings(kind, severity, count=count, seed=SEED)).reshape(-1, 3))
        run = build.run(file)
    return next(trace for trace in run.traces if trace.tensor.name == "error").values[:, 0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--board", default="virt-m4")
    parser.add_argument("machine", type=Path, nargs="?")
    given = parser.parse_args()
    build = mt.load_app(HERE).build(given.board)
    judge_scene(build)
    if given.machine is None:
        return
    recordings = generator(given.machine)
    normal = errors(build, recordings, "normal", 1.0, 1000)
    for kind in (*BEARING_FAULTS, "imbalance", "looseness"):
        for severity in (1.0, 0.5, 0.25):
            auc = area_under_curve(normal, errors(build, recordings, kind, severity, 300))
            print(f"{kind:10} {severity:4}: AUC {auc:.4f}")


if __name__ == "__main__":
    main()
