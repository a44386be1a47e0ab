"""Currents and battery life."""

from __future__ import annotations

from dataclasses import replace

import pytest

from motes.errors import BadInput
from motes.machine import Execution, PeripheralUse
from motes.machine.energy import energy
from motes.target import Board, board

pytestmark = pytest.mark.cores(only="virt-m4")
RUN = Execution(
    clock_hz=64_000_000,
    cycles=1000,
    cycles_awake=100,
    cycles_asleep=900,
    instructions=80,
    interrupts=1,
    functions={},
    spans=(),
    lines=(),
    led=(),
    taps={},
    peripherals={"microphone": PeripheralUse(500, 10, 0), "timer": PeripheralUse(1000, 0, 0)},
    stack_high_water=0,
    symbols={},
    exit_status=0,
)


def test_each_part_is_its_current_times_its_share(virt: Board) -> None:
    found = energy(RUN, virt)
    assert found.parts == pytest.approx(
        {"cpu awake": 330.0, "cpu asleep": 3.16 * 0.9, "microphone sensor": 325.0, "microphone interface": 925.0}
    )
    assert found.mean_ua == pytest.approx(330 + 2.844 + 1250)
    assert found.battery_h == pytest.approx({"CR2032": 225e3 / 1582.844, "1000 mAh": 1e6 / 1582.844})


def test_every_figure_names_its_source(virt: Board) -> None:
    found = energy(RUN, virt)
    assert set(found.inputs) == set(found.parts) | set(found.battery_h)
    assert found.inputs["cpu awake"].startswith("3300 uA at 3 V: nRF52840 Product Specification")
    assert found.inputs["CR2032"] == "225 mAh, rated"


def test_what_cannot_be_estimated(virt: Board) -> None:
    with pytest.raises(BadInput, match="board host: the energy of this run cannot be estimated"):
        energy(RUN, board("host"))
    with pytest.raises(BadInput, match="board virt-m4: the energy of this run"):
        energy(replace(RUN, cycles=0), virt)
