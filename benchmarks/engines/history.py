"""Ours so far, commit by commit: history.csv."""

from __future__ import annotations

import csv
import datetime
import subprocess
from collections.abc import Sequence
from pathlib import Path

from rows import Row

FILE = Path(__file__).with_name("history.csv")
COLUMNS = ("date", "commit", "board", "toolchain", "model", "form", "cycles", "ram", "flash")
FIGURES = ("cycles", "ram", "flash")
ROOM = 0.01
"""Share by which a figure may grow: where the linker places code changes a modelled cycle here and there."""


def kept() -> list[dict[str, str]]:
    """All rows so far, the oldest first."""
    if not FILE.exists():
        return []
    with FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def grown(rows: Sequence[Row]) -> list[str]:
    """What has grown since it was recorded last, in words."""
    last = {(r["board"], r["toolchain"], r["model"], r["form"]): r for r in kept()}
    found = []
    for row in rows:
        before = last.get((row.board, row.toolchain, row.model, row.form))
        for figure in FIGURES if before else ():
            assert before is not None
            now, then = getattr(row, figure), int(before[figure])
            if now > then * (1 + ROOM):
                found.append(f"{row.title} on {row.board}: {figure} {now:,}, {then:,} at commit {before['commit']}")
    return found


def record(rows: Sequence[Row]) -> None:
    """Add rows under the commit that is checked out."""
    told = subprocess.run(
        ("git", "-C", str(FILE.parent), "describe", "--always", "--dirty"), capture_output=True, text=True, check=True
    )
    today, new = datetime.date.today().isoformat(), not FILE.exists()
    with FILE.open("a", encoding="utf-8", newline="") as file:
        to = csv.writer(file, lineterminator="\n")
        if new:
            to.writerow(COLUMNS)
        for r in rows:
            to.writerow((today, told.stdout.strip(), r.board, r.toolchain, r.model, r.form, r.cycles, r.ram, r.flash))
