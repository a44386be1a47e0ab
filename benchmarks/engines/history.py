"""Ours so far, commit by commit: history.csv; and the rises in it that were meant: rises.toml."""

from __future__ import annotations

import csv
import datetime
import subprocess
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from rows import Row

Record = Mapping[str, str]
"""A line of history.csv."""
Key = tuple[str, ...]

FILE = Path(__file__).with_name("history.csv")
RISES = Path(__file__).with_name("rises.toml")
COLUMNS = ("date", "commit", "board", "toolchain", "model", "form", "cycles", "ram", "flash")
KEY = ("board", "toolchain", "model", "form")
"""What two figures have in common that can be compared."""
FIGURES = ("cycles", "ram", "flash")
ROOM = 0.01
"""Share by which a figure may be above the best: where the linker places code costs a modelled cycle here and there."""


def kept() -> list[Record]:
    """All records so far, the oldest first."""
    if not FILE.exists():
        return []
    with FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def meant() -> list[dict[str, Any]]:
    """The rises that were meant, as rises.toml tells them."""
    found: list[dict[str, Any]] = tomllib.loads(RISES.read_text("utf-8"))["rise"]
    return found


def best(records: Iterable[Record], rises: Sequence[Mapping[str, Any]]) -> dict[Key, dict[str, Record]]:
    """By board, toolchain, model and form: of each figure the record with the least since the last rise that was meant.

    Args:
        records: the oldest first.
        rises: `figures` of a `model` in a `form` on a `board` count from the record of the commit `since` on.
    """
    anew = {(r["board"], r["model"], r.get("form", ""), r["since"], figure) for r in rises for figure in r["figures"]}
    found: dict[Key, dict[str, Record]] = {}
    for record in records:
        least = found.setdefault(_key(record), {})
        where = (record["board"], record["model"], record["form"], record["commit"])
        for figure in FIGURES:
            before = least.get(figure)
            if before is None or (*where, figure) in anew or int(record[figure]) <= int(before[figure]):
                least[figure] = record
    return found


def grown(rows: Iterable[Row], records: Iterable[Record], rises: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is above its best so far, and what has none, in words."""
    least, found = best(records, rises), []
    for row in rows:
        where = f"{row.title} on {row.board}"
        before = least.get((row.board, row.toolchain, row.model, row.form))
        if before is None:
            found.append(f"no record for {where} with {row.toolchain}; run with --record")
            continue
        for figure in FIGURES:
            now, then = getattr(row, figure), int(before[figure][figure])
            if now > then * (1 + ROOM):
                found.append(f"{where}: {figure} {now:,}, {then:,} at commit {before[figure]['commit']}")
    return found


def gone(rows: Iterable[Row], records: Iterable[Record]) -> list[str]:
    """What was recorded once, of all that was to be measured, and is no more, in words."""
    here = {(row.board, row.toolchain, row.model, row.form) for row in rows}
    last = {_key(record): record["commit"] for record in records}
    return [
        f"no figures for {_title(model, form)} on {board}, which fitted at commit {commit}"
        for (board, toolchain, model, form), commit in last.items()
        if (board, toolchain, model, form) not in here
    ]


def of(records: Iterable[Record], boards: Sequence[str], toolchain: str, models: Sequence[str] | None) -> list[Record]:
    """The records of these boards, this toolchain and these models; None: all models."""
    asked = (r for r in records if r["board"] in boards and r["toolchain"] == toolchain)
    return [r for r in asked if models is None or r["model"] in models]


def table(board: str, records: Iterable[Record]) -> Table:
    """The records of a board by model, and how each changed the cycles; those that changed no figure are left out."""
    drawn = Table(title=f"one inference on {board}, commit by commit", box=None)
    for title in ("model", "date", "commit"):
        drawn.add_column(title)
    for title in ("cycles", "change", "RAM, bytes", "flash, bytes"):
        drawn.add_column(title, justify="right")
    series: dict[Key, list[Record]] = {}
    for record in records:
        series.setdefault(_key(record), []).append(record)
    for found in series.values():
        before: Record | None = None
        for r in found:
            if before is not None and all(r[figure] == before[figure] for figure in FIGURES):
                continue
            title = "" if before else _title(r["model"], r["form"])
            change = f"{int(r['cycles']) / int(before['cycles']) - 1:+.1%}" if before else ""
            cycles, *sizes = (f"{int(r[figure]):,}" for figure in FIGURES)
            drawn.add_row(title, r["date"], r["commit"], cycles, change, *sizes)
            before = r
    return drawn


def add(rows: Sequence[Row]) -> None:
    """Add rows under the commit that is checked out."""
    commit = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":/", f":!{FILE.name}")
    told = f"{commit}-dirty" if changed else commit
    today, new = datetime.date.today().isoformat(), not FILE.exists()
    with FILE.open("a", encoding="utf-8", newline="") as file:
        to = csv.writer(file, lineterminator="\n")
        if new:
            to.writerow(COLUMNS)
        for r in rows:
            to.writerow((today, told, r.board, r.toolchain, r.model, r.form, r.cycles, r.ram, r.flash))


def _git(*arguments: str) -> str:
    command = ("git", "-C", str(FILE.parent), *arguments)
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _key(record: Record) -> Key:
    return tuple(record[part] for part in KEY)


def _title(model: str, form: str) -> str:
    return ", ".join(filter(None, (model, form)))
