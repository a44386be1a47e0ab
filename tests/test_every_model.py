"""Every public model kept beside the project, here and on every board, against TensorFlow Lite Micro."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import oracle, shared_folder
from motes.target import Board
from motes.tflite import load
from motes.verifying import verify

COUNT, STEPS = 100, 50
INPUTS = 10
"""On the boards: of structured and random ones."""
FILES = sorted(p for p in (root / "models").rglob("*.tflite")) if (root := shared_folder()) else []


def test_there_are_models(shared: Path) -> None:
    assert len(FILES) >= 19


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_output_equals_tflm(path: Path) -> None:
    oracle("tflite_micro")
    steps = STEPS if load(path).states else 1
    found = verify(path, "host", count=COUNT, steps=steps)
    assert (found.status, found.oracle) == ("equal", "tflm"), found
    assert (found.inputs, found.steps) == (COUNT, steps)


@pytest.mark.cores(one_in=10)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_image_equals_tflm(path: Path, virt: Board) -> None:
    oracle("tflite_micro")
    found = verify(path, virt.name, count=INPUTS, steps=4 if load(path).states else 1)
    assert (found.status, found.oracle) == ("equal", "tflm"), found
