"""A model as C: `<prefix>.h` and `<prefix>.c`, the headers of its kernels, and the main program of a profile image."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from motes.emit.layers import Code
from motes.emit.text import array, comment, string, templates
from motes.ir import Array, Tensor
from motes.names import identifier
from motes.plan import Plan, round_up
from motes.program import Program

HEADERS = frozenset(
    """
    arduino assert complex ctype errno features fenv float inttypes iso646 limits locale math memory setjmp signal
    stdalign stdarg stdatomic stdbit stdbool stdckdint stddef stdint stdio stdlib stdnoreturn string strings tgmath
    threads time uchar unistd wchar wctype
    """.split()  # noqa: SIM905
)
"""Headers of C and of systems around it: with a file of that name beside it, other people's C would not compile."""


@functools.cache
def _taken() -> frozenset[str]:
    """Names, without suffix, of all C that can come to lie beside the generated files."""
    house = Path(__file__).resolve().parents[1]
    found = {path.stem.lower() for room in ("c", "ops", "blocks", "boards") for path in (house / room).rglob("*.[ch]")}
    return HEADERS | found | {"main", "inputs", "host"}


def prefix_for(name: str) -> str:
    """The prefix of a model's or an application's C: an identifier like its name that meets no file or name of ours."""
    found = identifier(name, _taken(), fallback="app").lower()
    return f"app_{found}" if found.startswith(("motes", "board")) else found


def kept_offset(plan: Plan) -> int:
    """Where, in the state struct, the memory of states begins: behind the arena."""
    return round_up(plan.arena)


def offset_of(tensor: Tensor, plan: Plan) -> int:
    """A tensor's place in the state struct, in bytes."""
    return kept_offset(plan) + plan.kept[tensor] if tensor in plan.kept else plan.offsets[tensor]


def emit_model(program: Program, plan: Plan, prefix: str) -> dict[str, str]:
    """The C of a model, by file name.

    The header declares the caller-owned `<prefix>_state`, `<prefix>_init`, `<prefix>_run`, accessors for inputs and
    outputs, and every size and offset as a macro.

    Args:
        prefix: a C identifier; `prefix_for` makes one of any name.
    """
    assert identifier(prefix) == prefix, prefix
    graph = program.graph
    code = Code(prefix, plan)
    layers, stores, resets = code.add(program)
    ports = [
        {
            "kind": kind,
            "index": i,
            "offset": offset_of(t, plan),
            "bytes": t.nbytes,
            "count": t.elements,
            "type": t.dtype.c,
            "title": comment(f"{t.origin or t.name} {t.dtype.value}[{'x'.join(map(str, t.shape))}]"),
        }
        for kind, tensors in (("input", graph.inputs), ("output", graph.outputs))
        for i, t in enumerate(tensors)
    ]
    context = {
        "prefix": prefix,
        "PREFIX": prefix.upper(),
        "title": comment(graph.name),
        "macs": graph.macs,
        "arena": plan.arena,
        "kept": plan.kept_size,
        "size": kept_offset(plan) + round_up(plan.kept_size),
        "ports": ports,
        "layers": layers,
        "stores": stores,
        "resets": resets,
        "includes": list(code.includes),
        "constants": code.constants,
        "shared": list(code.shared.values()),
    }
    env = templates()
    return {
        f"{prefix}.h": env.get_template("model.h.j2").render(context),
        f"{prefix}.c": env.get_template("model.c.j2").render(context),
        **code.files(),
    }


def emit_profile_main(
    program: Program, plan: Plan, prefix: str, inputs: tuple[Array, ...], prints: bool = True
) -> dict[str, str]:
    """`main.c` and `inputs.c` of an image that runs the model once on `inputs` and is measured from outside.

    It touches nothing but ITM stimulus ports. The inputs lie in a translation unit of their own, in section
    `.motes_input`, and are copied into place by a function the compiler cannot see through.

    Args:
        prints: the outputs, in hexadecimal, when they have been measured.
    """
    graph = program.graph
    for given, tensor in zip(inputs, graph.inputs, strict=True):
        assert given.nbytes == tensor.nbytes, tensor
    context = {
        "prefix": prefix,
        "PREFIX": prefix.upper(),
        "inputs": [
            array(f"input_{i}", np.frombuffer(np.ascontiguousarray(x).tobytes(), np.uint8))
            for i, x in enumerate(inputs)
        ],
        "outputs": [{"index": i, "bytes": t.nbytes} for i, t in enumerate(graph.outputs)],
        "prints": prints and bool(graph.outputs),
        "name": string(graph.name),
        "kept": plan.kept_size,
        "kept_offset": kept_offset(plan),
    }
    env = templates()
    return {
        "main.c": env.get_template("profile_main.c.j2").render(context),
        "inputs.c": env.get_template("profile_inputs.c.j2").render(context),
    }
