"""How long work says what it is doing, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[str, float | None], None]
"""Called with what is being done, such as "compiling", and the share done so far, 0 to 1, or None if nobody knows."""


def silent(what: str, share: float | None = None) -> None:
    """Nobody listens."""
