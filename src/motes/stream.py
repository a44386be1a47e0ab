"""Streams: what flows between a sensor, blocks, a model and an action while an application is being written.

    mic = mt.Microphone(rate=16_000)                        # Source: an item is one sample
    features = mt.MicroFrontend(...)(mic)                   # Window over samples, then a Step
    scores = mt.Model("kws.tflite")(features.window(49, stride=10))

A Stream is a value: writing an application builds a tree of them from the sinks back to the sources, and nothing
runs. `application.py` cuts the tree at its windows into stages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from motes.errors import BadInput
from motes.ir import Array, DType, Node, Op, Quant, State, Tensor

MOST_ITEMS = 1 << 30
"""Longest window and longest stride: differences of counts, which run modulo 2^32, then keep their sign."""


@dataclass(frozen=True, eq=False)
class Source:
    """A sensor: one item every 1/rate seconds.

    `kind` is the board's name for the peripheral ("microphone", "accelerometer", "camera"); `settings` are what it is
    started with, such as width and height. `record` is the shape of what a recording holds one behind the other: that
    of an item, or, for a camera, of a whole frame, whose rows are the items.
    """

    kind: str
    rate: Fraction
    record: tuple[int, ...] = ()
    settings: Mapping[str, int] = field(default_factory=dict)

    @property
    def records_per_s(self) -> Fraction:
        """How many of them a second brings."""
        return self.rate / self.record[0] if len(self.record) > 1 else self.rate


@dataclass(frozen=True, eq=False)
class Window:
    """The last `length` items of `stream`, each time `stride` new ones have come; first when `length` are there."""

    stream: Stream
    length: int
    stride: int


@dataclass(frozen=True, eq=False)
class Step:
    """Nodes that run each time their inputs have come; the stage around them is named after the largest step."""

    nodes: tuple[Node, ...]
    inputs: tuple[Stream, ...]
    states: tuple[State, ...] = ()
    name: str = ""


Origin: TypeAlias = "Source | Window | Step"


@dataclass(frozen=True, eq=False)
class Stream:
    """Items of one shape and type that arrive every `period` seconds.

    `labels` names the classes of a score vector or of a decision. A decision is int32 [2]: the label's index or -1 for
    "nothing to report", and its score; the tensor's quantization turns the score into a real number.
    """

    tensor: Tensor
    origin: Origin
    period: Fraction
    labels: tuple[str, ...] = ()

    def __repr__(self) -> str:
        labels = f", labels {', '.join(self.labels)}" if self.labels else ""
        return f"Stream({self.tensor} every {float(self.period) * 1000:g} ms{labels})"

    def window(self, length: int, stride: int | None = None) -> Stream:
        """The last `length` items as one tensor of shape (length, *item), each time `stride` new ones have come.

        Args:
            length: items in a window, at least 1.
            stride: new items between two windows; None: `length`, so that they touch; more leaves gaps.

        Raises:
            BadInput: length or stride is not a positive whole number; the items are windows that overlap.
        """
        stride = length if stride is None else stride
        for what, value in (("length", length), ("stride", stride)):
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise BadInput(
                    f"window of {self.tensor.name}: {what} is {value!r}; it must be a whole number, at least 1"
                )
            if value > MOST_ITEMS:
                raise BadInput(f"window of {self.tensor.name}: {what} is {value:,} items; at most {MOST_ITEMS:,} count")
        item = self.tensor
        origin = Window(self, length, stride)
        if isinstance(self.origin, Window):
            inner = self.origin
            if inner.length != inner.stride:
                raise BadInput(f"window of {item.name}: its items are windows that overlap; take one window instead")
            origin = Window(inner.stream, inner.length * length, inner.stride * stride)
        tensor = Tensor(f"{item.name}_window", (length, *item.shape), item.dtype, item.quant)
        return Stream(tensor, origin, self.period * stride)


def count_of(milliseconds: float, period: Fraction, what: str) -> int:
    """How many periods make `milliseconds`, rounded to the nearest, at least 1.

    Raises:
        BadInput: NaN, infinite, zero or negative durations; `what` names the argument.
    """
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, (int, float)):
        raise BadInput(f"{what} is {milliseconds!r}; give a number of milliseconds")
    if not 0 < milliseconds < 86_400_000:  # false for NaN
        raise BadInput(f"{what} is {milliseconds!r}; it must be a positive number of milliseconds, at most a day")
    return max(1, round(Fraction(milliseconds) / 1000 / period))


@dataclass(frozen=True)
class Memory:
    """A state that a step keeps between its runs, and what it holds before the first."""

    name: str
    initial: Array


def step(
    name: str,
    op: Op,
    inputs: Sequence[Stream],
    output: tuple[tuple[int, ...], DType, Quant | None],
    *,
    memory: Sequence[Memory] = (),
    labels: tuple[str, ...] = (),
) -> Stream:
    """A stream that one operator makes of others: what a block's `__call__` returns.

    Args:
        name: a C identifier, such as "micro_frontend"; applications make it unique.
        op: its node reads `inputs` in order, then every state in `memory`.
        output: shape, dtype and quantization of the node's first output; the next states follow it in order.
        memory: the states, passed to the kernel behind the inputs, and again, to be written, behind the output.

    Raises:
        BadInput: the inputs do not arrive at one pace.
    """
    if len({stream.period for stream in inputs}) != 1:
        paces = ", ".join(f"{s.tensor.name} every {float(s.period * 1000):g} ms" for s in inputs)
        raise BadInput(f"{name}: its inputs arrive at different paces ({paces}); take windows of one length and stride")
    shape, dtype, quantization = output
    out = Tensor(name, shape, dtype, quantization)
    reads, writes = [s.tensor for s in inputs], [out]
    states = []
    for m in memory:
        kept = DType(str(m.initial.dtype))
        read = Tensor(f"{name}_{m.name}", m.initial.shape, kept)
        write = Tensor(f"{name}_{m.name}_next", m.initial.shape, kept)
        reads.append(read)
        writes.append(write)
        states.append(State(f"{name}_{m.name}", m.initial, read, write))
    node = Node(name, op, tuple(reads), tuple(writes))
    op.check(node)
    return Stream(out, Step((node,), tuple(inputs), tuple(states)), inputs[0].period, labels)
