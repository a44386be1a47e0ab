"""What BasicClassifier refuses, word by word."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import Array, DType, Node, Tensor
from motes.ops.basic_classifier.op import BasicClassifier

SCORES, THRESHOLDS = Tensor("scores", (1, 4), DType.INT32), Tensor("thresholds", (2,), DType.INT32)
REACHED, PICKED = Tensor("reached", (2,), DType.BOOL), Tensor("picked", (2,), DType.INT32)


def indices(*values: int) -> Tensor:
    data: Array = np.array(values, np.int32)
    return Tensor("indices", data.shape, DType.INT32, None, data)


GOOD = Node("n", BasicClassifier(), (SCORES, indices(3, 0), THRESHOLDS), (REACHED, PICKED))


def other(at: int, tensor: Tensor | None) -> Node:
    """The good node with another input, or output behind the inputs."""
    ends = [*GOOD.inputs, *GOOD.outputs]
    ends[at] = tensor
    return replace(GOOD, inputs=tuple(ends[:3]), outputs=tuple(t for t in ends[3:] if t))


REFUSALS: list[tuple[Node, type[MotesError], str]] = [
    (replace(GOOD, inputs=GOOD.inputs[:2]), BadInput, "has 2 inputs and 2 outputs, not 3 and 2"),
    (other(0, None), BadInput, "its input 0 is missing"),
    (other(0, replace(SCORES, dtype=DType.INT8)), Unsupported, "scores int8[1, 4] is not int32"),
    (other(4, replace(PICKED, dtype=DType.INT64)), Unsupported, "picked int64[2] is not int32"),
    (other(1, replace(indices(0, 1), data=None)), Unsupported, "indices int32[2] is computed, but must be a constant"),
    (other(1, indices(0, 1, 2)), BadInput, "indices int32[3] of scores int32[1, 4] with thresholds int32[2] give no"),
    (other(3, replace(REACHED, dtype=DType.INT32)), BadInput, "give no reached int32[2] and picked int32[2]"),
    (other(0, replace(SCORES, shape=(1, 1, 4))), BadInput, "of scores int32[1, 1, 4] with"),
    (other(1, indices(0, 4)), BadInput, "picks scores 0 to 4 of scores int32[1, 4], which has 4"),
    (other(1, indices(-1, 2)), BadInput, "picks scores -1 to 2 of scores int32[1, 4], which has 4"),
]


def test_the_good_one_is_accepted() -> None:
    GOOD.op.check(GOOD)


@pytest.mark.parametrize(("node", "kind", "words"), REFUSALS)
def test_refusals(node: Node, kind: type[MotesError], words: str) -> None:
    with pytest.raises(kind) as caught:
        node.op.check(node)
    assert words in str(caught.value)
