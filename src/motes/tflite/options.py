"""An operator's options by name, as its `Builtin` describes them."""

from __future__ import annotations

import math
from typing import Any

from motes.errors import BadInput
from motes.ir import Builtin
from motes.tflite.flexbuffer import read_map
from motes.tflite.schema import StoredOperator
from motes.tflite.versions import check_version


def read_options(operator: StoredOperator, builtin: Builtin) -> dict[str, Any]:
    """The options, defaults where the file leaves them out.

    Raises:
        BadInput: a damaged table, a value of another kind, or a number that is not finite.
        Unsupported: a version of the operator whose options are not known; or the options of a custom one are no map
            from names to numbers and texts.
    """
    check_version(operator)
    found = _from_map(operator, builtin) if builtin.custom else _from_table(operator, builtin)
    for name, value in found.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise BadInput(f"{operator}: the option {name} is {value}; it must be a finite number")
    return found


def _from_table(operator: StoredOperator, builtin: Builtin) -> dict[str, Any]:
    found: dict[str, Any] = {}
    table = operator.options
    for slot, (name, (kind, default)) in enumerate(builtin.fields.items()):
        what = f"the option {name} of {operator}"
        if table is None:
            found[name] = default
        elif kind == "ints":
            found[name] = table.numbers(slot, "i", what)
        elif kind == "text":
            found[name] = table.text(slot, what)
        elif kind == "float":
            found[name] = table.real(slot, default)
        elif kind == "bool":
            found[name] = bool(table.number(slot, "B", int(default)))
        else:
            found[name] = table.number(slot, "b" if kind == "byte" else "i", default)
    return found


def _from_map(operator: StoredOperator, builtin: Builtin) -> dict[str, Any]:
    """Numbers and booleans stand for each other, as where TFLM reads them."""
    stored = read_map(operator.custom_options, f"the options of {operator}")
    found: dict[str, Any] = {}
    for name, (kind, default) in builtin.fields.items():
        value = stored.get(name, default)
        if isinstance(value, str) != (kind == "text"):
            raise BadInput(f"{operator}: the option {name} is {value!r}, not of type {kind}; convert the model again")
        if isinstance(value, str):
            found[name] = value
        elif kind == "float":
            found[name] = float(value)
        else:
            found[name] = bool(value) if kind == "bool" else _whole(operator, name, value)
    return found


def _whole(operator: StoredOperator, name: str, value: float) -> int:
    if not math.isfinite(value) or not -(1 << 31) <= value < 1 << 31:
        raise BadInput(f"{operator}: the option {name} is {value}; it must be a number of 32 bits")
    return int(value)
