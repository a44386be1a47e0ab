"""What operator families share: the checks of tensors, fused activations, windows, and the way out for float models.

Every `check_…` raises `Unsupported` or `BadInput` at `node`, and returns nothing otherwise.
"""

from __future__ import annotations

import math

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import DType, Node, Rows, Tensor
from motes.quant import LARGEST_SHIFT_S64, activation_range, quantize_multiplier

ACTIVATIONS = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6")
"""Fused activations, by their code in TensorFlow Lite's schema; TANH and SIGN_BIT follow and are not done."""

PADDINGS = ("SAME", "VALID")
"""Paddings, by their code in the schema."""

CONVERT_TO_INT8 = (
    "convert it to int8: converter.optimizations = [tf.lite.Optimize.DEFAULT]; "
    "converter.representative_dataset = samples; "
    "converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]; "
    "converter.inference_input_type = tf.int8; converter.inference_output_type = tf.int8"
)
"""The lines that turn a Keras model into one that Motes runs."""

CONVERT_AGAIN = "convert the model again with a current TensorFlow"

LARGEST_WINDOW = 1 << 16
"""Elements of a pooling or convolution window over height and width: sums of them stay far inside int32."""


def named(names: tuple[str, ...], code: int) -> str:
    """The name of `code`, or words that say it has none."""
    return names[code] if 0 <= code < len(names) else f"code {code}"


def check_arity(node: Node, least: int, most: int) -> None:
    """Between `least` and `most` inputs, the first `least` of them present, and one output."""
    if not least <= len(node.inputs) <= most or None in node.inputs[:least] or len(node.outputs) != 1:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise BadInput(
            f"{node}: has {len(node.inputs)} inputs and {len(node.outputs)} outputs, "
            f"not {wanted} and 1; {CONVERT_AGAIN}"
        )


def check_int8(node: Node, *tensors: Tensor) -> None:
    """Every tensor is int8 with one valid scale and zero point."""
    for tensor in tensors:
        if tensor.dtype is not DType.INT8:
            raise Unsupported(node, f"{tensor} is not int8", CONVERT_TO_INT8)
        check_quant(node, tensor)
        if tensor.data is not None:
            check_constant(node, tensor)


def check_quant(node: Node, tensor: Tensor) -> None:
    """The tensor has one scale, finite and positive, and one zero point, within its dtype."""
    quant = tensor.quant
    if quant is None:
        raise Unsupported(node, f"{tensor} has no scale and zero point", CONVERT_TO_INT8)
    if len(quant.scale) != 1 or len(quant.zero_point) != 1:
        raise Unsupported(
            node, f"{tensor} has {len(quant.scale)} scales where only one is possible", "quantize it per tensor"
        )
    _check_scales(node, tensor)
    info = np.iinfo(tensor.dtype.numpy)
    if not info.min <= tensor.zero_point <= info.max:
        raise BadInput(f"{node}: the zero point {tensor.zero_point} of {tensor} is outside its type; {CONVERT_AGAIN}")


def check_weights(node: Node, weights: Tensor, channels: int, axis: int) -> None:
    """Constant int8 weights, symmetric, with one scale, or one for each of `channels` along `axis`."""
    check_constant(node, weights)
    check_symmetric(node, weights, channels, axis)


def check_symmetric(node: Node, weights: Tensor, channels: int, axis: int) -> None:
    """The same of weights that may be computed."""
    if weights.dtype is not DType.INT8:
        raise Unsupported(node, f"its weights, {weights}, are not int8", CONVERT_TO_INT8)
    quant = weights.quant
    if quant is None:
        raise Unsupported(node, f"its weights, {weights}, have no scales", CONVERT_TO_INT8)
    count = len(quant.scale)
    if count != 1 and (count != channels or quant.axis != axis):
        raise BadInput(
            f"{node}: its weights have {count} scales along axis {quant.axis}, "
            f"not {channels} along axis {axis}; {CONVERT_AGAIN}"
        )
    _check_scales(node, weights, or_zero=True)  # as converters give to channels of zeros
    if any(quant.zero_point):
        raise Unsupported(
            node, "its weights have a zero point other than 0, which TensorFlow Lite's int8 rules forbid", CONVERT_AGAIN
        )


def check_bias(node: Node, bias: Tensor, channels: int, dtype: DType = DType.INT32, computed: bool = False) -> None:
    """A bias with one value a channel, constant unless it may be `computed`; its own scale is ignored, as TFLM's
    arithmetic does."""
    if bias.data is not None or not computed:
        check_constant(node, bias)
    if bias.dtype is not dtype:
        raise Unsupported(node, f"its bias, {bias}, is not {dtype.value}", CONVERT_TO_INT8)
    if bias.elements != channels:
        raise BadInput(f"{node}: its bias has {bias.elements} values for {channels} channels; {CONVERT_AGAIN}")


def check_constant(node: Node, tensor: Tensor) -> None:
    """The tensor's values are in the file, as many as its shape says."""
    if tensor.data is None:
        raise Unsupported(node, f"{tensor} is computed, but must be a constant", "freeze the model and convert again")
    if tensor.data.shape != tensor.shape or tensor.data.dtype != tensor.dtype.numpy:
        raise BadInput(f"{node}: the data of {tensor} has another shape or type; {CONVERT_AGAIN}")


def check_activation(node: Node, activation: str) -> None:
    """A fused activation that kernels clamp by, with limits that TFLM can compute."""
    if activation not in ACTIVATIONS:
        raise Unsupported(
            node,
            f"fused activation {activation} is not one of {', '.join(ACTIVATIONS)}",
            "make the activation a layer of its own",
        )
    if node.output.dtype is DType.FLOAT32:
        return
    try:
        limits(node, activation)
    except ValueError as error:
        raise Unsupported(node, str(error), "check the range of this layer and quantize again") from None


def check_window(node: Node, filter_h: int, filter_w: int, stride_h: int, stride_w: int) -> None:
    """Sides and steps of a sliding window that make sense."""
    if min(filter_h, filter_w) < 1 or filter_h * filter_w > LARGEST_WINDOW:
        raise Unsupported(
            node,
            f"a window of {filter_h}x{filter_w} is not between 1 and {LARGEST_WINDOW:,} elements",
            "choose a smaller one",
        )
    if min(stride_h, stride_w) < 1:
        raise BadInput(f"{node}: a stride of {stride_h}x{stride_w} is not positive; {CONVERT_AGAIN}")


def _check_scales(node: Node, tensor: Tensor, or_zero: bool = False) -> None:
    assert tensor.quant is not None
    for scale in tensor.quant.scale:
        if not (math.isfinite(scale) and (scale > 0 or (or_zero and scale == 0))):
            raise BadInput(f"{node}: {tensor} has a scale of {scale}, which is not a positive number; {CONVERT_AGAIN}")


def limits(node: Node, activation: str) -> tuple[int, int]:
    """The smallest and the largest value of the quantized output under a fused activation."""
    out = node.output
    info = np.iinfo(out.dtype.numpy)
    return activation_range(activation, out.scale, out.zero_point, int(info.min), int(info.max))


def float_limits(activation: str) -> tuple[float, float]:
    """The smallest and the largest float32 that a fused activation leaves; infinities become the largest numbers."""
    largest = float(np.finfo(np.float32).max)
    return {"RELU": (0.0, largest), "RELU_N1_TO_1": (-1.0, 1.0), "RELU6": (0.0, 6.0)}.get(
        activation, (-largest, largest)
    )


def multiplier(node: Node, real: float) -> tuple[int, int]:
    """`quantize_multiplier`, with an error that a user understands."""
    try:
        return quantize_multiplier(real)
    except ValueError as error:
        raise Unsupported(
            node, f"its scales lie too far apart ({error})", "check the ranges of this layer and quantize again"
        ) from None


def multiplier_s64(node: Node, real: float) -> tuple[int, int]:
    """The same for sums of 64 bits, whose left shift is smaller."""
    factor, shift = multiplier(node, real)
    if shift > LARGEST_SHIFT_S64:
        raise Unsupported(
            node,
            f"its scales lie too far apart (a multiplier of {real:g} is 2**{LARGEST_SHIFT_S64} or more)",
            "check the ranges of this layer and quantize again",
        )
    return factor, shift


def window(size: int, filter_size: int, stride: int, dilation: int, padding: str) -> tuple[int, int]:
    """(output size, padding in front) of a window that slides over `size` elements, by TFLM's rule.

    The output size is not positive where a "VALID" window is larger than the input.
    """
    span = (filter_size - 1) * dilation + 1
    out = -(-size // stride) if padding == "SAME" else (size + stride - span) // stride
    return out, max(0, (out - 1) * stride + span - size) // 2


def same_pads(size: int, filter_size: int, stride: int, dilation: int) -> tuple[int, int]:
    """(before, behind) that SAME padding means along one axis; the odd element goes behind."""
    made = -(-size // stride)
    total = max(0, (made - 1) * stride + (filter_size - 1) * dilation + 1 - size)
    return total // 2, total - total // 2


def row_by_row(node: Node, axis: int = 2) -> Rows | None:
    """The rows of an operator that computes each row of its output from the same row of its inputs.

    Constants must be repeated along the rows. None where tensors have not four axes, the first of them 1, or differ in
    what lies before `axis`: there they may differ.
    """
    (_, rows, *_) = shape = node.output.shape if len(node.output.shape) == 4 else (0,) * 4
    for tensor in node.inputs:
        if tensor is None:
            continue
        if tensor.data is None and (len(tensor.shape) != 4 or tensor.shape[:axis] != shape[:axis]):
            return None
        if tensor.data is not None and any(size != 1 for size in tensor.shape[: max(0, len(tensor.shape) - 2)]):
            return None
    return Rows(1) if shape[0] == 1 and rows else None
