"""What operators with memory refuse; every message is pinned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import DType, Node, Quant, Tensor, quant
from motes.ops.circular_buffer.op import CircularBuffer
from motes.ops.common import CONVERT_TO_INT8
from nodes import constant, node, tensor

ZERO = quant(2.0**-11, 0)
NAN = float("nan")


def svdf(rank: int = 1, activation: int = 0, **changes: Any) -> Node:
    parts = {
        "x": tensor("x", 2, 4),
        "feature": constant("feature", np.ones((6, 4), np.int8)),
        "time": constant("time", np.ones((6, 3), np.int8)),
        "bias": constant("bias", np.ones(6, np.int32), None),
        "state": tensor("state", 2, 18),
        "y": tensor("y", 2, 6),
    } | {name: value for name, value in changes.items() if name != "made"}
    *inputs, y = parts.values()
    made = node("SVDF", inputs, y, rank=rank, fused_activation_function=activation)
    state = parts["state"]
    return made if state is None else replace(made, outputs=(y, changes.get("made", replace(state, name="made"))))


def floats(t: Tensor) -> Tensor:
    data = None if t.data is None else t.data.astype(np.float32)
    return replace(t, dtype=DType.FLOAT32, quant=None, data=data)


def float_svdf(**changes: Any) -> Node:
    names = ("x", "feature", "time", "bias", "state", "y")
    good = svdf()
    parts = dict(zip(names, (*good.inputs, good.outputs[0]), strict=True))
    return svdf(**({k: floats(t) for k, t in parts.items() if t is not None} | changes))


def hybrid_svdf(q: Quant | None) -> Node:
    return float_svdf(feature=constant("feature", np.ones((6, 4), np.int8), q), time=svdf().inputs[2])


def lstm(activation: int = 4, cell_clip: float = 0.0, count: int = 24, **changes: Any) -> Node:
    """Two sequences of 3 steps of 4 values, 5 units; `changes` are inputs by index: `i8=...`, or the output `y`."""
    q = quant(1 / 128, 0)
    parts: dict[int, Tensor | None] = dict.fromkeys(range(24))
    parts[0] = tensor("x", 2, 3, 4)
    parts |= {i: constant(f"w{i}", np.ones((5, 4), np.int8)) for i in range(1, 5)}
    parts |= {i: constant(f"r{i}", np.ones((5, 5), np.int8)) for i in range(5, 9)}
    parts |= {i: constant(f"b{i}", np.ones(5, np.int32), None) for i in range(12, 16)}
    parts |= {18: tensor("hidden", 2, 5, q=q), 19: tensor("cell", 2, 5, dtype=DType.INT16, q=ZERO)}
    parts |= {int(name[1:]): value for name, value in changes.items() if name != "y"}
    y = changes.get("y", tensor("y", 2, 3, 5, q=q))
    inputs = list(parts.values())[:count]
    options = {"fused_activation_function": activation, "cell_clip": cell_clip}
    made = node("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, y, **options)
    states = [parts[18], parts[19]]
    return replace(made, outputs=(y, *(replace(s, name="new") for s in states if s is not None)))


def circular(slots: int = 3, cycles: int = 1, **changes: Any) -> Node:
    parts = {"x": tensor("x", 1, 1, 2, 4), "old": tensor("old", 1, slots, 2, 4), "y": tensor("y", 1, slots, 2, 4)}
    *inputs, y = (parts | changes).values()
    return node("CIRCULAR_BUFFER", inputs, y, cycles_max=cycles)


def test_the_nodes_that_tests_change_are_accepted() -> None:
    sixteen = tensor("state", 2, 18, dtype=DType.INT16)
    times = constant("time", np.ones((6, 3), np.int16))
    no_bias = svdf(bias=None)
    for good in (svdf(), svdf(state=sixteen, time=times), no_bias, float_svdf(), lstm(), lstm(count=20), circular()):
        good.op.check(good)


@pytest.mark.parametrize(("slots", "cycles", "period"), [(3, 1, 1), (3, 4, 4), (5, 0, 1), (3, 0, 2)])
def test_the_period_of_a_circular_buffer_is_given_or_follows_from_its_slots(
    slots: int, cycles: int, period: int
) -> None:
    made = circular(slots=slots, cycles=cycles)
    made.op.check(made)
    assert isinstance(made.op, CircularBuffer)
    assert made.op.period == period


PER_CHANNEL = Quant((0.5,) * 5, (0,) * 5, 0)

REFUSALS: list[tuple[Node, type[MotesError], str]] = [
    # ------------------------------------------------------------------------------------- SVDF
    (svdf(x=tensor("x", 2, 5)), BadInput, "feature int8[6, 4] does not fit x int8[2, 5] and time int8[6, 3]"),
    (svdf(y=tensor("y", 2, 5)), BadInput, "y int8[2, 5] does not fit"),
    (svdf(state=tensor("state", 2, 17)), BadInput, "state int8[2, 17] does not fit"),
    (svdf(made=tensor("made", 2, 17)), BadInput, "the memory state int8[2, 18] cannot become made int8[2, 17]"),
    (svdf(x=tensor("x", 2, 2, 2)), BadInput, "must have two dimensions each"),
    (svdf(rank=0), BadInput, "6 filters cannot be divided into ranks of 0"),
    (svdf(rank=4), BadInput, "6 filters cannot be divided into ranks of 4"),
    (svdf(rank=-1), BadInput, "6 filters cannot be divided into ranks of -1"),
    (svdf(feature=tensor("feature", 6, 4)), Unsupported, "feature int8[6, 4] is computed, but must be a constant"),
    (svdf(time=tensor("time", 6, 3)), Unsupported, "time int8[6, 3] is computed, but must be a constant"),
    (svdf(bias=constant("bias", np.ones(5, np.int32))), BadInput, "its bias has 5 values for 6 channels"),
    (svdf(bias=constant("bias", np.ones(6, np.int64))), Unsupported, "its bias, bias int64[6], is not int32"),
    (svdf(x=tensor("x", 2, 4, dtype=DType.INT16)), Unsupported, "x int16[2, 4] with feature int8[6, 4] and y int8"),
    (
        svdf(state=tensor("state", 2, 18, dtype=DType.INT16)),
        Unsupported,
        "time int8[6, 3] and state int16[2, 18] are not both int8 or both int16; quantize the model again",
    ),
    (svdf(state=tensor("state", 2, 18, q=None)), Unsupported, "state int8[2, 18] has no scale and zero point"),
    (svdf(y=tensor("y", 2, 6, q=quant(NAN, 0))), BadInput, "has a scale of nan"),
    (svdf(y=tensor("y", 2, 6, q=quant(1e-30, 0))), Unsupported, "its scales lie too far apart"),
    (
        float_svdf(feature=constant("feature", np.ones((6, 4), np.int8))),
        Unsupported,
        "x float32[2, 4] with feature int8[6, 4], time float32[6, 3], state float32[2, 18] and y float32[2, 6]; "
        f"{CONVERT_TO_INT8}",
    ),
    (hybrid_svdf(quant(0.5, 1)), Unsupported, "feature int8[6, 4] has the zero point 1, not 0"),
    (hybrid_svdf(None), Unsupported, "feature int8[6, 4] has no scale and zero point"),
    (float_svdf(state=tensor("state", 2, 18)), Unsupported, "state int8[2, 18] and y float32[2, 6]"),
    (float_svdf(activation=5), Unsupported, "fused activation code 5 is not one of NONE, RELU, RELU_N1_TO_1, RELU6"),
    (
        svdf(state=None),
        BadInput,
        "has 5 inputs and 0 outputs, not an input, two weights, an optional bias and a memory",
    ),
    # ------------------------------------------------------------------------------------- LSTM
    (lstm(activation=1), Unsupported, "its activation has code 1, not TANH; use the default activation of LSTM layers"),
    (lstm(cell_clip=-1.0), BadInput, "a cell clip of -1.0 is negative"),
    (lstm(cell_clip=NAN), BadInput, "a cell clip of nan is negative"),
    (lstm(i1=None), Unsupported, "has 24 inputs, of which 1 are missing; use a plain LSTM layer, its input and forget"),
    (lstm(i18=None), Unsupported, "has 24 inputs, of which 18 are missing"),
    (lstm(count=18), Unsupported, "has 18 inputs, of which 18, 19 are missing"),
    (lstm(i9=constant("p", np.ones(5, np.int16))), Unsupported, "has peepholes; use a plain LSTM layer"),
    (lstm(i16=constant("p", np.ones((5, 5), np.int8))), Unsupported, "has a projection; use a plain LSTM layer"),
    (lstm(i20=constant("p", np.ones(5, np.int16))), Unsupported, "has layer normalization; use a plain LSTM layer"),
    (lstm(i0=tensor("x", 2, 3)), BadInput, "x int8[2, 3] and y int8[2, 3, 5] are not sequences of one length"),
    (lstm(y=tensor("y", 2, 4, 5)), BadInput, "are not sequences of one length"),
    (lstm(i0=tensor("x", 2, 3, 5)), BadInput, "w1 int8[5, 4] has not the shape [5, 5]"),
    (lstm(i7=constant("r", np.ones((5, 4), np.int8))), BadInput, "r int8[5, 4] has not the shape [5, 5]"),
    (lstm(i12=constant("b", np.ones(4, np.int32))), BadInput, "b int32[4] has not the shape [5]"),
    (lstm(i2=tensor("w", 5, 4, q=quant(0.5, 0))), Unsupported, "w int8[5, 4] is computed, but must be a constant"),
    (lstm(i18=tensor("hidden", 2, 4)), BadInput, "hidden int8[2, 4] does not hold 2 times 5 values"),
    (lstm(i19=tensor("cell", 3, 5, dtype=DType.INT16, q=ZERO)), BadInput, "cell int16[3, 5] does not hold 2 times 5"),
    (lstm(i0=tensor("x", 2, 3, 4, dtype=DType.UINT8)), Unsupported, "x uint8[2, 3, 4] is not int8, int16 or float32"),
    (lstm(i19=tensor("cell", 2, 5)), Unsupported, "x int8[2, 3, 4] with cell int8[2, 5], which is not int16"),
    (lstm(i13=constant("b", np.ones(5, np.int64))), Unsupported, "with b int64[5], which is not int32"),
    (lstm(i0=floats(tensor("x", 2, 3, 4))), Unsupported, "with b12 int32[5], which is not float32"),
    (
        lstm(i0=floats(tensor("x", 2, 3, 4)), i1=floats(constant("w", np.ones((5, 4), np.int8)))),
        Unsupported,
        "with w2 int8[5, 4], which is not float32",
    ),
    (lstm(y=tensor("y", 2, 3, 5, dtype=DType.INT16)), Unsupported, "becomes y int16[2, 3, 5] of another type"),
    (lstm(i19=tensor("cell", 2, 5, dtype=DType.INT16)), Unsupported, "cell int16[2, 5] has the zero point 3, not 0"),
    (lstm(i3=constant("w", np.ones((5, 4), np.int8), quant(0.5, 1))), Unsupported, "has the zero point 1, not 0"),
    (lstm(i3=constant("w", np.ones((5, 4), np.int8), PER_CHANNEL)), Unsupported, "has 5 scales where only one is"),
    (
        lstm(i19=tensor("cell", 2, 5, dtype=DType.INT16, q=quant(2.0**-50, 0))),
        Unsupported,
        "its cell has a scale of 8.88178e-16, not 2^-42 to 2^2; quantize the model again",
    ),
    (lstm(i3=constant("w", np.ones((5, 4), np.int8), quant(1e30, 0))), Unsupported, "its scales lie too far apart"),
    # ------------------------------------------------------------------------------------- CIRCULAR_BUFFER
    (circular(x=tensor("x", 1, 2, 2, 4)), BadInput, "x int8[1, 2, 2, 4] is no row of y int8[1, 3, 2, 4]"),
    (circular(x=tensor("x", 2, 4)), BadInput, "is no row of"),
    (circular(old=tensor("old", 1, 4, 2, 4)), BadInput, "is no row of"),
    (circular(y=tensor("y", 3, 8)), BadInput, "is no row of y int8[3, 8]"),
    (circular(x=floats(tensor("x", 1, 1, 2, 4))), Unsupported, "x float32[1, 1, 2, 4] is not int8"),
    (circular(old=None), BadInput, "has 1 inputs and 1 outputs, not 1 and 1"),
]


@pytest.mark.parametrize(("bad", "kind", "words"), REFUSALS, ids=[words[:50] for _, _, words in REFUSALS])
def test_refusals(bad: Node, kind: type[MotesError], words: str) -> None:
    with pytest.raises(kind) as caught:
        bad.op.check(bad)
    assert type(caught.value) is kind
    assert words in str(caught.value)
