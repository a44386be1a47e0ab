"""SignalFramer, SignalWindow, SignalOverlapAdd, SignalDelay and SignalStacker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, DType, Kernel, Node, Op, Params, Tensor
from motes.ops.signals import BUILD_AGAIN, LONGEST, check_ends, check_option, check_shape, signal, zeros

INT16 = DType.INT16
MOST_FRAMES = 32767
"""That a memory counts: it is of 16 bits."""


def _rows(node: Node, behind: int = 1) -> int:
    """How many signals its input holds, along all but the last `behind` axes."""
    x = node.input(0)
    if len(x.shape) < behind:
        raise BadInput(f"{node}: {x} has fewer than {behind} dimensions; {BUILD_AGAIN}")
    return int(np.prod(x.shape[: len(x.shape) - behind], dtype=np.int64))


@dataclass(frozen=True)
class SignalFramer(Op):
    """int16 (..., n * step) -> frames (..., n, size) that begin `step` samples apart, and whether all are complete.

    Frames reach back into earlier executions: the last samples are kept. With `prefill` zeros stand in front of the
    first sample, and every frame is complete; else the first ones are not until size / step executions, rounded up,
    have come, and are zero here, while TFLM does not write them. Source: TFLM's SignalFramer.
    """

    tflite = (signal("SignalFramer", frame_size="int", frame_step="int", prefill="bool"),)
    types = (INT16,)
    kernels = (Kernel("signal_framer", "signal_line.h", in_place=lambda node: ((2, 1),)),)

    size: int
    step: int
    prefill: bool

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> SignalFramer:
        return cls(options["frame_size"], options["frame_step"], options["prefill"])

    @property
    def _length(self) -> int:
        """Samples that are kept of each signal: TFLM's buffer is a multiple of the step where nothing fills it."""
        return (self.size if self.prefill else -(-self.size // self.step) * self.step) - self.step

    def memory(self, node: Node) -> tuple[Array, ...]:
        check_option(node, "frame_size", self.size, 1, LONGEST)
        check_option(node, "frame_step", self.step, 1, self.size if self.prefill else LONGEST)
        missing = 0 if self.prefill else self._length // self.step
        if missing > MOST_FRAMES:
            raise Unsupported(
                node, f"waits for {missing:,} frames until the first is complete", f"{MOST_FRAMES:,} at most"
            )
        initial = zeros(node, 1 + _rows(node) * self._length)
        initial[0] = missing
        return (initial,)

    def check(self, node: Node) -> None:
        check_ends(node, [INT16, INT16], [INT16, DType.BOOL, INT16])
        x, (y, valid, _) = node.input(0), node.outputs
        if x.shape[-1] % self.step:
            raise BadInput(f"{node}: {x} is no whole number of steps of {self.step} samples; {BUILD_AGAIN}")
        check_shape(node, y, (*x.shape[:-1], x.shape[-1] // self.step, self.size))
        check_shape(node, valid, [])

    def params(self, node: Node) -> Params:
        frames = node.input(0).shape[-1] // self.step
        return {"outer": _rows(node), "frames": frames, "size": self.size, "step": self.step, "length": self._length}


@dataclass(frozen=True)
class SignalWindow(Op):
    """int16 (..., size) times a window, int16 (size), shifted right by `shift` bits and saturated.

    Source: TFLM's SignalWindow.
    """

    tflite = (signal("SignalWindow", shift="int"),)
    types = (INT16,)
    kernels = (Kernel("signal_window", "signal_window.h", in_place=lambda node: ((0, 0),)),)

    shift: int

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> SignalWindow:
        return cls(options["shift"])

    def check(self, node: Node) -> None:
        check_ends(node, [INT16, INT16], [INT16])
        x, window, y = node.input(0), node.input(1), node.output
        check_option(node, "shift", self.shift, 0, 31)
        check_shape(node, window, [window.elements])
        if x.elements % window.elements or len(y.shape) != len(x.shape) or y.elements != x.elements:
            raise BadInput(f"{node}: {x} and {y} are no frames as long as {window}; {BUILD_AGAIN}")

    def params(self, node: Node) -> Params:
        size = node.input(1).elements
        return {"frames": node.output.elements // size, "size": size, "shift": self.shift}


@dataclass(frozen=True)
class SignalOverlapAdd(Op):
    """Frames (..., n, size) -> a signal (..., n * step): each frame is added `step` samples behind the one before.

    What the last frame leaves open is kept for the next execution. Dtypes: int16, saturating; float32.
    Source: TFLM's SignalOverlapAdd.
    """

    tflite = (signal("SignalOverlapAdd", frame_step="int"),)
    types = (INT16, DType.FLOAT32)
    kernels = (
        Kernel(
            "signal_overlap_add_s16",
            "signal_window.h",
            fits=lambda node: node.input(0).dtype is INT16,
            in_place=lambda node: ((1, 1),),
        ),
        Kernel(
            "signal_overlap_add_f32",
            "signal_window.h",
            fits=lambda node: node.input(0).dtype is DType.FLOAT32,
            in_place=lambda node: ((1, 1),),
        ),
    )

    step: int

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> SignalOverlapAdd:
        return cls(options["frame_step"])

    def memory(self, node: Node) -> tuple[Array, ...]:
        x = node.input(0)
        rows = _rows(node, 2)
        check_option(node, "frame_step", self.step, 1, x.shape[-1])
        return (zeros(node, rows * (x.shape[-1] - self.step), x.dtype),)

    def check(self, node: Node) -> None:
        x = node.input(0)
        if x.dtype not in self.types:
            raise Unsupported(node, f"{x} is not int16 or float32", BUILD_AGAIN)
        check_ends(node, [x.dtype] * 2, [x.dtype] * 2)
        check_shape(node, node.outputs[0], (*x.shape[:-2], x.shape[-2] * self.step))

    def params(self, node: Node) -> Params:
        *_, frames, size = node.input(0).shape
        return {"outer": _rows(node, 2), "frames": frames, "size": size, "step": self.step}


@dataclass(frozen=True)
class SignalDelay(Op):
    """int16 (..., n) -> the samples of as many streams `length` samples before; zeros first.

    Source: TFLM's SignalDelay.
    """

    tflite = (signal("SignalDelay", delay_length="int"),)
    types = (INT16,)
    kernels = (Kernel("signal_delay", "signal_line.h", in_place=lambda node: ((1, 1),)),)

    length: int

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> SignalDelay:
        return cls(options["delay_length"])

    def memory(self, node: Node) -> tuple[Array, ...]:
        check_option(node, "delay_length", self.length, 0, LONGEST)
        return (zeros(node, _rows(node) * self.length),)

    def check(self, node: Node) -> None:
        check_ends(node, [INT16] * 2, [INT16] * 2)
        check_shape(node, node.outputs[0], node.input(0).shape)

    def params(self, node: Node) -> Params:
        return {"outer": _rows(node), "size": node.input(0).shape[-1], "length": self.length}


@dataclass(frozen=True)
class SignalStacker(Op):
    """int16 (channels) -> (size * channels), the last size = left + 1 + right vectors, and whether there are as many.

    Every `step` executions a stack is complete; in between, the output stays as it was. Before the first vector, it
    stands `left` times more. Before the first stack the output is zero here, while TFLM does not write it.
    Source: TFLM's SignalStacker.
    """

    tflite = (
        signal(
            "SignalStacker",
            num_channels="int",
            stacker_left_context="int",
            stacker_right_context="int",
            stacker_step="int",
        ),
    )
    types = (INT16,)
    kernels = (Kernel("signal_stacker", "signal_line.h", in_place=lambda node: ((2, 1),)),)

    channels: int
    left: int
    right: int
    step: int

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> SignalStacker:
        sides = options["stacker_left_context"], options["stacker_right_context"]
        return cls(options["num_channels"], *sides, options["stacker_step"])

    @property
    def _size(self) -> int:
        return self.left + 1 + self.right

    def memory(self, node: Node) -> tuple[Array, ...]:
        check_option(node, "num_channels", self.channels, 1, LONGEST)
        check_option(node, "stacker_left_context", self.left, 0, MOST_FRAMES // 4)
        check_option(node, "stacker_right_context", self.right, 0, MOST_FRAMES // 4)
        check_option(node, "stacker_step", self.step, 1, self._size)
        return (zeros(node, 2 + (self._size + self.step) * self.channels),)

    def check(self, node: Node) -> None:
        check_ends(node, [INT16, INT16], [INT16, DType.BOOL, INT16])
        y, valid, _ = node.outputs
        check_shape(node, node.input(0), [self.channels])
        check_shape(node, y, [self._size * self.channels])
        check_shape(node, valid, [])

    def params(self, node: Node) -> Params:
        return {"channels": self.channels, "left": self.left, "size": self._size, "step": self.step}
