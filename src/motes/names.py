"""Names from files made safe for C: what a user called a thing is shown, never emitted."""

from __future__ import annotations

import re
from collections.abc import Collection

LONGEST = 48
"""Characters kept of a name; converters join the names of all layers they fused."""

KEYWORDS = frozenset(
    """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class co_await
    co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype default delete do
    double dynamic_cast else enum explicit export extern false float for friend goto if inline int long main mutable
    namespace new noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast
    requires restrict return short signed sizeof static static_assert static_cast struct switch template this
    thread_local throw true try typedef typeid typename typeof typeof_unqual union unsigned using virtual void volatile
    wchar_t while xor xor_eq
    """.split()  # noqa: SIM905
)
"""The keywords of C23 and C++20, and `main`."""


def identifier(text: str, taken: Collection[str] = (), fallback: str = "x") -> str:
    """An ASCII identifier of C and C++ that resembles `text` and is none of `taken`, whatever the case of letters.

    Args:
        text: any string; what is not an ASCII letter or digit becomes an underscore.
        taken: identifiers in use, in lower case (sizes become macros, so `in` and `IN` would collide).
        fallback: stands for a text without a single usable character, and leads one that starts with a digit.
    """
    kept = re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_") or fallback
    if kept[0].isdigit():
        kept = f"{fallback}_{kept}"
    kept = kept[:LONGEST].rstrip("_")
    if kept.lower() in KEYWORDS:
        kept += "_"
    found, count = kept, 1
    while found.lower() in taken:
        count += 1
        found = f"{kept.rstrip('_')}_{count}"
    return found


class Names:
    """Identifiers for texts, each given out once, however many texts are alike."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._counts: dict[str, int] = {}  # of each first choice: the number that was last tried behind it

    def __call__(self, text: str, fallback: str = "x") -> str:
        """An identifier like `text`, as `identifier` makes it, that was never given before."""
        wanted = found = identifier(text, fallback=fallback)
        count = self._counts.get(wanted.lower(), 1)
        while found.lower() in self._taken:
            count += 1
            found = f"{wanted.rstrip('_')}_{count}"
        self._counts[wanted.lower()] = count
        self._taken.add(found.lower())
        return found


def snake(name: str) -> str:
    """`DepthwiseConv2D` -> `depthwise_conv2d`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def printable(text: str) -> str:
    """Text of others on one line, without what a terminal would obey: such characters become question marks."""
    return "".join(c if c.isprintable() else "?" for c in text)


def quoted(text: str, longest: int = 80) -> str:
    """A name from a file on one line, in quotes, without control characters, shortened to `longest` characters."""
    return repr(text if len(text) <= longest else text[: longest - 1] + "…")
