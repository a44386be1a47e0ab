"""Cycles, RAM and flash of public models on every core, beside other engines' figures.

    python benchmarks/engines [--board B ...] [--model M ...] [--json] [--check | --record | --history]

The figures of others are in anchors.toml, ours so far in history.csv: --record adds today's, --history shows them.
--check fails where one is more than 1% above the best so far, or has no record. Rises that were meant are in
rises.toml: there the best begins anew.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parent))

import history

from motes.target import boards
from rows import Row, anchors, measure, table

HERE = Path(__file__).resolve().parent


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = [b.name for b in boards() if b.core.model]
    arguments.add_argument("--board", action="append", choices=known, help="may be given again; default: virt-m4")
    arguments.add_argument("--all-boards", action="store_true")
    arguments.add_argument("--model", action="append", choices=list(anchors()["tflm"]["models"]), metavar="MODEL")
    arguments.add_argument("--toolchain", default="zig")
    arguments.add_argument("--json", action="store_true")
    keeping = arguments.add_mutually_exclusive_group()
    keeping.add_argument("--check", action="store_true")
    keeping.add_argument("--record", action="store_true")
    keeping.add_argument("--history", action="store_true", help="what was recorded; nothing is measured")
    given = arguments.parse_args()
    chosen = known if given.all_boards else given.board or ["virt-m4"]
    records = history.of(history.kept(), chosen, given.toolchain, given.model)
    if given.history:
        show(chosen, records, given.json)
        return
    models = Path(os.environ.get("MOTES_SHARED", HERE.parents[2] / "shared")) / "models"
    if not models.is_dir():
        sys.exit(f"the public models are not at {models}; set MOTES_SHARED to the folder that holds models/")
    rows: list[Row] = []
    for board in chosen:
        found = list(measure(models, board, given.toolchain, given.model))
        rows += found
        if not given.json:
            Console(width=170).print(table(board, found))
    if given.record:
        history.add(rows)
        records = history.of(history.kept(), chosen, given.toolchain, given.model)
    grown = history.grown(rows, records, history.meant()) + history.gone(rows, records)
    if given.json:
        print(json.dumps({"rows": [row.to_json() for row in rows], "grown": grown}, indent=2))
    else:
        for line in grown:
            print(line)
    if given.check and grown:
        sys.exit(1)


def show(boards: Sequence[str], records: Sequence[history.Record], as_json: bool) -> None:
    """What was recorded."""
    if as_json:
        print(json.dumps({"history": records}, indent=2))
        return
    for board in boards:
        Console(width=170).print(history.table(board, [r for r in records if r["board"] == board]))


if __name__ == "__main__":
    main()
