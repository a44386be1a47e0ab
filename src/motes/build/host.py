"""Graphs as compiled C on this machine: for tests, for folding constants, and for the features of training."""

from __future__ import annotations

import ctypes
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from motes.build import cache, toolchain
from motes.build.compile import Sources, compile_all
from motes.build.guards import FILL, GUARD, spans, spread
from motes.choose import choose
from motes.emit import emit_model
from motes.emit.model import offset_of
from motes.emit.text import COMMON
from motes.errors import BadInput, BuildFailed
from motes.ir import Array, Graph, Tensor
from motes.passes import prepare
from motes.plan import Plan, plan, round_up
from motes.program import Program

GRAPHS_A_UNIT = 8
"""Graphs compiled together: fewer starts of the compiler, yet enough units for every worker."""


class HostGraph:
    """A graph compiled for this machine, with memory of its own.

    Attributes:
        graph: what was compiled, after all passes.
    """

    def __init__(self, graph: Graph, plan: Plan, prefix: str, library: ctypes.CDLL, own: Collection[slice]) -> None:
        self.graph = graph
        self._library = library
        self._init = ctypes.CFUNCTYPE(None, ctypes.c_void_p)((f"{prefix}_init", library))
        self._run = ctypes.CFUNCTYPE(None, ctypes.c_void_p)((f"{prefix}_run", library))
        self._many = library.motes_host_run
        size = round_up(plan.arena) + round_up(plan.kept_size)
        self._whole, start = _aligned(GUARD + size + GUARD)
        self._memory = self._whole[start + GUARD : start + GUARD + size]
        self._guard = np.ones(self._whole.size, bool)
        for span in own or (slice(0, size),):
            self._guard[start + GUARD + span.start : start + GUARD + span.stop] = False
        self._inputs = [(t, offset_of(t, plan)) for t in graph.inputs]
        self._outputs = [(t, offset_of(t, plan)) for t in graph.outputs]
        self.reset()

    def reset(self) -> None:
        """Forget every run: states hold their initial values again."""
        self._whole[:] = FILL
        self._init(self._memory.ctypes.data)
        self._check()

    def __call__(self, *inputs: Array) -> tuple[Array, ...]:
        """The outputs of one run; states are kept for the next.

        Args:
            inputs: one array for each input of the graph, of its exact dtype and shape.

        Raises:
            BadInput: an array does not fit its input.
            BuildFailed: a kernel wrote where it must not or, under `sanitize`, did what C does not define.
        """
        return tuple(y[0] for y in self.run_many(*(np.asarray(x)[np.newaxis] for x in inputs)))

    def run_many(self, *inputs: Array) -> tuple[Array, ...]:
        """The outputs of one run after the other, stacked along a new first axis; states are kept throughout.

        Args:
            inputs: for each input of the graph, an array of shape (runs, *shape) and of its exact dtype.

        Raises:
            BadInput, BuildFailed: as for one run.
        """
        if len(inputs) != len(self._inputs):
            raise BadInput(f"{self.graph.name} has {len(self._inputs)} inputs, {len(inputs)} are given")
        runs = len(inputs[0]) if inputs else 1
        given = [_checked(x, t, runs) for x, (t, _) in zip(inputs, self._inputs, strict=True)]
        made = [np.empty((runs, *t.shape), t.dtype.numpy) for t, _ in self._outputs]
        reads = _ports(given, self._inputs)
        writes = _ports(made, self._outputs)
        self._many(
            self._run,
            ctypes.c_void_p(self._memory.ctypes.data),
            ctypes.c_uint32(runs),
            reads,
            ctypes.c_uint32(len(given)),
            writes,
            ctypes.c_uint32(len(made)),
        )
        self._check()
        return tuple(made)

    def _check(self) -> None:
        """Raise where a guard was overwritten or undefined behaviour was reported."""
        outside = np.flatnonzero((self._whole != FILL) & self._guard)
        if outside.size:
            at = int(outside[0]) - (self._memory.ctypes.data - self._whole.ctypes.data)
            raise BuildFailed(
                f"{self.graph.name}: a kernel wrote outside its buffers, first at byte {at} of {self._memory.size}"
            )
        found = _undefined(self._library)
        if found:
            raise BuildFailed(f"{self.graph.name}: undefined behaviour: {found}")


def load(
    graphs: Sequence[Graph],
    *,
    features: frozenset[str] = frozenset(),
    sanitize: bool = False,
    optimise: str = "-O2",
) -> list[HostGraph]:
    """Graphs compiled into one library for this machine, which is kept in the cache.

    Args:
        features: of the core whose kernels are chosen; none: the portable ones, which define the meaning.
        sanitize: give every buffer a place of its own with guard bytes around it, and report undefined behaviour.
        optimise: "-O2", or "-O1" where compiling takes longer than running.

    Raises:
        BadInput, Unsupported: a graph is not whole, or asks for what Motes does not do.
        BuildFailed: its C does not compile.
    """
    programs = [choose(prepare(graph), features) for graph in graphs]
    return load_programs(programs, sanitize=sanitize, optimise=optimise)


def load_programs(programs: Sequence[Program], *, sanitize: bool = False, optimise: str = "-O2") -> list[HostGraph]:
    """The same of graphs whose kernels are chosen.

    Raises:
        BuildFailed: their C does not compile.
    """
    compiler = toolchain.for_host(optimise=optimise, sanitize=sanitize)
    plans = [spread(p) if sanitize else plan(p) for p in programs]
    prefixes = [f"g{i}" for i in range(len(programs))]
    sources = _library_sources(programs, plans, prefixes, sanitize)
    library = ctypes.CDLL(str(_link(compiler, sources)))
    return [
        HostGraph(program.graph, where, prefix, library, spans(where) if sanitize else ())
        for program, where, prefix in zip(programs, plans, prefixes, strict=True)
    ]


def library(sources: Sources) -> ctypes.CDLL:
    """C for this machine as a loaded library, portable arithmetic only; `sources` are its units and headers.

    Raises:
        BuildFailed: it does not compile.
    """
    own = {name: (COMMON / name).read_text("utf-8") for name in ("motes.h", "runtime.c")}
    return ctypes.CDLL(str(_link(toolchain.for_host(), {**own, **sources})))


def _library_sources(
    programs: Sequence[Program], plans: Sequence[Plan], prefixes: Sequence[str], sanitize: bool
) -> Sources:
    """The models' C as included text, a few models a unit, and what every library needs."""
    names = ("motes.h", "host.c", "runtime.c", *(("undefined.c",) if sanitize else ()))
    sources = {name: (COMMON / name).read_text("utf-8") for name in names}
    for program, where, prefix in zip(programs, plans, prefixes, strict=True):
        for name, text in emit_model(program, where, prefix).items():
            name = f"{prefix}.inc" if name == f"{prefix}.c" else name
            known = sources.setdefault(name, text)
            assert known == text, f"two headers are called {name}"
    for i in range(0, len(prefixes), GRAPHS_A_UNIT):
        lines = (f'#include "{prefix}.inc"\n' for prefix in prefixes[i : i + GRAPHS_A_UNIT])
        sources[f"graphs_{i // GRAPHS_A_UNIT}.c"] = "".join(lines)
    return sources


def _link(compiler: toolchain.Compiler, sources: Sources) -> Path:
    """The shared library of these sources, in the cache."""
    objects = compile_all(compiler, sources)
    name = cache.digest(compiler.key, *(part for unit, path in objects.items() for part in (unit, path.name)))
    found = cache.find(name)
    if found:
        return found
    with cache.workshop() as where:
        for unit, path in objects.items():
            (where / f"{unit}.o").write_bytes(path.read_bytes())
        compiler.link([f"{unit}.o" for unit in objects], "graphs.so", where)
        return cache.keep(name, (where / "graphs.so").read_bytes())


# ------------------------------------------------------------------------------------------------ memory


class _Port(ctypes.Structure):
    """`motes_host_port` of c/host.c."""

    _fields_ = (("data", ctypes.c_void_p), ("offset", ctypes.c_uint32), ("bytes", ctypes.c_uint32))


def _ports(arrays: Sequence[Array], ports: Sequence[tuple[Tensor, int]]) -> ctypes.Array[_Port]:
    rows = [_Port(a.ctypes.data, offset, t.nbytes) for a, (t, offset) in zip(arrays, ports, strict=True)]
    return (_Port * len(rows))(*rows)


def _checked(given: Array, tensor: Tensor, runs: int) -> Array:
    """The array, in C order, when it holds `runs` values of the tensor."""
    given = np.asarray(given)
    if given.dtype != tensor.dtype.numpy or given.shape != (runs, *tensor.shape):
        raise BadInput(
            f"input {tensor.name} takes {tensor.dtype.value} of shape {tensor.shape}, "
            f"given is {given.dtype} of shape {given.shape[1:]}"
        )
    return np.ascontiguousarray(given)


def _aligned(size: int, align: int = 64) -> tuple[Array, int]:
    """Fresh bytes, and the index of the first aligned one, with `size` bytes from there on."""
    whole = np.empty(size + align, np.uint8)
    return whole, -whole.ctypes.data % align


def _undefined(library: ctypes.CDLL) -> str:
    """The first undefined behaviour reported since the last question, or nothing: c/undefined.c keeps it."""

    class Place(ctypes.Structure):
        _fields_ = (("file", ctypes.c_char_p), ("line", ctypes.c_uint32), ("column", ctypes.c_uint32))

    try:
        count = ctypes.c_uint32.in_dll(library, "motes_undefined_count")
    except ValueError:  # compiled without the checks
        return ""
    if not count.value:
        return ""
    count.value = 0
    kind = ctypes.c_char_p.in_dll(library, "motes_undefined_kind").value or b""
    place = Place.in_dll(library, "motes_undefined_place")
    return f"{(place.file or b'?').decode()}:{place.line}:{place.column}: {kind.decode()}"
