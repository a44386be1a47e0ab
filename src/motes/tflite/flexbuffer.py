"""Options of custom operators: a FlexBuffer that holds one map from names to numbers and texts.

Every offset and count is bounded before it is used. A value has a width of 1, 2, 4 or 8 bytes; what does not fit into
it is given as the distance back to it. The end of the bytes says where to begin: the root's value, its type, its width.
Source: the FlexBuffers internals in the FlatBuffers documentation.
"""

from __future__ import annotations

import struct

from motes.errors import BadInput, Unsupported

Value = bool | int | float | str

MOST_KEYS = 256
LONGEST = 1024
"""Bytes of a key or text."""

NULL, INT, UINT, FLOAT, KEY, STRING, INDIRECT_INT, INDIRECT_UINT, INDIRECT_FLOAT, MAP = range(10)
BOOL = 26

FORMS = {
    **{(INT, width): form for width, form in zip((1, 2, 4, 8), "bhiq", strict=True)},
    **{(UINT, width): form for width, form in zip((1, 2, 4, 8), "BHIQ", strict=True)},
    **{(FLOAT, width): form for width, form in zip((2, 4, 8), "efd", strict=True)},
}
"""The letter of `struct` for each type and width."""

DIRECT = {INDIRECT_INT: INT, INDIRECT_UINT: UINT, INDIRECT_FLOAT: FLOAT}


def read_map(data: memoryview, what: str) -> dict[str, Value]:
    """The entries of the map; no bytes at all are an empty map.

    Args:
        data: a whole FlexBuffer.
        what: how messages call it.

    Raises:
        BadInput: it is damaged.
        Unsupported: it is no map, or holds other than numbers and texts.
    """
    return _Reader(data, what).root() if len(data) else {}


class _Reader:
    """One FlexBuffer."""

    def __init__(self, data: memoryview, what: str) -> None:
        self.data, self.what = data, what

    def root(self) -> dict[str, Value]:
        """The map that the last bytes lead to."""
        width, packed = self.number(len(self.data) - 1, UINT, 1), self.number(len(self.data) - 2, UINT, 1)
        if packed >> 2 != MAP:
            raise Unsupported(self.what, "are no map from names to values", "write the model again with named options")
        return self.map(self.back(len(self.data) - 2 - width, width), 1 << (packed & 3))

    def map(self, at: int, width: int) -> dict[str, Value]:
        """The map whose first value is at byte `at`: in front of it are its keys' place, their width, and its size."""
        count = self.number(at - width, UINT, width)
        keys, key_width = self.back(at - 3 * width, width), self.number(at - 2 * width, UINT, width)
        if count > MOST_KEYS:
            raise self.damaged(f"{count} options")
        types = at + count * width
        return {
            self.text(self.back(keys + i * key_width, key_width)): self.value(
                at + i * width, width, self.number(types + i, UINT, 1)
            )
            for i in range(count)
        }

    def value(self, at: int, width: int, packed: int) -> Value:
        """The value at byte `at`, `width` bytes wide there; `packed` is its type, and how wide it is where it lies."""
        kind, own = packed >> 2, 1 << (packed & 3)
        if kind == BOOL:
            return bool(self.number(at, UINT, width))
        if kind in DIRECT:
            return self.number(self.back(at, width), DIRECT[kind], own)
        if kind in (INT, UINT, FLOAT):
            return self.number(at, kind, width)
        if kind == STRING:
            start = self.back(at, width)
            return self.words(start, self.number(start - own, UINT, own))
        if kind == KEY:
            return self.text(self.back(at, width))
        raise Unsupported(
            self.what, f"hold a value of type {kind}", "only numbers and texts are read: leave the others out"
        )

    def number(self, at: int, kind: int, width: int) -> int:
        """A number; a float is one, too, for those who ask for it."""
        form = FORMS.get((kind, width))
        if form is None or at < 0 or at + width > len(self.data):
            raise self.damaged(f"byte {at}")
        number: int = struct.unpack("<" + form, self.data[at : at + width])[0]
        return number

    def back(self, at: int, width: int) -> int:
        """Where the distance at byte `at` leads."""
        return at - self.number(at, UINT, width)

    def text(self, at: int) -> str:
        """A text that ends with a zero byte."""
        found = bytes(self.data[max(at, 0) : max(at, 0) + LONGEST]).find(0)
        return self.words(at, found)

    def words(self, at: int, size: int) -> str:
        if at < 0 or not 0 <= size <= LONGEST or at + size > len(self.data):
            raise self.damaged(f"byte {at}")
        return bytes(self.data[at : at + size]).decode("utf-8", "replace")

    def damaged(self, what: str) -> BadInput:
        return BadInput(
            f"{self.what} do not hold together ({what} of {len(self.data)}); the file is damaged: convert it again"
        )
