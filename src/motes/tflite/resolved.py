"""Operators that the importer resolves: states and constants come of them, and nothing is left to run."""

from __future__ import annotations

from dataclasses import dataclass

from motes.ir import DType
from motes.tflite.decode import DECODE_TYPES


@dataclass(frozen=True)
class Resolved:
    """One of them: the element types of what it reads, assigns or makes, and what becomes of it."""

    name: str
    types: tuple[DType, ...]
    limits: str
    about: str


RESOLVED = (
    Resolved("ASSIGN_VARIABLE", tuple(DType), "", "Replaces the value of a resource variable."),
    Resolved("CALL_ONCE", (), "in the main subgraph, with constants", "Gives resource variables their first values."),
    Resolved("READ_VARIABLE", tuple(DType), "", "The value of a resource variable."),
    Resolved("TFLM_DECODE", DECODE_TYPES, "", "Constants that the file holds in fewer bits."),
    Resolved("VAR_HANDLE", (), "", "Names a resource variable."),
)
