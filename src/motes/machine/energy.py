"""Mean current and battery life of a run: an estimate from typical currents, with its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from motes.errors import BadInput
from motes.machine.results import Execution
from motes.target import Board

BATTERIES_MAH = {"CR2032": 225.0, "1000 mAh": 1000.0}
"""Rated capacities. A CR2032 gives its 225 mAh at about 0.2 mA, and less the more is drawn; neither ages here."""


@dataclass(frozen=True)
class Energy:
    """What the board draws while it does what it did in a run."""

    mean_ua: float
    """Mean current in microamperes: the sum of `parts`."""
    parts: Mapping[str, float]
    """Mean current in microamperes of "cpu awake", "cpu asleep", and what each peripheral that was on consists of,
    such as "microphone sensor" and "microphone interface"."""
    battery_h: Mapping[str, float]
    """Hours that each battery lasts, by its name."""
    inputs: Mapping[str, str]
    """For each part and battery, the figure it was computed from, and that figure's source."""


def energy(execution: Execution, board: Board) -> Energy:
    """The energy of a run on a board.

    Each part's mean current is its typical current times the share of the run in which it was on. What changes it and
    is not modelled: the current of a particular program, temperature, start-up of oscillators, the radio.

    Raises:
        BadInput: the board has no chip, or the run no length.
    """
    chip = board.chip
    if chip is None or execution.cycles <= 0:
        raise BadInput(f"board {board.name}: the energy of this run cannot be estimated; run it on a board with a chip")
    used = {"cpu awake": (execution.cycles_awake, chip.run), "cpu asleep": (execution.cycles_asleep, chip.sleep)}
    for name, use in execution.peripherals.items():
        for part, current in board.peripherals[name].currents.items():
            used[f"{name} {part}"] = (use.on_cycles, current)
    parts = {name: current.ua * cycles / execution.cycles for name, (cycles, current) in used.items()}
    total = sum(parts.values())
    return Energy(
        mean_ua=total,
        parts=parts,
        battery_h={name: 1000 * mah / total for name, mah in BATTERIES_MAH.items()},
        inputs={name: f"{current.ua:g} uA at {chip.volts:g} V: {current.source}" for name, (_, current) in used.items()}
        | {name: f"{mah:g} mAh, rated" for name, mah in BATTERIES_MAH.items()},
    )
