"""What each trick gives alone: every model as it is built, and with one trick left out.

    python benchmarks/tricks.py [MODEL ...] [--board B] [--trick T ...] [--optimize G] [--step N] [--layers]

Whatever is left out, the image is compared with the portable code, every byte. Models for which a trick does nothing
are not shown.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from fnmatch import fnmatch
from functools import partial
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

from motes import passes, profiling
from motes.build import cache
from motes.choose import choose
from motes.errors import DoesNotFit
from motes.ir import Graph, Kernel, Op
from motes.ops import operators
from motes.ops.conv import planes, step
from motes.ops.conv.joint import PointwiseDepthwise
from motes.ops.conv.op import Conv2D
from motes.passes.channels import kept
from motes.passes.drop_dead_channels import drop_dead_channels
from motes.profiling import Profile, profile
from motes.program import Program
from motes.target import Board, boards
from motes.tuning import tuned

MODELS = (
    "kws_ref_model",
    "vww_96_int8",
    "pretrainedResnet_quant",
    "ad01_int8",
    "str_ww_ref_model",
    "person_detect",
    "hello_world_int8",
    "keyword_scrambled",
)


@contextmanager
def kernels(change: Callable[[Kernel], Kernel | None]) -> Iterator[None]:
    """Operators have these kernels instead; None: the kernel is left out."""
    with ExitStack() as stack:
        ops: tuple[type[Op], ...] = (*operators(), PointwiseDepthwise)
        for op in ops:
            changed = tuple(k for k in map(change, op.kernels) if k is not None)
            stack.enter_context(patch.object(op, "kernels", changed))
        yield


def no_kernels(*patterns: str) -> AbstractContextManager[None]:
    """Operators have no kernels of such names."""
    return kernels(lambda k: None if any(fnmatch(k.function, pattern) for pattern in patterns) else k)


def first_kernels(graph: Graph, board: Board, *_: object) -> Program:
    """What `tuned` gives where nothing is measured, nor goes row by row."""
    return choose(graph, board.core.features)


def in_one_order(name: str) -> Board:
    """A board whose assembly is in the order of the Cortex-M4."""
    (found,) = (b for b in boards() if b.name == name)
    return replace(found, core=replace(found.core, flags=tuple(f for f in found.core.flags if "DUAL" not in f)))


TRICKS: Mapping[str, Callable[[], AbstractContextManager[object]]] = MappingProxyType(
    {
        "kernels of the core": lambda: no_kernels("*_dsp", "*_mve", "*_scalar"),
        "choosing kernels": lambda: patch.object(profiling, "tuned", first_kernels),
        "dead channels": lambda: patch.object(
            passes, "PIPELINE", tuple(p for p in passes.PIPELINE if p is not drop_dead_channels)
        ),
        "channels in fours": lambda: patch.object(kept, "TOGETHER", 1),
        "Winograd": lambda: no_kernels("conv_winograd*"),
        "step functions": lambda: patch.object(step, "_fit", lambda *_: None),
        "sums that are moved": lambda: patch.object(step, "MOVES", 1),
        "columns shared": lambda: no_kernels("conv_3x3*"),
        "strips": lambda: no_kernels("conv_strips*"),
        "chunks": lambda: no_kernels("conv_chunks*", "conv_long_chunks*"),
        "planes": lambda: no_kernels("depthwise_conv_3x3*", "depthwise_fixed*"),
        "numbers in the code": lambda: no_kernels("depthwise_fixed*"),
        "straight into planes": lambda: patch.object(Conv2D, "joined", lambda *_: None),
        "depthwise over one column": lambda: no_kernels("depthwise_conv_column*"),
        "a pixel is a dense layer": lambda: patch.object(
            import_module("motes.passes.dense_pixels"), "_few", lambda _: False
        ),
        "two weights in a halfword": lambda: no_kernels("fully_connected_s8_dsp"),
        "LSTM and SVDF in eights": lambda: no_kernels("lstm_s8_dsp", "svdf*_dsp"),
        "channels in six bytes": lambda: patch.object(planes, "compact", lambda *_: None),
        "outputs over the input": lambda: kernels(lambda k: replace(k, ahead=lambda _: ())),
        "x expanded over itself": lambda: kernels(lambda k: replace(k, scratch_over=lambda _: None)),
        "rows": lambda: patch.object(profiling, "tuned", partial(tuned, rows=False)),
        "two instructions a cycle": lambda: patch.object(profiling, "find_board", in_one_order),
    }
)
"""What `docs/performance.md` tells of, and a context in which it is left out."""


def without(trick: str, build: Callable[[], Profile]) -> Profile:
    """A model built without a trick. What is kept of such builds is for none but these: names in the cache are made of
    Motes as it is written, and not of what is left out."""
    own = cache.digest(trick, Path(__file__).read_bytes())[:20]
    with patch.dict(os.environ, MOTES_CACHE=str(cache.folder() / "without" / own)), TRICKS[trick]():
        return build()


def row(one: Profile, other: Profile) -> list[str]:
    """Cycles, flash and RAM, without and with."""
    pairs = (
        (one.cycles, other.cycles),
        *((getattr(one, m)["total"], getattr(other, m)["total"]) for m in ("flash", "ram")),
    )
    return [f"{size:,}" for pair in pairs for size in pair]


def layers(one: Profile, other: Profile) -> Iterator[list[str]]:
    """Cycles of each layer that has another kernel, or takes 1% more or less."""
    ours, theirs = ({layer.name: layer for layer in p.layers} for p in (one, other))
    for name in dict.fromkeys((*ours, *theirs)):
        found = [x for x in (ours.get(name), theirs.get(name)) if x is not None]
        cycles = [x.cycles for x in found]
        if len({x.kernel for x in found}) > 1 or len(found) == 1 or max(cycles) > 1.01 * min(cycles):
            cells = (f"{x[name].cycles:,}" if name in x else "" for x in (ours, theirs))
            yield [f"  {name}", " to ".join(dict.fromkeys(x.kernel for x in found)), *cells]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("model", nargs="*", default=MODELS, help="the name of a public model, or a file")
    arguments.add_argument("--board", default="virt-m4", choices=[b.name for b in boards() if b.core.model])
    arguments.add_argument("--trick", action="append", choices=list(TRICKS), metavar="TRICK")
    arguments.add_argument("--optimize", default="balanced")
    arguments.add_argument("--step", type=int, help="of the streaming form that takes so many new rows a step")
    arguments.add_argument("--layers", action="store_true", help="the layers that differ, too")
    given = arguments.parse_args()
    models = Path(os.environ.get("MOTES_SHARED", Path(__file__).resolve().parents[2] / "shared")) / "models"
    found = {path.stem: path for path in models.rglob("*.tflite")}
    found |= {name: Path(name) for name in given.model if Path(name).is_file()}
    if missing := [name for name in given.model if name not in found]:
        sys.exit(f"no {missing[0]} below {models}; set MOTES_SHARED to the folder that holds models/")
    table = Table(title=f"one inference on {given.board}: without, with", box=None)
    table.add_column("trick")
    table.add_column("model")
    for title in ("cycles", "", "flash, bytes", "", "RAM, bytes", ""):
        table.add_column(title, justify="right")
    for name in given.model:
        build = partial(profile, found[name], given.board, input="lcg", optimize=given.optimize, step=given.step)
        usual = build()
        for trick in given.trick or TRICKS:
            print(f"{name} without {trick}", file=sys.stderr)
            try:
                other = without(trick, build)
            except DoesNotFit as error:
                print(error, file=sys.stderr)
                continue
            cells = row(other, usual)
            if cells[::2] != cells[1::2]:
                table.add_row(trick, name, *cells)
                for line in layers(other, usual) if given.layers else ():
                    table.add_row(*line)
    Console(width=170).print(table)


if __name__ == "__main__":
    main()
