"""What is measured: models, boards, and the forms in which a model is built."""

from __future__ import annotations

import functools
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from motes.errors import DoesNotFit
from motes.profiling import profile

FORMS: dict[str, tuple[str, ...]] = {
    "pretrainedResnet_quant": ("", "speed", "size"),
    "str_ww_ref_model": ("", "stream"),
}
"""Besides the default build: `--optimize speed`, `--optimize size`, `--stream`; of that the step that takes most."""


@dataclass(frozen=True)
class Row:
    """One model in one form on one board. Sizes in bytes."""

    model: str
    form: str
    board: str
    toolchain: str
    macs: int
    cycles: int
    ram: int
    flash: int

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "others": others(self)}

    @property
    def title(self) -> str:
        """The model and its form."""
        return ", ".join(filter(None, (self.model, self.form)))


@functools.cache
def anchors() -> dict[str, Any]:
    """What anchors.toml holds."""
    return tomllib.loads(Path(__file__).with_name("anchors.toml").read_text("utf-8"))


def others(row: Row) -> dict[str, int]:
    """Others' figures for a model on a board: cycles, RAM and flash of TensorFlow Lite Micro, cycles on silicon."""
    found = {}
    tflm, silicon = anchors()["tflm"], anchors()["silicon"].get(row.board, {})
    if row.board == tflm["board"]:
        found = {key: tflm["models"][row.model][key] for key in ("cycles", "ram", "flash")}
    if row.model in silicon:
        found["silicon"] = round(silicon[row.model] * 1e6)
    return found


def measure(models: Path, board: str, toolchain: str, only: Sequence[str] | None) -> Iterator[Row]:
    """The models on a board; what does not fit it is left out, and said on stderr."""
    for name, theirs in anchors()["tflm"]["models"].items():
        if only and name not in only:
            continue
        for form in FORMS.get(name, ("",)):
            print(f"profiling {name} {form} on {board}", file=sys.stderr)
            options: dict[str, Any] = {"step": 1} if form == "stream" else {"optimize": form or "balanced"}
            try:
                ours = profile(models / theirs["file"], board, input="lcg", toolchain=toolchain, **options)
            except DoesNotFit as error:
                print(error, file=sys.stderr)
                continue
            yield Row(name, form, board, toolchain, ours.macs, ours.cycles, ours.ram["total"], ours.flash["total"])


def table(board: str, rows: Sequence[Row]) -> Table:
    """Ours, and how large a share of the others' that is."""
    silicon = anchors()["silicon"].get(board, {})
    notes = [anchors()["tflm"]["source"]] if board == anchors()["tflm"]["board"] else []
    notes += [f"silicon: {silicon['who']}"] if silicon else []
    drawn = Table(title=f"one inference on {board}; in brackets: {'; '.join(notes) or 'nothing published'}", box=None)
    drawn.add_column("model")
    memory = ("RAM, bytes", "", "share", "flash, bytes", "", "share")
    for title in ("MACs", "cycles", "", "share", "silicon", "share", *memory):
        drawn.add_column(title, justify="right")
    for row in rows:
        theirs = others(row)
        cells = [row.title, f"{row.macs:,}", f"{row.cycles:,}", *_beside(row.cycles, theirs.get("cycles"))]
        cells += _beside(row.cycles, theirs.get("silicon"))
        for key in ("ram", "flash"):
            ours = getattr(row, key)
            cells += [f"{ours:,}", *_beside(ours, theirs.get(key))]
        drawn.add_row(*cells)
    return drawn


def _beside(ours: int, theirs: int | None) -> tuple[str, str]:
    return ("", "") if theirs is None else (f"({theirs:,})", f"{ours / theirs:.0%}")
