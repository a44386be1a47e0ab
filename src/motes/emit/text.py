"""Numbers, arrays, structs and names as C text, and the templates they are put into."""

from __future__ import annotations

import functools
import math
import re
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from motes.ir import Array, Params

COMMON = Path(__file__).resolve().parents[1] / "c"
"""The headers that kernels of every folder may include."""

WIDTH = 100


@functools.cache
def templates() -> jinja2.Environment:
    """The C templates; a name that a template uses and nobody gives is an error."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("motes.emit"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # what comes from a file passes through `identifier`, `comment` or `string`
    )


def string(text: str) -> str:
    """A C string literal of any text, in UTF-8, with nothing in it that could end it or be read as a format."""
    plain = set(range(0x20, 0x7F)) - set(b'"\\%?')
    return '"' + "".join(chr(b) if b in plain else f"\\{b:03o}" for b in text.encode()) + '"'


def number(value: int | float | np.number[Any]) -> str:
    """A number as a C literal that means exactly it; a float is single precision."""
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, (int, np.integer)):
        value = int(value)
        if value in (-(1 << 31), -(1 << 63)):  # whose digits alone are no number of the type
            return "INT32_MIN" if value == -(1 << 31) else "INT64_MIN"
        if -(1 << 31) < value < 1 << 31:
            return str(value)
        kind = "UINT32_C" if 0 <= value < 1 << 32 else "INT64_C" if value < 1 << 63 else "UINT64_C"
        return f"{kind}({value})"
    single = float(np.float32(value))
    if math.isnan(single):
        return '__builtin_nanf("")'
    if math.isinf(single):
        return "__builtin_inff()" if single > 0 else "-__builtin_inff()"
    return f"{single.hex()}f"


def comment(text: str) -> str:
    """Text that cannot end a comment or begin one, whatever a compiler splices or replaces: ASCII, on one line."""
    shown = "".join(c if c.isprintable() and c.isascii() else "?" for c in text)
    shown = shown.replace("\\", "|")
    for pair in ("*/", "/*", "??"):  # the last begins a trigraph
        while pair in shown:
            shown = shown.replace(pair, f"{pair[0]} {pair[1]}")
    return shown


def c_type(data: Array) -> str:
    """The C type of an array's elements."""
    return {"float32": "float", "bool": "uint8_t"}.get(str(data.dtype), f"{data.dtype}_t")


def array(name: str, data: Array) -> str:
    """A constant array's definition; of float16 the bits."""
    data = data.view(np.uint16) if data.dtype == np.float16 else data
    items = [number(v) for v in data.ravel()] if data.dtype == np.float32 else _integers(data)
    lines, line = [], "   "
    for item in items:
        if len(line) + len(item) + 2 > WIDTH:
            lines.append(line)
            line = "   "
        line += f" {item},"
    body = "\n".join([*lines, line])
    return f"static const {c_type(data)} {name}[{data.size}] MOTES_ALIGNED(8) = {{\n{body}\n}};\n"


def _integers(data: Array) -> list[str]:
    flat = data.ravel()
    if flat.size and (flat.min() <= -(1 << 31) or flat.max() >= 1 << 31):
        return [number(int(v)) for v in flat]
    return [str(int(v)) for v in flat.tolist()]


def narrowed(data: Array) -> Array:
    """Numbers in the smallest type that holds them all."""
    if data.dtype.kind not in "iu":
        return data.astype(np.float32)
    kinds = (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32)
    fits = (k for k in kinds if np.iinfo(k).min <= data.min() and data.max() <= np.iinfo(k).max)
    return data.astype(next(fits, np.int64))


@functools.cache
def struct_fields(header: Path, struct: str) -> tuple[str, ...] | None:
    """The field names of `typedef struct {...} <struct>;` in order, or None where the header has no such struct.

    With `typedef <other> <struct>;` they are those of `other`, in this header or in one that it includes, from beside
    it or from the common ones.
    """
    code = re.sub(r"/\*.*?\*/|//[^\n]*", " ", header.read_text("utf-8"), flags=re.S)
    found = re.search(r"typedef\s+struct\s*\w*\s*\{([^{}]*)\}\s*" + re.escape(struct) + r"\s*;", code)
    if not found:
        same = re.search(r"typedef\s+(\w+)\s+" + re.escape(struct) + r"\s*;", code)
        included = re.findall(r'#\s*include\s+"([^"]+)"', code)
        near = [header, *(folder / name for name in included for folder in (header.parent, COMMON))]
        return next((f for h in near if same and h.exists() and (f := struct_fields(h, same[1]))), None)
    names: list[str] = []
    for declaration in filter(None, (d.strip() for d in found[1].split(";"))):
        first, *rest = declaration.split(",")
        names += [re.findall(r"\w+", first)[-1], *(re.findall(r"\w+", r)[-1] for r in rest)]
    return tuple(names)


def struct_value(header: Path, struct: str, params: Params, arrays: dict[str, str]) -> str | None:
    """The initialiser of a kernel's parameter struct; `arrays` names the array behind each array field."""
    fields = struct_fields(header, struct)
    if fields is None:
        assert not params, f"{header.name} has no {struct}, but the operator gives it {sorted(params)}"
        return None
    assert set(fields) == set(params), f"{header.name}: {struct} has {sorted(fields)}, given {sorted(params)}"
    width = max(map(len, fields))
    rows = []
    for name in fields:
        value = params[name]
        text = arrays[name] if isinstance(value, np.ndarray) else number(value)
        rows.append(f"    /* {name.ljust(width)} */ {text},")
    return "{\n" + "\n".join(rows) + "\n}"
