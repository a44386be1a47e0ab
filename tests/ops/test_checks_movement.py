"""What the operators that move elements refuse, each with its words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import DType, Node, Quant, Tensor, quant
from motes.ops import builtins
from motes.ops.case import indices
from nodes import constant, node, tensor

F32, I32, I64 = DType.FLOAT32, DType.INT32, DType.INT64


def strided_at(**changes: Any) -> Node:
    """STRIDED_SLICE from a computed place: row by row."""
    parts = {"y": tensor("y", 3), "shrink_axis_mask": 1, "begin_mask": 2, "end_mask": 2} | changes
    begin = parts.pop("begin", Tensor("begin", (2,), DType.INT32))
    ends = [parts.pop(name, indices(name, [n, n])) for name, n in (("end", 0), ("strides", 1))]
    return node("STRIDED_SLICE", [tensor("x", 4, 3), begin, *ends], parts.pop("y"), **parts)


def strided(**changes: Any) -> Node:
    parts: dict[str, Any] = {"begin": [0, 1], "end": [2, 3], "strides": [1, 1], "y": tensor("y", 2, 2)} | changes
    told = [indices(n, parts.pop(n)) for n in ("begin", "end", "strides")]
    return node("STRIDED_SLICE", [tensor("x", 4, 3), *told], parts.pop("y"), **parts)


def parted(builtin: str, inputs: list[Tensor | None], outputs: list[Tensor], **options: Any) -> Node:
    op, declared = builtins()[builtin]
    values = {name: default for name, (_, default) in declared.fields.items()} | options
    return Node("n", op.from_tflite(builtin, values, inputs, outputs), tuple(inputs), tuple(outputs), (7,))


def moved(*shape: int, name: str = "x", dtype: DType = DType.INT8) -> Tensor:
    return tensor(name, *shape, dtype=dtype, q=None if dtype in (F32, I32, I64) else quant(0.5, 3))


X, Y = moved(4, 3), moved(4, 3, name="y")
WIDE = moved(1, 4, 4, 2)
SIDES = indices("sides", [[1, 1], [0, 2]])
COMPUTED = tensor("at", 2, dtype=I32, q=None)

REFUSALS: list[tuple[Node, type[MotesError], str]] = [
    # ----------------------------------------------------------------------------------- TRANSPOSE, REVERSE_V2
    (node("TRANSPOSE", [X, indices("p", [1, 1])], Y), BadInput, "[1, 1] is no order of the axes of x int8[4, 3]"),
    (node("TRANSPOSE", [X, indices("p", [0, 2])], Y), BadInput, "[0, 2] is no order of the axes"),
    (node("TRANSPOSE", [X, indices("p", [1, 0])], Y), BadInput, "to [1, 0] gives [3, 4], not y int8[4, 3]"),
    (node("TRANSPOSE", [X, COMPUTED], Y), Unsupported, "at int32[2] is computed, but must be a constant; freeze"),
    (node("TRANSPOSE", [X, constant("p", np.zeros(2, np.float32))], Y), Unsupported, "p float32[2] is not int32 or"),
    (node("TRANSPOSE", [X, indices("p", [[0, 1]])], Y), BadInput, "p int32[1, 2] does not have 1 axes"),
    (
        node("TRANSPOSE", [tensor("x", 2, 2, dtype=DType.UINT16), indices("p", [0, 1])], Y),
        Unsupported,
        "x uint16[2, 2] is of another type than int8, uint8, int16, int32, int64, float32, bool; convert the model",
    ),
    (
        node("TRANSPOSE", [X, indices("p", [0, 1])], moved(4, 3, name="y", dtype=F32)),
        BadInput,
        "x int8[4, 3] and y float32[4, 3] are of different types",
    ),
    (
        node("TRANSPOSE", [moved(*(2,) * 7), indices("p", range(6, -1, -1))], moved(*(2,) * 7, name="y")),
        Unsupported,
        "along more than 5 axes at once; reshape its input to fewer axes",
    ),
    (node("REVERSE_V2", [X, indices("a", [2])], Y), BadInput, "has no axis 2 among 2"),
    (node("REVERSE_V2", [X, indices("a", [0, -2])], Y), BadInput, "reverses an axis twice"),
    (node("REVERSE_V2", [X, indices("a", [0])], moved(3, 4, name="y")), BadInput, "reversing x int8[4, 3] gives"),
    # ------------------------------------------------------------------------------------ SLICE, STRIDED_SLICE
    (
        node("SLICE", [X, indices("b", [0, 4]), indices("s", [1, -1])], Y),
        BadInput,
        "-1 elements from 4 are not among 3",
    ),
    (node("SLICE", [X, indices("b", [0, 1]), indices("s", [1, 3])], Y), BadInput, "3 elements from 1 are not among 3"),
    (
        node("SLICE", [X, indices("b", [-1, 0]), indices("s", [1, 1])], Y),
        BadInput,
        "1 elements from -1 are not among 4",
    ),
    (node("SLICE", [X, indices("b", [0]), indices("s", [1])], Y), BadInput, "do not tell where to cut x int8[4, 3]"),
    (node("SLICE", [X, indices("b", [0, 0]), indices("s", [1, 1])], Y), BadInput, "gives [1, 1], not y int8[4, 3]"),
    (node("SLICE", [X, COMPUTED, COMPUTED], Y), Unsupported, "SLICE n (operator 7): at int32[2] is computed, but must"),
    (node("SLICE", [X, COMPUTED, indices("s", [5, 3])], moved(5, 3, name="y")), BadInput, "y int8[5, 3] is no part of"),
    (strided_at(begin=Tensor("begin", (3,), DType.INT32)), BadInput, "its begins, ends and strides do not fit x"),
    (strided_at(strides=indices("strides", [2, 1])), Unsupported, "size is not known, or it has strides; no ten"),
    (strided_at(ellipsis_mask=1), Unsupported, "begins at begin int32[2], and its size is not known"),
    (strided_at(y=replace(tensor("y", 3), open=True)), Unsupported, "begins at begin int32[2], and its size is not kn"),
    (strided_at(y=tensor("y", 4)), BadInput, "y int8[4] is no part of x int8[4, 3]; "),
    (strided_at(y=tensor("y", 1, 3)), BadInput, "y int8[1, 3] is no part of x int8[4, 3]; "),
    (strided(strides=[0, 1]), BadInput, "has a stride of 0 along an axis of x int8[4, 3]"),
    (strided(shrink_axis_mask=1, begin=[4, 1]), BadInput, "takes element 4 among 4 along an axis of x"),
    (strided(ellipsis_mask=3), BadInput, "takes the axes that are left twice of x"),
    (strided(begin=[0] * 3, end=[1] * 3, strides=[1] * 3), BadInput, "cuts along 3 axes, but there are only 2 of x"),
    (strided(begin=[0]), BadInput, "its begins, ends and strides are not equally many"),
    (strided(y=tensor("y", 2, 3)), BadInput, "slicing x int8[4, 3] gives [2, 2], not y int8[2, 3]"),
    # ------------------------------------------------------------------------------------- CONCATENATION, PACK
    (node("CONCATENATION", [X, X], Y, axis=2), BadInput, "has no axis 2 among 2"),
    (node("CONCATENATION", [X, X], Y, axis=0), BadInput, "joining [[4, 3], [4, 3]] gives [8, 3], not y int8[4, 3]"),
    (node("CONCATENATION", [X, moved(4, 2)], Y, axis=0), BadInput, "[[4, 3], [4, 2]] cannot be joined along axis 0"),
    (
        node("CONCATENATION", [X, X], moved(8, 3, name="y"), fused_activation_function=1),
        Unsupported,
        "has the fused activation RELU; make the activation a layer of its own",
    ),
    (node("CONCATENATION", [], Y), BadInput, "has 0 inputs and 1 outputs, not 1"),
    (node("CONCATENATION", [X, None], Y), BadInput, "has 2 inputs and 1 outputs, not 2 and 1"),
    (node("CONCATENATION", [X, moved(4, 3, dtype=F32)], Y), BadInput, "are of different types"),
    (
        node("CONCATENATION", [tensor("x", 2, dtype=DType.UINT8)], tensor("y", 2, dtype=DType.UINT8, q=quant(1.0, 0))),
        Unsupported,
        "joins uint8 tensors of other scales than y uint8[2]; convert the model again to int8",
    ),
    (
        node("PACK", [X, moved(3, 4)], moved(2, 4, 3, name="y")),
        BadInput,
        "packs x int8[4, 3], x int8[3, 4], of unequal",
    ),
    (node("PACK", [X, X], moved(2, 4, 3, name="y"), axis=1), BadInput, "packing 2 of [4, 3] gives [4, 2, 3], not"),
    (node("PACK", [moved(2, dtype=DType.BOOL)], moved(1, 2, dtype=DType.BOOL)), Unsupported, "x bool[2] is of another"),
    # ------------------------------------------------------------------------------------ SPLIT, SPLIT_V, UNPACK
    (parted("SPLIT", [indices("a", [0]), X], [Y, Y]), BadInput, "2 of axis 0 of x int8[4, 3] do not give y int8[4, 3]"),
    (
        parted("SPLIT", [indices("a", [1]), X], [Y, Y]),
        BadInput,
        "x int8[4, 3] does not split into [1, 1] for 2 outputs",
    ),
    (parted("SPLIT", [indices("a", [0, 1]), X], [Y]), BadInput, "a int32[2] is not one axis"),
    (parted("SPLIT", [indices("a", [0])], [Y]), BadInput, "has 1 inputs and 1 outputs, not 2 and at least 1"),
    (parted("SPLIT", [indices("a", [0]), X], []), BadInput, "has 2 inputs and 0 outputs, not 2 and at least 1"),
    (
        parted("SPLIT_V", [X, indices("s", [1, 2]), indices("a", [0])], [Y, Y]),
        BadInput,
        "axis 0 of x int8[4, 3] does not split into [1, 2] for 2 outputs",
    ),
    (
        parted("SPLIT_V", [X, indices("s", [5, -1]), indices("a", [0])], [Y, Y]),
        BadInput,
        "axis 0 of x int8[4, 3] does not split into [5, -1] for 2 outputs",
    ),
    (
        parted("UNPACK", [X], [moved(3, name="y")] * 3),
        BadInput,
        "unpacking axis 0 of x int8[4, 3] does not give y int8[3]",
    ),
    # ------------------------------------------------------------------------------------------ PAD, MIRROR_PAD
    (node("PAD", [X, SIDES], Y), BadInput, "padding x int8[4, 3] with [(1, 1), (0, 2)] gives [6, 5], not y int8[4, 3]"),
    (node("PAD", [X, indices("s", [[-1, 1], [0, 0]])], Y), BadInput, "which are not all positive"),
    (node("PAD", [X, indices("s", [[1, 1]])], Y), BadInput, "s int32[1, 2] is not (axes, 2) for x int8[4, 3]"),
    (node("PAD", [X, SIDES], tensor("y", 6, 5, q=None)), Unsupported, "y int8[6, 5] has no scale and zero point"),
    (
        node("PADV2", [X, SIDES, moved(2, name="v")], moved(6, 5)),
        BadInput,
        "pads with v int8[2], which is not one value",
    ),
    (
        node("PADV2", [X, SIDES, tensor("v", 1, q=quant(0.25, 3))], moved(6, 5, name="y")),
        Unsupported,
        "pads y int8[6, 5] with v int8[1], which is quantized differently; convert the model again",
    ),
    (
        node("MIRROR_PAD", [X, indices("s", [[4, 0], [0, 0]])], moved(8, 3), mode=0),
        BadInput,
        "a border of 4 is wider than an axis of x int8[4, 3]",
    ),
    (
        node("MIRROR_PAD", [moved(*(2,) * 6), indices("s", [[1, 0]] * 6)], moved(*(3,) * 6), mode=1),
        Unsupported,
        "along more than 5 axes; reshape it to fewer axes",
    ),
    # ---------------------------------------------------------------------- GATHER, GATHER_ND, EMBEDDING_LOOKUP
    (node("GATHER", [X, COMPUTED], Y, axis=2), BadInput, "has no axis 2 among 2"),
    (node("GATHER", [X, COMPUTED], Y), BadInput, "gathering along axis 0 gives [2, 3], not y int8[4, 3]"),
    (node("GATHER", [X, COMPUTED], Y, axis=1, batch_dims=1), BadInput, "1 axes of x int8[4, 3] and at int32[2] are no"),
    (node("GATHER", [X, moved(2, dtype=F32)], Y), Unsupported, "x float32[2] is not int32 or int64"),
    (node("GATHER_ND", [X, moved(2, 3, dtype=I32)], Y), BadInput, "x int32[2, 3] does not tell places in x int8[4, 3]"),
    (node("GATHER_ND", [X, moved(2, 1, dtype=I32)], Y), BadInput, "gathering from x int8[4, 3] gives [2, 3], not y"),
    (node("EMBEDDING_LOOKUP", [moved(2, dtype=I64), X], Y), BadInput, "x int64[2] is not int32 along one axis"),
    (node("EMBEDDING_LOOKUP", [COMPUTED, moved(4)], moved(2, name="y")), BadInput, "x int8[4] has no rows"),
    (
        node("EMBEDDING_LOOKUP", [COMPUTED, X], moved(2, 3, name="y", dtype=F32)),
        Unsupported,
        "a zero point other than 0",
    ),
    # ------------------------------------------------------------------------------------ space, batch and depth
    (
        node("SPACE_TO_BATCH_ND", [WIDE, indices("b", [2, 3]), indices("s", [[0, 0]] * 2)], moved(6, 2, 1, 2)),
        BadInput,
        "blocks [2, 3] of x int8[1, 4, 4, 2] with its borders do not give",
    ),
    (
        node("BATCH_TO_SPACE_ND", [WIDE, indices("b", [0, 1]), indices("s", [[0, 0]] * 2)], WIDE),
        BadInput,
        "has blocks [0, 1] and borders [[0, 0], [0, 0]]",
    ),
    (
        node("SPACE_TO_BATCH_ND", [X, indices("b", [2]), indices("s", [[0, 0]])], X),
        BadInput,
        "x int8[4, 3] is no image with 1 blocks and its borders",
    ),
    (node("SPACE_TO_DEPTH", [WIDE], WIDE, block_size=0), BadInput, "blocks of 0 between"),
    (node("SPACE_TO_DEPTH", [WIDE], WIDE, block_size=3), BadInput, "blocks of 3x3 in x int8[1, 4, 4, 2] do not give"),
    # ---------------------------------------------------------------------------------------------------- shapes
    (node("SHAPE", [X], Y), Unsupported, "y int8[4, 3] is not int32 or int64"),
    (node("SHAPE", [X], moved(3, name="y", dtype=I32)), BadInput, "its input x int8[4, 3] gives [2], not y int32[3]"),
    (node("FILL", [indices("s", [4, 2]), moved(1, name="v")], Y), BadInput, "its first input gives [4, 2], not y"),
    (
        node("FILL", [indices("s", [4, 3]), moved(2, name="v")], Y),
        BadInput,
        "fills with v int8[2], which is not one value",
    ),
    (node("BROADCAST_TO", [moved(4, 2), indices("s", [4, 3])], Y), BadInput, "x int8[4, 2] cannot be repeated to y"),
    (node("TILE", [X, indices("m", [1, 0])], Y), BadInput, "x int8[4, 3] cannot be repeated [1, 0] times"),
    (
        node("BROADCAST_ARGS", [COMPUTED, COMPUTED], moved(3, name="y", dtype=I32)),
        BadInput,
        "broadcasting at int32[2] and at int32[2] gives [2], not y int32[3]",
    ),
    (
        node("ONE_HOT", [COMPUTED, indices("d", 3), moved(1), moved(1)], Y, axis=-1),
        BadInput,
        "a depth of 3 gives [2, 3], not y int8[4, 3]",
    ),
    # -------------------------------------------------------------------------------------- DYNAMIC_UPDATE_SLICE
    (
        node("DYNAMIC_UPDATE_SLICE", [X, moved(5, 3, name="p"), COMPUTED], Y),
        BadInput,
        "p int8[5, 3] at at int32[2] is no",
    ),
    (node("DYNAMIC_UPDATE_SLICE", [X, X, moved(3, dtype=I32)], Y), BadInput, "is no part of x int8[4, 3]"),
    # --------------------------------------------------------------------------------------------------- RESHAPE
    (
        node("RESHAPE", [X], moved(5, name="y")),
        BadInput,
        "RESHAPE n (operator 7): x int8[4, 3] cannot become y int8[5]",
    ),
    (node("SQUEEZE", [X], moved(4, 3, name="y", dtype=F32)), BadInput, "SQUEEZE n (operator 7): x int8[4, 3] cannot"),
]


@pytest.mark.parametrize(("refused", "error", "words"), REFUSALS)
def test_refusals(refused: Node, error: type[MotesError], words: str) -> None:
    with pytest.raises(MotesError) as caught:
        refused.op.check(refused)
    assert type(caught.value) is error
    assert words in str(caught.value)


def test_scales_play_no_part() -> None:
    other = tensor("y", 3, 4, q=Quant((0.1,), (7,)))
    good = node("TRANSPOSE", [X, indices("p", [1, 0])], other)
    good.op.check(good)
