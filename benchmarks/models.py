"""Cycles, RAM and flash of public models, beside TensorFlow Lite Micro's: python benchmarks/models.py [--board B]."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tomllib
from pathlib import Path

from rich.console import Console
from rich.table import Table

from motes.profiling import profile

HERE = Path(__file__).resolve().parent


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--board", default="virt-m4")
    arguments.add_argument("--toolchain", default="zig")
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    models = Path(os.environ.get("MOTES_SHARED", HERE.parents[1] / "shared")) / "models"
    if not models.is_dir():
        sys.exit(f"the public models are not at {models}; set MOTES_SHARED to the folder that holds models/")
    anchors = tomllib.loads((HERE / "anchors.toml").read_text("utf-8"))
    rows = []
    for name, theirs in anchors["models"].items():
        print(f"profiling {name}", file=sys.stderr)
        ours = profile(models / theirs["file"], given.board, input="lcg", toolchain=given.toolchain)
        rows.append(
            {
                "model": name,
                "macs": ours.macs,
                "cycles": ours.cycles,
                "ram": ours.ram["total"],
                "flash": ours.flash["total"],
                "theirs": {key: theirs[key] for key in ("cycles", "ram", "flash")},
            }
        )
    if given.json:
        print(json.dumps({"board": given.board, "source": anchors["source"], "rows": rows}, indent=2))
        return
    table = Table(title=f"one inference on {given.board}; in brackets: {anchors['source']}", box=None)
    table.add_column("model")
    for title in ("MACs", "cycles", "", "share", "RAM, bytes", "", "share", "flash, bytes", "", "share"):
        table.add_column(title, justify="right")
    for row in rows:
        cells = [row["model"], f"{row['macs']:,}"]
        for key in ("cycles", "ram", "flash"):
            cells += [f"{row[key]:,}", f"({row['theirs'][key]:,})", f"{row[key] / row['theirs'][key]:.0%}"]
        table.add_row(*cells)
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
