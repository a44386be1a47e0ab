"""The generated cases of operators as .tflite files."""

from __future__ import annotations

import functools
import importlib
import importlib.util

from motes.ir import DType
from motes.ops import builtins, families
from motes.ops.case import Case
from tflite_writer import Extras, Operator, Subgraph, write_model

FAMILIES = [
    name.split(".")[-2]
    for name in families()
    if importlib.util.find_spec(name.removesuffix("op") + "cases") is not None
]


@functools.cache
def cases_of(family: str) -> tuple[Case, ...]:
    return tuple(importlib.import_module(f"motes.ops.{family}.cases").cases())


def model_of(case: Case) -> bytes:
    """The file of one case: a model of one operator, with the subgraphs it calls."""
    bodies = [Subgraph([operator_of(c) for c in body.operators], body.inputs, body.outputs) for body in case.bodies]
    extras = Extras(variables=frozenset(case.states), subgraphs=bodies)
    return write_model([operator_of(case)], case.variables, case.outputs, extras)


def operator_of(case: Case) -> Operator:
    custom = builtins()[case.builtin][1].custom
    code = ("CUSTOM", case.builtin) if custom else (case.builtin, None)
    return Operator(code[0], case.inputs, case.outputs, case.options, custom_code=code[1])


def smallest() -> list[Case]:
    """Of each operator and type the case with the smallest tensors."""
    found: dict[tuple[str, DType | None, int], Case] = {}
    for family in FAMILIES:
        for case in sorted(cases_of(family), key=size):
            first = next((t.dtype for t in case.inputs if t is not None), None)
            found.setdefault((case.builtin, first, len(case.inputs)), case)
    return list(found.values())


def size(case: Case) -> int:
    """Bytes of all tensors, of its subgraphs too."""
    own = sum(t.nbytes for t in (*case.inputs, *case.outputs) if t is not None)
    return own + sum(size(inner) for body in case.bodies for inner in body.operators)
