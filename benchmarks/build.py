"""How long the command line takes: `motes build` of the public models, cold and warm, and what people type most.

    python benchmarks/build.py [--board B] [MODEL ...]

Cold: with an empty cache, that of the compiler included; warm: the same command again. CPU seconds are those of the
command and all it starts, user and system: what others do on the machine changes them less than the wall clock.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

SHARED = Path(os.environ.get("MOTES_SHARED", Path(__file__).resolve().parents[2] / "shared"))
MOTES = (sys.executable, "-m", "motes")
PROFILED = "kws_ref_model"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("models", nargs="*", metavar="MODEL", help="names without .tflite; default: all")
    arguments.add_argument("--board", default="virt-m4")
    given = arguments.parse_args()
    found = {path.stem: path for path in sorted((SHARED / "models").rglob("*.tflite"))}
    if PROFILED not in found or not found.keys() >= set(given.models):
        sys.exit(f"the models are not all in {SHARED / 'models'}; set MOTES_SHARED to the folder that holds models/")
    table = Table(box=None, title=f"seconds, {given.board}")
    for title in ("command", "cold, CPU", "cold, wall", "warm, CPU", "warm, wall"):
        table.add_column(title, justify="left" if title == "command" else "right")
    with tempfile.TemporaryDirectory() as folder:
        for name in given.models or found:
            print(f"building {name}", file=sys.stderr)
            out, cache = Path(folder) / "out" / name, Path(folder) / "cache" / name
            build = (*MOTES, "build", str(found[name]), "--board", given.board, "--out", str(out))
            table.add_row(f"build {name}", *_seconds(build, cache), *_seconds(build, cache))
        cache = Path(folder) / "cache" / PROFILED
        for words in (("profile", str(found[PROFILED])), ("demo",)):
            print(f"running {words[0]}", file=sys.stderr)
            command = (*MOTES, *words, "--board", given.board)
            cold = _seconds(command, cache)
            table.add_row(words[0], *(cold if words[0] == "demo" else ("", "")), *_seconds(command, cache))
        table.add_row("--help", "", "", *_seconds((*MOTES, "--help"), cache))
        table.add_row("import motes", "", "", *_seconds((sys.executable, "-c", "import motes"), cache))
    Console(width=100).print(table)


def _seconds(command: tuple[str, ...], cache: Path) -> tuple[str, str]:
    """CPU and wall of a command with a cache of its own."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    environment = {**os.environ, "MOTES_CACHE": str(cache)}
    done = subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode:
        sys.exit(f"{' '.join(command[1:])}: status {done.returncode}: {done.stderr.decode(errors='replace').strip()}")
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return f"{cpu:.2f}", f"{ended - began:.2f}"


if __name__ == "__main__":
    main()
