"""BasicClassifier, a custom operator of TensorFlow Lite Micro."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Builtin, DType, Kernel, Node, Op, Params, Tensor
from motes.ops.common import CONVERT_AGAIN, check_constant


@dataclass(frozen=True)
class BasicClassifier(Op):
    """Picks some scores, and says which of them reach their thresholds.

    Inputs: scores (n) or (1, n), int32; the indices of the scores to pick, a constant, int32 (targets); thresholds,
    int32 (targets). Outputs: whether each is reached, bool (targets); the scores that were picked, int32 (targets).
    Source: TFLM's BASIC_CLASSIFIER.
    """

    tflite = (Builtin("BasicClassifier", {}, custom=True),)
    types = (DType.INT32,)
    limits = "constant indices"
    kernels = (Kernel("basic_classifier", "basic_classifier.h", form="shared"),)
    folded = (1,)

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> BasicClassifier:
        return cls()

    def check(self, node: Node) -> None:
        if (len(node.inputs), len(node.outputs)) != (3, 2):
            raise BadInput(
                f"{node}: has {len(node.inputs)} inputs and {len(node.outputs)} outputs, not 3 and 2; {CONVERT_AGAIN}"
            )
        scores, indices, thresholds = (node.input(i) for i in range(3))
        reached, picked = node.outputs
        for tensor in (scores, indices, thresholds, picked):
            if tensor.dtype is not DType.INT32:
                raise Unsupported(node, f"{tensor} is not int32", CONVERT_AGAIN)
        check_constant(node, indices)
        targets = indices.shape
        alike = targets == thresholds.shape == reached.shape == picked.shape
        if len(scores.shape) not in (1, 2) or len(targets) != 1 or not alike or reached.dtype is not DType.BOOL:
            raise BadInput(f"{node}: {indices} of {scores} with {thresholds} give no {reached} and {picked}")
        least, most = int(_indices(node).min()), int(_indices(node).max())
        if least < 0 or most >= scores.elements:
            raise BadInput(f"{node}: picks scores {least} to {most} of {scores}, which has {scores.elements}")

    def params(self, node: Node) -> Params:
        return {"targets": node.outputs[0].elements, "indices": _indices(node)}


def _indices(node: Node) -> Array:
    data = node.input(1).data
    assert data is not None, node
    return data
