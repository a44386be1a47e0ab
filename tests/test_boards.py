"""Every virtual board: the same application gives the same events on each, and the same model the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

import motes as mt
from bursts import application, classifier, noise
from conftest import emulator_of
from motes.machine.qemu import MACHINES
from motes.profiling import profile
from motes.target import board, boards

BOARDS = [b.name for b in boards() if b.core.model]
WITH_SENSORS = [b.name for b in boards() if b.core.model and b.core.model not in MACHINES]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, mt.App]:
    folder = tmp_path_factory.mktemp("boards")
    model = classifier(folder / "model.tflite", size=8, layers=1, channels=4)
    return model, noise(folder / "noise.wav"), application(model, 8, hop_ms=20, stride=4)


@pytest.mark.parametrize("name", WITH_SENSORS)
def test_events_are_those_of_the_host(small: tuple[Path, Path, mt.App], name: str) -> None:
    _, recording, app = small
    here, there = (app.build(where).run(recording) for where in ("host", name))
    assert len(there.events) >= 3
    assert [(e.time_s, e.label, e.score) for e in there.events] == [(e.time_s, e.label, e.score) for e in here.events]
    found = there.to_json()
    assert (found["missed_deadlines"], found["dropped_samples"]) == (0, 0)
    assert 0 < found["stack_high_water"] <= found["ram"]["stack"]


@pytest.mark.parametrize("name", BOARDS)
def test_models_give_the_bytes_that_they_give_elsewhere(small: tuple[Path, Path, mt.App], name: str) -> None:
    emulator_of(board(name))
    model, _, _ = small
    found, usual = (profile(model, where, input="lcg") for where in (name, "virt-m4"))
    assert [o.sha256 for o in found.outputs] == [o.sha256 for o in usual.outputs]
    assert found.cycles >= found.instructions / 2  # no core begins more than two instructions in a cycle
    assert found.caveat
