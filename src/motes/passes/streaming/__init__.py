"""Streaming: a model over a window in time as one that computes, each step, only what is new."""

from motes.passes.streaming.motion import rows_of
from motes.passes.streaming.steps import Streamed, steady, stream

__all__ = ["Streamed", "rows_of", "steady", "stream"]
