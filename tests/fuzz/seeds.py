"""Small models of every operator and type to begin with: what coverage alone would take days to write."""

from __future__ import annotations

from collections.abc import Iterator

from case_models import FAMILIES, cases_of, model_of
from motes.ir import DType
from motes.ops.case import Case
from random_models import random_model
from test_tflite_fuzz import models

RANDOM = 60
"""So many random models are seeds, too, where they are small."""
LARGEST = 8 << 10
"""Bytes: what is larger is mutated too slowly."""


def seeds() -> Iterator[tuple[str, bytes]]:
    """(name, file) of every seed; the same each time."""
    for case in smallest():
        yield case.name, model_of(case)
    for name, read in models():
        yield name, read()
    for model in map(random_model, range(RANDOM)):
        if len(model.data) <= LARGEST:
            yield model.name, model.data


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
