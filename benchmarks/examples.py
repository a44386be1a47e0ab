"""What the examples detect in their scenes, and at what cost: python benchmarks/examples.py."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from motes.app import load_app
from motes.demo import scene

NAMES = ("keywords", "vision", "machine")


def main() -> None:
    table = Table(box=None)
    table.add_column("example")
    for title in ("scene", "detected", "false alarms", "busy", "RAM, bytes", "flash, bytes", "current", "CR2032"):
        table.add_column(title, justify="right")
    for name in NAMES:
        print(f"running {name}", file=sys.stderr)
        chosen = scene(name)
        built = load_app(chosen.app).build("virt-m4")
        found = built.run(Path(chosen.input), labels=chosen.labels).to_json()
        table.add_row(
            found["app"],
            f"{found['duration_s']:.0f} s",
            f"{found['heard']} of {found['heard'] + found['missed']}",
            str(found["false_alarms"]),
            f"{found['busy_share']:.1%}",
            f"{found['ram']['total']:,}",
            f"{found['flash']['total']:,}",
            f"{found['current_ua']['mean']:,.0f} µA",
            f"{found['battery_h']['CR2032']:.0f} h",
        )
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
