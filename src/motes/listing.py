"""What Motes offers: its operators and its boards, as values that show as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from motes.errors import MotesError
from motes.ir import DType
from motes.machine.qemu_program import MACHINES, PROGRAM, installed
from motes.ops import operators
from motes.target import Board, boards
from motes.tflite.resolved import RESOLVED


@dataclass(frozen=True)
class Listing:
    """Rows of one kind, alike in their columns; `title` names the JSON field that holds them.

    `columns` are those that fit on a page; none: all.
    """

    title: str
    rows: tuple[dict[str, Any], ...]
    columns: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {self.title: list(self.rows)}

    def table(self) -> RenderableType:
        """One line a row."""
        table = Table(box=None, pad_edge=False)
        for column in self._shown:
            table.add_column(column.replace("_", " "))
        for row in self.rows:
            table.add_row(*(Text(_plain(row[column])) for column in self._shown))
        return table

    def markdown(self) -> str:
        """A table for a document."""
        lines = [[column.replace("_", " ") for column in self._shown], ["---"] * len(self._shown)]
        lines += [[_plain(row[column]) for column in self._shown] for row in self.rows]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)

    @property
    def _shown(self) -> tuple[str, ...]:
        return self.columns or tuple(self.rows[0] if self.rows else ())

    def __rich__(self) -> RenderableType:
        return self.table()


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(k + (f" ({', '.join(v)})" if v else "") for k, v in value.items())
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def list_operators() -> Listing:
    """Each operator of the .tflite format that is imported.

    `types` are those of the input that it works on; `float_ulp` is how far floats may be off TensorFlow Lite Micro's;
    `fast_on` are the cores that have kernels of their own; `kernels` come with the core features they need: none where
    the importer makes states or constants of the operator.
    """
    known = tuple(dict.fromkeys(b.core for b in boards()))
    rows = {
        builtin.name: {
            "op": builtin.name,
            "types": [dtype.value for dtype in kind.types],
            "float_ulp": kind.ulp if DType.FLOAT32 in kind.types else None,
            "fast_on": [c.name for c in known if any(k.needs and k.needs <= c.features for k in kind.kernels)],
            "limits": kind.limits,
            "kernels": {k.function: sorted(k.needs) for k in kind.kernels},
            "about": (kind.__doc__ or "").strip().split("\n")[0],
        }
        for kind in operators()
        for builtin in kind.tflite
    }
    for found in RESOLVED:
        rows[found.name] = {
            "op": found.name,
            "types": [dtype.value for dtype in found.types],
            "float_ulp": 0 if DType.FLOAT32 in found.types else None,
            "fast_on": [],
            "limits": found.limits,
            "kernels": {},
            "about": found.about,
        }
    return Listing(
        "operators", tuple(rows[name] for name in sorted(rows)), ("op", "types", "float_ulp", "fast_on", "limits")
    )


def list_boards() -> Listing:
    """Each board; memory in bytes, clock in Hz; what executes its images, if anything does on this machine."""
    return Listing(
        "boards",
        tuple(
            {
                "name": b.name,
                "title": b.title,
                "core": b.core.name,
                "clock_hz": b.chip.clock_hz if b.chip else None,
                "flash": b.chip.flash.size if b.chip else None,
                "ram": b.chip.ram.size if b.chip else None,
                "sensors": sorted(b.peripherals),
                "run_by": _emulator(b),
            }
            for b in boards()
        ),
    )


def _emulator(board: Board) -> str | None:
    """What executes the board's images."""
    if board.core.model not in MACHINES:
        return "unicorn" if board.core.model else None
    try:
        installed()
    except (LookupError, MotesError):
        return f"{PROGRAM}, missing: see motes doctor"
    return PROGRAM
