"""Emitted C in somebody else's program: nothing but it and a short main, as C11 and as C++17, under every compiler."""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from motes.app import load_app
from motes.build import toolchain
from motes.choose import choose
from motes.emit import emit_model
from motes.ir import Graph
from motes.making import make
from motes.ops import builtins
from motes.pairs import joined, pairs_of
from motes.passes import prepare
from motes.plan import plan
from motes.target import core
from motes.tflite import load
from pointwise_networks import Pair
from toys import Gain, chain, line, total

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
MODELS = sorted(EXAMPLES.glob("*/model.tflite"))
APPS = sorted(EXAMPLES.glob("*/app.py"))
ITEMS = {"microphone": "int16_t", "accelerometer": "int16_t", "camera": "uint8_t"}

STRICT = ("-O1", "-Wall", "-Wextra", "-Werror", "-pedantic")
LANGUAGES = {"c11": ("-x", "c", "-std=c11"), "c++17": ("-x", "c++", "-std=c++17")}
ZIG = ("-target", toolchain.host_target())
COMPILERS = {
    ("gcc", "c11"): ("gcc",),
    ("gcc", "c++17"): ("g++",),
    ("clang", "c11"): ("clang",),
    ("clang", "c++17"): ("clang++",),
    ("zig", "c11"): (*toolchain.for_host().command, *ZIG),
    ("zig", "c++17"): (toolchain.for_host().command[0], "c++", *ZIG),
}
FAMILIES = sorted({op.__module__.split(".")[-2] for op, _ in builtins().values()})
"""Those that models name; what passes make of them has no cases of its own."""
VECTORS = {
    op.__module__.split(".")[-2] for op, _ in builtins().values() if any("mve" in kernel.needs for kernel in op.kernels)
}
FOR_CORES = [("cortex-m4", family) for family in FAMILIES] + [("cortex-m55", family) for family in sorted(VECTORS)]
"""Cores, and the families whose kernels are compiled for each."""


@pytest.fixture(params=COMPILERS, ids=" ".join)
def command(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """How a compiler is started for a language."""
    program, language = request.param
    command = COMPILERS[request.param]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{program} is not installed")
    return (*command, *LANGUAGES[language], *STRICT)


def emitted(graph: Graph, features: frozenset[str] = frozenset(), prefix: str = "drop") -> Mapping[str, str]:
    program = choose(prepare(graph), features)
    return emit_model(program, plan(program), prefix)


def run(command: tuple[str, ...], where: Path, files: Mapping[str, str], main: str, *options: str) -> None:
    """Compile everything; link and run it too, but for zig, which would have to make its C++ library first."""
    for name, text in {**files, "main.c": (HERE / main).read_text("utf-8")}.items():
        (where / name).write_text(text)
    units = sorted(p.name for p in where.glob("*.c"))
    if "-target" in command:
        for unit in units:
            check([*command, *options, "-c", unit, "-o", f"{unit}.o"], where)
        return
    check([*command, *options, *units, "-o", "program"], where)
    check([str(where / "program")], where)


def check(command: list[str], where: Path) -> None:
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:] or f"status {done.returncode}"


@pytest.mark.parametrize("model", MODELS, ids=lambda p: p.parent.name)
def test_a_model_drops_into_a_program(tmp_path: Path, command: tuple[str, ...], model: Path) -> None:
    run(command, tmp_path, emitted(load(model)), "drop_in_model.c")


@pytest.mark.parametrize("app", APPS, ids=lambda p: p.parent.name)
def test_an_application_drops_into_a_program(tmp_path: Path, command: tuple[str, ...], app: Path) -> None:
    application = load_app(app).application
    made = make(application, "drop", "host", tmp_path / "out", "zig")
    run(command, tmp_path, made.sources, "drop_in_application.c", f"-DITEM={ITEMS[application.sources[0].kind]}")


@pytest.mark.parametrize("app", APPS, ids=lambda p: p.parent.name)
def test_an_application_is_an_image_by_every_toolchain(tmp_path: Path, compiler: str, app: Path) -> None:
    """Blocks and models on the core: each stage ends with its self-check."""
    application = load_app(app).application
    made = make(application, "drop", "virt-m4", tmp_path, compiler)
    assert made.image is not None
    assert made.schedule.meets_deadlines(made.application)  # stages may have become streams


@pytest.mark.parametrize("graph", [chain(Gain(3), Gain(5)), total(), line(1.5, total().states[0].initial)], ids=str)
def test_small_graphs_drop_into_a_program(tmp_path: Path, command: tuple[str, ...], graph: Graph) -> None:
    run(command, tmp_path, emitted(graph), "drop_in_model.c")


@pytest.mark.parametrize("family", FAMILIES)
def test_every_kernel_compiles_anywhere(tmp_path: Path, command: tuple[str, ...], family: str) -> None:
    compile_cases(command, tmp_path, family, frozenset())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("name", "family"), FOR_CORES)
def test_every_kernel_compiles_for_the_core(
    tmp_path: Path, compiler: str, language: str, name: str, family: str
) -> None:
    made = toolchain.for_core(core(name), compiler)
    flags = tuple(f for f in made.flags if not f.startswith("-std"))
    # An assembly kernel is one string, and longer than every compiler must take.
    strict = (*STRICT, "-Wno-overlength-strings")
    compile_cases((*made.command, *flags, *LANGUAGES[language], *strict), tmp_path, family, core(name).features)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pairs_compile_for_the_core(tmp_path: Path, compiler: str, language: str) -> None:
    where = core("cortex-m4")
    made = toolchain.for_core(where, compiler)
    flags = tuple(f for f in made.flags if not f.startswith("-std"))
    whole = choose(Pair().graph(), where.features)
    program = joined(whole, pairs_of(whole, where.features).values())
    for file, text in emit_model(program, plan(program), "drop").items():
        (tmp_path / file).write_text(text)
    strict = (*LANGUAGES[language], *STRICT, "-Wno-overlength-strings")
    check([*made.command, *flags, *strict, "-c", "drop.c", "-o", "drop.o"], tmp_path)


def compile_cases(command: tuple[str, ...], where: Path, family: str, features: frozenset[str]) -> None:
    """Several cases of every operator of a family, without linking."""
    name = f"motes.ops.{family}.cases"
    assert importlib.util.find_spec(name), f"{family} has no cases"
    cases = list(importlib.import_module(name).cases())
    several = [*itertools.islice(cases, 0, None, max(1, len(cases) // 8))]
    for i, case in enumerate(several):
        for file, text in emitted(case.graph(builtins()), features, f"case{i}").items():
            (where / file).write_text(text)
    (where / "all.c").write_text("".join(f'#include "case{i}.c"\n' for i in range(len(several))))
    check([*command, "-c", "all.c", "-o", "all.o"], where)
