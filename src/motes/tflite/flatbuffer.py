"""A reader of flatbuffers that trusts nothing: every offset and count is bounded before it is used.

A table is where its fields are found through a vtable; a field holds a number, or the distance to a string, a vector
or another table. All numbers are little endian. Source: the FlatBuffers internals document.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

from motes.errors import BadInput

Format = Literal["b", "B", "?", "H", "i", "I", "f", "q", "Q"]
"""A number's type, in the letters of `struct`."""

STRUCTURE = 16 << 20
"""Bytes of tables, strings and vectors read before giving up: tables that overlap could otherwise be read for ever."""

TABLE = 32
"""Bytes that a table counts for beyond its field list: the smallest takes time and memory, too."""


class Buffer:
    """The bytes of one file, and what has been spent on reading its structure.

    Args:
        data: the whole file.
        where: how messages call the file.
    """

    def __init__(self, data: bytes, where: str) -> None:
        self.data, self.where = memoryview(data).toreadonly(), where
        self._left = STRUCTURE

    def damaged(self, at: int, what: str) -> BadInput:
        """The error for a structure that does not hold together at byte `at`."""
        size = len(self.data)
        return BadInput(
            f"{self.where}: damaged .tflite file: {what} at byte {at} does not fit into its {size} bytes; "
            "it was cut short or altered: copy it or convert it again"
        )

    def span(self, at: int, size: int, what: str) -> memoryview:
        """The bytes `at..at + size`, which are there.

        Raises:
            BadInput: they are not.
        """
        if at < 0 or size < 0 or at + size > len(self.data):
            raise self.damaged(at, what)
        return self.data[at : at + size]

    def number(self, at: int, form: Format, what: str) -> int:
        """The integer at byte `at`."""
        return int(struct.unpack("<" + form, self.span(at, struct.calcsize("<" + form), what))[0])

    def spend(self, size: int) -> None:
        """Count `size` bytes of structure.

        Raises:
            BadInput: there is more of it than any model for a microcontroller has.
        """
        self._left -= size
        if self._left < 0:
            raise BadInput(
                f"{self.where}: its tables take more than {STRUCTURE >> 20} MiB without the weights; "
                "that is no model for a microcontroller, or the file is damaged"
            )

    def root(self) -> Table:
        """The table that the file's first word points at."""
        return self.table(self.number(0, "I", "the root offset"), "the root table")

    def table(self, at: int, what: str) -> Table:
        """The table at byte `at`, its vtable checked."""
        vtable = at - self.number(at, "i", what)
        vtable_size = self.number(vtable, "H", f"the field list of {what}")
        size = self.number(vtable + 2, "H", f"the field list of {what}")
        if vtable_size < 4 or size < 4:
            raise self.damaged(vtable, f"the field list of {what}")
        self.span(at, size, what)
        count = (vtable_size - 4) // 2
        fields = struct.unpack(f"<{count}H", self.span(vtable + 4, 2 * count, f"the field list of {what}"))
        self.spend(vtable_size + TABLE)
        return Table(self, at, size, fields, what)


@dataclass(frozen=True)
class Table:
    """One table: fields by slot, in the order of the schema; an absent field has its default."""

    buffer: Buffer
    at: int
    size: int
    fields: tuple[int, ...]
    what: str

    def _place(self, slot: int, width: int) -> int | None:
        """Where field `slot` is, or None if the file leaves it out."""
        offset = self.fields[slot] if slot < len(self.fields) else 0
        if offset == 0:
            return None
        if offset + width > self.size:
            raise self.buffer.damaged(self.at + offset, f"field {slot} of {self.what}")
        return self.at + offset

    def _follow(self, slot: int) -> int | None:
        """Where the string, vector or table of field `slot` starts."""
        place = self._place(slot, 4)
        return None if place is None else place + self.buffer.number(place, "I", f"field {slot} of {self.what}")

    def number(self, slot: int, form: Format, default: int = 0) -> int:
        """An integer."""
        place = self._place(slot, struct.calcsize("<" + form))
        return default if place is None else self.buffer.number(place, form, f"field {slot} of {self.what}")

    def real(self, slot: int, default: float = 0.0) -> float:
        """A float32."""
        place = self._place(slot, 4)
        if place is None:
            return default
        return float(struct.unpack("<f", self.buffer.span(place, 4, f"field {slot} of {self.what}"))[0])

    def raw(self, slot: int, width: int, what: str) -> memoryview | None:
        """The bytes of a vector whose elements have `width` bytes; not counted as structure, not copied."""
        start = self._follow(slot)
        if start is None:
            return None
        count = self.buffer.number(start, "I", what)
        return self.buffer.span(start + 4, count * width, what)

    def numbers(self, slot: int, form: Format, what: str) -> tuple[int, ...]:
        """A vector of integers; empty if absent."""
        raw = self.raw(slot, struct.calcsize("<" + form), what) or b""
        self.buffer.spend(len(raw))
        return struct.unpack(f"<{len(raw) // struct.calcsize('<' + form)}{form}", raw)

    def reals(self, slot: int, what: str) -> tuple[float, ...]:
        """A vector of float32; empty if absent."""
        raw = self.raw(slot, 4, what) or b""
        self.buffer.spend(len(raw))
        return struct.unpack(f"<{len(raw) // 4}f", raw)

    def text(self, slot: int, what: str) -> str:
        """A string; bytes that are not UTF-8 become question marks."""
        raw = self.raw(slot, 1, what) or b""
        self.buffer.spend(len(raw))
        return bytes(raw).decode("utf-8", "replace")

    def table(self, slot: int, what: str) -> Table | None:
        """A table."""
        at = self._follow(slot)
        return None if at is None else self.buffer.table(at, what)

    def count(self, slot: int, what: str) -> int:
        """How many elements a vector of tables has."""
        return len(self.raw(slot, 4, what) or b"") // 4

    def tables(self, slot: int, what: str, limit: int | None = None) -> tuple[Table, ...]:
        """A vector of tables, or its first `limit`; empty if absent."""
        start = self._follow(slot)
        if start is None:
            return ()
        offsets = self.numbers(slot, "I", f"the list of {what}s")[:limit]
        return tuple(self.buffer.table(start + 4 + 4 * i + offset, f"{what} {i}") for i, offset in enumerate(offsets))
