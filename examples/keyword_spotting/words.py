"""What is said: the keywords, and the words that a keyword must not be mistaken for."""

from __future__ import annotations

from pathlib import Path

KEYWORDS = ("happy", "marvin", "seven")
LABELS = (*KEYWORDS, "unknown", "silence")


def _vocabulary(name: str) -> tuple[str, ...]:
    return tuple((Path(__file__).parent / "vocabulary" / f"{name}.txt").read_text(encoding="utf-8").split())


NEIGHBOURS = _vocabulary("neighbours")
"""Rhymes, shared beginnings and endings, one or two sounds changed, fragments: where false alarms come from."""
COMMANDS = _vocabulary("commands")
"""Short words that people say to machines."""
COMMON = _vocabulary("common")
"""What else is said: frequent words."""
UNKNOWN = (*NEIGHBOURS, *COMMANDS, *COMMON)
