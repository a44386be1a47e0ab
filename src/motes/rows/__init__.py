"""Chains of layers run row by row: what lies between them is never whole in memory."""

from motes.rows.search import Rows, Rule

__all__ = ["Rows", "Rule"]
