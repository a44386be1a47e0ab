"""Accidents where a .tflite file has meaning: one number of a tensor, an operator or its options becomes another."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from typing import Literal, TypeAlias

from motes.errors import MotesError
from motes.tflite.flatbuffer import Buffer, Table

Place: TypeAlias = tuple[int, Literal["b", "i", "q", "f"]]
"""Where a number is, and its type in the letters of `struct`."""

INTEGERS = (
    -(2**31),
    -65536,
    -129,
    -5,
    -4,
    -3,
    -2,
    -1,
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    8,
    16,
    31,
    32,
    33,
    127,
    128,
    255,
    256,
    65535,
)
LARGE = (1 << 16, 1 << 20, (1 << 26) + 1, 2**31 - 1)
REALS = (
    0.0,
    -0.0,
    1e-40,
    1e-30,
    1e-10,
    0.5,
    1.0,
    2.0,
    -1.0,
    1e10,
    1e30,
    3e38,
    float("inf"),
    float("-inf"),
    float("nan"),
)


def changed_number(data: bytes, chance: random.Random) -> bytes:
    """The file with one number changed; as it was where none can be found."""
    try:
        places = list(_numbers(Buffer(data, "m").root(), chance))
    except (MotesError, ValueError, IndexError):
        return data
    if not places:
        return data
    at, form = chance.choice(places)
    size = struct.calcsize(form)
    if at < 0 or at + size > len(data):
        return data
    (old,) = struct.unpack_from("<" + form, data, at)
    return data[:at] + _another(old, form, data, places, chance) + data[at + size :]


def _another(old: float, form: str, data: bytes, places: list[Place], chance: random.Random) -> bytes:
    """Another number for the old one: near it, of interest, or one that is elsewhere in the file."""
    kind = chance.randrange(4)
    twins = [at for at, other in places if other == form and at + struct.calcsize(form) <= len(data)]
    if kind == 0 and twins:
        at = chance.choice(twins)
        return data[at : at + struct.calcsize(form)]
    if form == "f":
        new = old * chance.choice((-1.0, 0.25, 2.0, 1e3)) if kind == 1 else chance.choice(REALS)
        try:
            return struct.pack("<f", new)
        except OverflowError:
            return struct.pack("<f", float("inf"))
    made = int(old) + chance.choice((-1, 1)) if kind == 1 else chance.choice(INTEGERS * 3 + LARGE)
    bits = 8 * struct.calcsize(form)
    return (made % (1 << bits)).to_bytes(bits // 8, "little")


def _numbers(model: Table, chance: random.Random) -> Iterator[Place]:
    """The numbers of one operator, tensor, operator code or list of ends, drawn at random."""
    kind = chance.choice(("operator", "operator", "tensor", "tensor", "code", "ends"))
    if kind == "code":
        yield from _fields(chance.choice(model.tables(1, "code")), {0: "b", 2: "i", 3: "i"})
        return
    graph = chance.choice(model.tables(2, "subgraph"))
    if kind == "ends":
        yield from _list(graph, 1, "i")
        yield from _list(graph, 2, "i")
    elif kind == "tensor":
        tensor = chance.choice(graph.tables(0, "tensor"))
        yield from _fields(tensor, {1: "b", 2: "i", 5: "b"})
        yield from _list(tensor, 0, "i")
        yield from _list(tensor, 7, "i")
        quantization = tensor.table(4, "quantization")
        if quantization is not None:
            yield from _list(quantization, 2, "f")
            yield from _list(quantization, 3, "q")
            yield from _fields(quantization, {6: "i"})
        buffers = model.tables(4, "buffer")
        number = tensor.number(2, "I")
        if number < len(buffers):
            yield from _list(buffers[number], 0, chance.choice(("b", "i", "f")))
    else:
        operator = chance.choice(graph.tables(3, "operator"))
        yield from _list(operator, 1, "i")
        yield from _list(operator, 2, "i")
        yield from _list(operator, 5, "b")
        options = operator.table(4, "options")
        if options is not None:
            yield from _fields(options, {slot: chance.choice(("b", "i", "f")) for slot in range(len(options.fields))})
            for slot in range(len(options.fields)):
                yield from _list(options, slot, "i")


def _fields(table: Table, slots: dict[int, Literal["b", "i", "f"]]) -> Iterator[Place]:
    """The numbers that are fields of the table."""
    for slot, form in slots.items():
        if slot < len(table.fields) and table.fields[slot]:
            yield table.at + table.fields[slot], form


def _list(table: Table, slot: int, form: Literal["b", "i", "q", "f"]) -> Iterator[Place]:
    """The first elements of a list, and its length, where field `slot` leads to one."""
    if slot >= len(table.fields) or not table.fields[slot]:
        return
    place = table.at + table.fields[slot]
    start = place + table.buffer.number(place, "I", "a list")
    count = table.buffer.number(start, "I", "a list")
    yield start, "i"
    yield from ((start + 4 + i * struct.calcsize(form), form) for i in range(min(count, 16)))
