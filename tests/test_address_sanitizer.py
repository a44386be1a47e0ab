"""Generated C under the address sanitizer of this machine's gcc or clang (zig has none): nothing reads or writes beside
its buffers and constants, not even a guard byte; nothing does what C does not define; and the outputs are the same.

Each buffer of a model has memory of its own, and all around it is poisoned.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from case_models import model_of, smallest
from conftest import missing
from motes.build import host
from motes.build.guards import spans, spread
from motes.choose import choose
from motes.emit import emit_model
from motes.emit.model import offset_of
from motes.emit.text import COMMON
from motes.ir import Array, DType, Graph
from motes.passes import prepare
from motes.plan import Plan
from motes.tflite import load
from random_models import random_model
from toys import Gain, Spill, chain, values

RANDOM, RANDOM_EACH = 24, 8
CASES_EACH = 50
"""So many random models, and so many of each in one program; cases of single operators."""
FLAGS = (
    "-std=c11", "-ffreestanding", "-ffp-contract=off", "-fno-math-errno", "-fno-strict-aliasing", "-funsigned-char",
    "-Wall", "-Wextra", "-Werror", "-O1", "-g1",
    "-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all",
)  # fmt: skip
LONGEST_S = 300


@cache
def compiler() -> str:
    """A compiler of this machine that links with the address sanitizer, or nothing."""
    for name in filter(shutil.which, ("gcc", "clang")):
        probe = (name, *FLAGS, "-x", "c", "-", "-o", "/dev/null")
        if (
            subprocess.run(probe, input=b"int main(void) { return 0; }", capture_output=True, check=False).returncode
            == 0
        ):
            return name
    return ""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "first_model" in metafunc.fixturenames:
        metafunc.parametrize("first_model", range(0, RANDOM, RANDOM_EACH))
    if "first_case" in metafunc.fixturenames:
        every = len(smallest()) if metafunc.config.getoption("--generated") else CASES_EACH
        metafunc.parametrize("first_case", range(0, every, CASES_EACH))


def test_random_models(first_model: int, tmp_path: Path) -> None:
    models = [random_model(seed) for seed in range(first_model, first_model + RANDOM_EACH)]
    graphs = [load(model.data, model.name) for model in models]
    run_watched(graphs, [model.stimuli() for model in models], tmp_path)


def test_every_operator(first_case: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    every = smallest()
    step = 1 if request.config.getoption("--generated") else len(every) // CASES_EACH
    cases = every[first_case * step :][: CASES_EACH * step : step]
    graphs = [load(model_of(case), case.name) for case in cases]
    run_watched(graphs, [list(case.stimuli()) for case in cases], tmp_path)


def test_the_watch_is_kept(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"(?s)use-after-poison.*toy_spill"):
        run_watched([chain(Gain(1), Spill(1), Gain(1), name="inner")], [[(values(),)]], tmp_path)


def run_watched(graphs: Sequence[Graph], stimuli: Sequence[Sequence[tuple[Array, ...]]], where: Path) -> None:
    """Run graphs on their stimuli, one after the other; the sanitizers end the program where they find something."""
    if not compiler():
        missing("neither gcc nor clang with the address sanitizer is installed")
    programs = [choose(prepare(graph), frozenset()) for graph in graphs]
    plans = [spread(program) for program in programs]
    sources = {name: (COMMON / name).read_text("utf-8") for name in ("motes.h", "runtime.c")}
    for i, (program, plan) in enumerate(zip(programs, plans, strict=True)):
        sources |= emit_model(program, plan, f"g{i}")
    each = enumerate(zip(programs, plans, stimuli, strict=True))
    sources["main.c"] = main_of([driver(i, program.graph, plan, len(runs)) for i, (program, plan, runs) in each])
    for name, text in sources.items():
        (where / name).write_text(text, "utf-8")
    (where / "data.bin").write_bytes(recorded(graphs, stimuli))
    run([compiler(), *FLAGS, "main.c", "runtime.c", "-o", "main"], where)
    assert run(["./main"], where).splitlines()[-1:] == [f"{len(graphs)} models"]


def run(command: Sequence[str], where: Path) -> str:
    """What the command prints; it must end well."""
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout


def recorded(graphs: Sequence[Graph], stimuli: Sequence[Sequence[tuple[Array, ...]]]) -> bytes:
    """The inputs and outputs of every run, as the usual library computes them."""
    data = bytearray()
    for ours, runs in zip(host.load(graphs, optimise="-O1"), stimuli, strict=True):
        for inputs in runs:
            data += b"".join(np.ascontiguousarray(x).tobytes() for x in (*inputs, *ours(*inputs)))
    return bytes(data)


def driver(index: int, graph: Graph, plan: Plan, runs: int) -> str:
    """A C function that runs one model, with all but its buffers poisoned; each output must be what is recorded."""
    own = sorted((s.start, s.stop) for s in spans(plan))
    ends = [0, *(stop for _, stop in own)], [*(start for start, _ in own), "SIZE"]
    lines = [f"poison(memory + {start}, {stop} - {start});" for start, stop in zip(*ends, strict=True)]
    lines += [f"g{index}_init((g{index}_state *)memory);", f"for (int run = 0; run < {runs}; run++) {{"]
    lines += [f"    take(memory + {offset_of(t, plan)}, {t.nbytes});" for t in graph.inputs]
    lines += [f"    g{index}_run((g{index}_state *)memory);"]
    for n, t in enumerate(graph.outputs):
        floats = int(t.dtype is DType.FLOAT32)
        lines += [f'    compare("{graph.name}", run, {n}, memory + {offset_of(t, plan)}, {t.nbytes}, {floats});']
    body = "\n    ".join([*lines, "}", "unpoison(memory, SIZE);"])
    return f"static void try_{index}(void) {{\n    memset(memory, 0xA5, SIZE);\n    {body}\n}}\n"


def main_of(drivers: Sequence[str]) -> str:
    """The program: the models' C as included text, their drivers, and a `main` that calls each."""
    includes = "".join(f'#include "g{i}.c"\n' for i in range(len(drivers)))
    calls = "".join(f"    try_{i}();\n" for i in range(len(drivers)))
    last = f'    printf("{len(drivers)} models\\n");\n    return 0;\n'
    return f"{includes}{HARNESS}{''.join(drivers)}int main(void) {{\n{OPENED}{calls}{last}}}\n"


OPENED = '    data = fopen("data.bin", "rb");\n    if (!data)\n        return 1;\n'
HARNESS = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
enum { SIZE = 1 << 20 };
static unsigned char memory[SIZE] __attribute__((aligned(64)));
static FILE *data;
void __asan_poison_memory_region(const volatile void *at, size_t size);
void __asan_unpoison_memory_region(const volatile void *at, size_t size);
static void poison(unsigned char *at, size_t size) { __asan_poison_memory_region(at, size); }
static void unpoison(unsigned char *at, size_t size) { __asan_unpoison_memory_region(at, size); }
static void take(unsigned char *to, size_t size) {
    if (fread(to, 1, size, data) != size)
        exit(2);
}
static void compare(const char *model, int run, int output, const unsigned char *have, size_t size, int floats) {
    unsigned char *want = (unsigned char *)malloc(size);
    take(want, size);
    for (size_t i = 0; i < size; i += floats ? 4 : 1) {
        float a = 0, b = 0;
        if (floats) {
            memcpy(&a, have + i, 4);
            memcpy(&b, want + i, 4);
        }
        if (!(floats ? memcmp(&a, &b, 4) == 0 || (a != a && b != b) : have[i] == want[i])) {
            printf("%s: run %d: output %d differs at byte %zu\\n", model, run, output, i);
            exit(3);
        }
    }
    free(want);
}
"""
