"""PyTorch modules, through litert-torch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import motes as mt
from conftest import missing
from motes.converting import Quantize
from motes.converting.sources import installed
from motes.verifying import verify

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

IMAGES = np.random.default_rng(0).normal(0, 1, (30, 3, 24, 16))


@pytest.fixture(scope="module")
def torch() -> Any:
    """PyTorch, where litert-torch is, too."""
    if not installed("litert_torch"):
        missing("litert-torch is not installed; `make test-converters` has it")
    import torch

    torch.manual_seed(0)
    return torch


@pytest.fixture(scope="module")
def classifier(torch: Any) -> Any:
    """Two convolutions and a classifier, in training."""
    n = torch.nn
    first = [n.Conv2d(3, 8, 3, 2, 1), n.BatchNorm2d(8), n.ReLU6(), n.Conv2d(8, 8, 3, 1, 1, groups=8), n.ReLU()]
    return n.Sequential(*first, n.AdaptiveAvgPool2d(1), n.Flatten(), n.Linear(8, 5), n.Softmax(-1))


@pytest.mark.parametrize(("quantize", "error"), [("int8", 0.03), ("int16", 0.005), (None, 1e-6)])
def test_a_classifier(classifier: Any, capfd: Any, quantize: Quantize | None, error: float) -> None:
    made = mt.convert(classifier, IMAGES, quantize=quantize)
    assert capfd.readouterr() == ("", "")
    assert classifier.training
    assert verify(made.path, "host", count=4).exit_status == 0
    ends = [*made.graph.inputs, *made.graph.outputs]
    assert [t.shape for t in ends] == [(1, 24, 16, 3), (1, 5)]
    assert {t.dtype.value for t in ends} == {quantize or "float32"}
    (near,) = made.agreements
    assert near.max_error < error * near.span
    assert made.path.name == "sequential.tflite"
    assert made.converter.startswith("litert-torch ")
    assert mt.Model(made).graph.macs > 0


def test_exported_programs(torch: Any, classifier: Any, tmp_path: Path) -> None:
    classifier.eval()
    try:
        for batch in (1, 2):
            program = torch.export.export(classifier, (torch.zeros(batch, 3, 24, 16),))
            torch.export.save(program, tmp_path / f"of_{batch}.pt2")
    finally:
        classifier.train()
    made, again = (mt.convert(x, IMAGES) for x in (tmp_path / "of_1.pt2", classifier))
    assert made.path.name == "of_1.tflite"
    assert made.path.read_bytes() == again.path.read_bytes()
    with pytest.raises(
        mt.BadInput, match=r"of_2.pt2: was exported for inputs of \[\[2, 3, 24, 16\]\]; export a batch of o"
    ):
        mt.convert(tmp_path / "of_2.pt2", IMAGES)


def test_several_inputs_and_axes(torch: Any) -> None:
    """Four axes have their channels moved to the end, three stay; ranges hold every value."""
    n = torch.nn

    class Three(n.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.dense, self.wave, self.image = n.Linear(4, 5), n.Conv1d(2, 3, 3), n.Conv2d(1, 4, 3)

        def forward(self, x: Any, y: Any, z: Any) -> dict[str, Any]:
            return {"dense": self.dense(x), "wave": self.wave(y).relu(), "image": self.image(z)}

    rng, shapes = np.random.default_rng(1), ((4,), (2, 9), (1, 6, 6))
    made = mt.convert(Three(), [tuple(rng.normal(0, 1, s) for s in shapes) for _ in range(20)])
    assert [t.shape for t in made.graph.inputs] == [(1, 4), (1, 2, 9), (1, 6, 6, 1)]
    assert [t.shape for t in made.graph.outputs] == [(1, 5), (1, 3, 7), (1, 4, 4, 4)]
    assert all(near.max_error < 0.02 * near.span for near in made.agreements)


def test_recurrence(torch: Any) -> None:
    made = mt.convert(torch.nn.GRU(4, 6, batch_first=True), np.random.default_rng(2).normal(0, 1, (20, 5, 4)))
    assert verify(made.path, "host", count=4).exit_status == 0
    assert all(near.max_error < 0.03 * near.span for near in made.agreements)


def test_what_litert_torch_does_not_convert(torch: Any, classifier: Any) -> None:
    class Spectrum(torch.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return torch.fft.fft(x).real

    for module, data, words in (
        (
            Spectrum(),
            np.ones((3, 16)),
            "Spectrum: litert-torch gives up (Unsupported ir element type: complex<f32>); le",
        ),
        (
            classifier,
            np.ones((3, 16)),
            "Sequential: torch.export cannot trace it (Expected 3D (unbatched) or 4D (batche",
        ),
    ):
        with pytest.raises(mt.Unsupported, match=re.escape(words)):
            mt.convert(module, data)
    with pytest.raises(
        mt.BadInput, match=r"a torch.nn.Module does not say its inputs' shapes; give data, one sample will"
    ):
        mt.convert(classifier, quantize=None)
