"""Reconstruction error: the operator, and the block that applications use."""

from __future__ import annotations

from dataclasses import dataclass

from motes.errors import BadInput
from motes.ir import DType, Kernel, Node, Op, Params, Tensor
from motes.stream import Stream, step

SOURCE = "reconstruction_error.h"


@dataclass(frozen=True)
class ReconstructionErrorOp(Op):
    """Mean of (x - z)^2 over all elements, in single precision, summed in order -> float32 (1).

    Dtypes: x int8 or float32, z int8.
    """

    kernels = (
        Kernel(
            "reconstruction_error_s8",
            SOURCE,
            fits=lambda n: n.input(0).dtype is DType.INT8,
            params=lambda n: {**n.op.params(n), "x_scale": n.input(0).scale, "x_zero": n.input(0).zero_point},
        ),
        Kernel("reconstruction_error_f32", SOURCE, fits=lambda n: n.input(0).dtype is DType.FLOAT32),
    )

    def check(self, node: Node) -> None:
        x, z, y = node.input(0), node.input(1), node.output
        assert x.elements == z.elements and (z.dtype, y.dtype, y.shape) == (DType.INT8, DType.FLOAT32, (1,)), node

    def params(self, node: Node) -> Params:
        z = node.input(1)
        return {"elements": z.elements, "z_scale": z.scale, "z_zero": z.zero_point}


@dataclass(frozen=True)
class ReconstructionError:
    """How far an autoencoder's output is from its input: the mean of the squared differences of real values.

        error = ReconstructionError()(features, model(features))

    Raises:
        BadInput: when applied: the two differ in size or pace, or are not of the types below.
    """

    def __call__(self, inputs: Stream, outputs: Stream) -> Stream:
        """The error, float32 (1), of every pair.

        Args:
            inputs: what the model was given: float32, or int8 with a scale.
            outputs: what it made of it: int8 with a scale, with as many elements.
        """
        x, z = inputs.tensor, outputs.tensor
        if not (_quantized(z) and (_quantized(x) or x.dtype is DType.FLOAT32)):
            raise BadInput(
                f"ReconstructionError: it compares int8 or float32 inputs with int8 outputs; given {x} and {z}"
            )
        if x.elements != z.elements:
            raise BadInput(
                f"ReconstructionError: {x} has {x.elements} elements, {z} has {z.elements}; "
                "give it the model's input and output"
            )
        return step("error", ReconstructionErrorOp(), [inputs, outputs], ((1,), DType.FLOAT32, None))


def _quantized(tensor: Tensor) -> bool:
    return tensor.dtype is DType.INT8 and tensor.quant is not None and tensor.quant.per_tensor
