"""Weights as `svdf_s8_dsp.h` streams them, and when it can serve a node."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from motes.ir import Array, DType, Node, Params
from motes.ops.dense import blocks

MOST_RIGHT, MOST_LEFT = 30, 7
"""Shifts that leave room for a half to be added, and for sums below 2**23."""


@functools.lru_cache(maxsize=16)
def pack(node: Node) -> Array | None:
    """int32: the stream, or None where a sum is too large for it."""
    feature = node.input(1).data
    assert feature is not None, node
    stream = blocks(feature, -node.input(0).zero_point * feature.sum(axis=1, dtype=np.int64))
    return None if stream is None else stream.reshape(-1)


def fits(memory: DType) -> Callable[[Node], bool]:
    """Whether it is int8 with this memory, and neither shifts nor sums are too large."""

    def check(node: Node) -> bool:
        x, feature, state = node.input(0), node.input(1), node.input(4)
        if (x.dtype, feature.dtype, state.dtype) != (DType.INT8, DType.INT8, memory):
            return False
        shift = node.op.params(node)["state_shift"]
        assert isinstance(shift, int), node
        return -MOST_RIGHT <= shift <= MOST_LEFT and pack(node) is not None

    return check


def params(node: Node) -> Params:
    """The fields of `svdf_dsp_params`."""
    fields, stream, time = dict(node.op.params(node)), pack(node), node.input(2).data
    bias, zero = fields.pop("bias"), fields["state_zero"]
    assert stream is not None and time is not None and isinstance(bias, np.ndarray) and isinstance(zero, int), node
    start = bias.astype(np.int64) - zero * time.astype(np.int64).reshape(len(bias), -1).sum(axis=1)
    del fields["feature"], fields["offset"]
    return {
        **fields,
        "fours": -(-node.input(0).shape[1] // 4),
        "stream": stream,
        "start": start.astype(np.uint64).astype(np.uint32).view(np.int32),
    }


def scratch(node: Node) -> int:
    """Bytes of expanded x."""
    return 8 * -(-node.input(0).shape[1] // 4)
