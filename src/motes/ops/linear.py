"""Operators that sum products of channels with constant weights, seen alike: what their outputs may be, and which of
their inputs count."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motes.intervals import Interval
from motes.ir import Array, DType, Node, Op, Tensor
from motes.quant import requantize, requantize_s64

LARGEST = {DType.INT32: (1 << 31) - 1, DType.INT64: (1 << 46) - 1}
"""A sum that no arithmetic wraps, by the type of the bias: 64 bits are rescaled by a product with 16 more."""

FAR = 1 << 52
"""A bias beyond all of them, to which sums of products can be added."""


@dataclass(frozen=True)
class Linear:
    """Output channel o of group g is rescale(bias[g, o] + sum of weights[g, o, t, i] * (x[t, i] - x_zero)).

    x[t, i] is input channel i of the group, at tap t of a window. Channels of input and output count by group, then
    within it. Multipliers and shifts are one an output channel, or one for all.
    """

    weights: Array  # int8 (groups, outputs, taps, inputs)
    bias: Array  # int64 (groups, outputs)
    x_zero: int
    windows: Array  # bool (kinds, taps): which taps lie inside the input; outside of it lies x_zero
    multipliers: Array
    shifts: Array
    y_zero: int
    limits: tuple[int, int]
    sums: DType = DType.INT32

    def bounds(self, x: Interval) -> Interval:
        """Of the output channels. One whose sums the arithmetic could wrap may have any value."""
        least, most = self._sums(x)
        (low, sure), (high, as_well) = self._outputs(least), self._outputs(most)
        certain = sure & as_well
        return Interval(np.where(certain, low, self.limits[0]), np.where(certain, high, self.limits[1]))

    def needed(self, x: Interval, y: Interval, wanted: Array) -> Array:
        """bool (inputs): the channels that those outputs vary with which are `wanted`, and are not constant."""
        uses = (self.weights != 0).any(axis=2) & self._live(y, wanted) & ~self._folds(x)
        return np.asarray(uses.any(axis=1).reshape(-1))

    def without(self, x: Interval, y: Interval, wanted: Array) -> Linear:
        """The same outputs where they are `wanted`, from inputs that are `needed`: all other weights are 0.

        A constant output has a bias that leads to it. What a constant input adds is in the bias.
        """
        live = self._live(y, wanted)
        folds = self._folds(x) & live
        bias = np.where(live[..., 0], self.bias, 0)
        if folds.any():
            bias += (self._added(x)[0] * folds).sum(axis=2)
        settled = y.constant.reshape(bias.shape)
        bias = np.where(settled, self._sums(x)[0].reshape(bias.shape), bias)
        weights = np.where((live & ~folds)[:, :, np.newaxis], self.weights, 0)
        return dataclasses.replace(self, weights=weights, bias=bias)

    def of(self, inputs: Array, outputs: Array) -> Linear:
        """The same for some channels of input and output: bool masks. Of several groups, whole ones."""
        groups, _, _, depth = self.weights.shape
        if groups == 1:
            return dataclasses.replace(self, weights=self.weights[:, outputs][..., inputs], bias=self.bias[:, outputs])
        kept = inputs.reshape(groups, depth).all(axis=1)
        return dataclasses.replace(self, weights=self.weights[kept], bias=self.bias[kept])

    @property
    def ties(self) -> tuple[Array, Array]:
        """(inputs, outputs): pairs of channels of which one cannot go without the other, as groups stay equal."""
        groups, outputs, _, inputs = self.weights.shape
        if groups == 1:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        group, i, o = np.indices((groups, inputs, outputs)).reshape(3, -1)
        return group * inputs + i, group * outputs + o

    @functools.cached_property
    def _sides(self) -> tuple[Array, Array]:
        """int32 (kinds, groups, outputs, inputs) twice: the positive and the negative weights that a window sees."""
        positive, negative = (
            np.stack([weights[:, :, seen].sum(axis=2, dtype=np.int32) for seen in self.windows])
            for weights in (np.maximum(self.weights, 0), np.minimum(self.weights, 0))
        )
        return positive, negative

    def _sums(self, x: Interval) -> tuple[Array, Array]:
        """The least and the largest sum of each output channel, at any place of the window."""
        low, high = self._less_zero(x.low), self._less_zero(x.high)
        positive, negative = self._sides
        bias = np.clip(self.bias, -FAR, FAR)
        least = bias + _products(positive, low) + _products(negative, high)
        most = bias + _products(positive, high) + _products(negative, low)
        return least.min(axis=0).reshape(-1), most.max(axis=0).reshape(-1)

    def _less_zero(self, values: Array) -> Array:
        """Values of the input channels, less the zero point, as (groups, inputs)."""
        return (values - self.x_zero).reshape(len(self.weights), -1)

    def _outputs(self, sums: Array) -> tuple[Array, Array]:
        """(outputs, where they are certain) of one sum a channel. Where certain, a larger sum gives no smaller one."""
        inside = _within(sums, LARGEST[self.sums] >> np.maximum(self.shifts, 0).astype(np.int64))
        known = np.where(inside, sums, 0)
        rescale = requantize if self.sums is DType.INT32 else requantize_s64
        scaled = rescale(known, self.multipliers, self.shifts)
        real = known * np.ldexp(self.multipliers.astype(np.float64), self.shifts.astype(np.int64) - 31)
        inside &= np.abs(real) < 1 << 30  # so that nothing wraps when the zero point is added
        return np.clip(scaled + self.y_zero, *self.limits), inside

    def _live(self, y: Interval, wanted: Array) -> Array:
        """bool (groups, outputs, 1): the outputs that something has to be summed for."""
        return np.asarray((wanted & ~y.constant).reshape(*self.bias.shape, 1))

    def _folds(self, x: Interval) -> Array:
        """bool (groups, outputs, inputs): which constant inputs can be in the bias of which outputs.

        Only those that add the same wherever the window is: padding adds nothing.
        """
        if not x.constant.any():
            return np.zeros((1, 1, 1), bool)
        added = self._added(x)
        settled = x.constant.reshape(len(self.weights), 1, -1) & (added == added[0]).all(axis=0)
        fits = _within(self.bias + (added[0] * settled).sum(axis=2), LARGEST[self.sums])
        return np.asarray(settled & fits[..., np.newaxis])

    def _added(self, x: Interval) -> Array:
        """int64 (kinds, groups, outputs, inputs): what constant inputs add, all taps together; 0 for others."""
        positive, negative = self._sides
        value = np.where(x.constant.reshape(len(self.weights), -1), self._less_zero(x.low), 0)
        return np.asarray((positive + negative) * value[:, np.newaxis])


def _products(weights: Array, values: Array) -> Array:
    """int64 (kinds, groups, outputs): the sums of (kinds, groups, outputs, inputs) times (groups, inputs)."""
    return np.asarray(np.einsum("kgoi,gi->kgo", weights, values, dtype=np.int64))


def _within(values: Array, largest: Array | int) -> Array:
    """Whether they are no further from 0 than that."""
    return np.asarray((values <= largest) & (values >= np.negative(largest)))


class Weighted(Op):
    """An operator that may be `Linear`: input 0 times the constant weights in input 1, plus the bias in input 2."""

    def linear(self, node: Node) -> Linear | None:
        """The node seen so; None where it is of floats, or its weights are computed."""
        return None

    def filter_of(self, node: Node, weights: Array) -> Array:
        """The weights of a `Linear` in the layout of the file."""
        shape = node.input(1).shape
        return weights.reshape(-1, *shape[1:-1], weights.shape[-1])

    def interval(self, node: Node, inputs: Sequence[Interval | None]) -> Interval | None:
        """Exact where one input channel is concerned: all channels at their ends give the outputs' ends."""
        linear, x = self.linear(node), inputs[0]
        return None if linear is None or x is None else linear.bounds(x)

    def rebuilt(self, node: Node, x: Tensor, y: Tensor, linear: Linear, outputs: Array) -> Node:
        """The node with the weights and the bias of `linear` between other tensors.

        Args:
            outputs: bool; which output channels of the node these are.
        """
        w, bias = node.input(1), node.inputs[2] if len(node.inputs) > 2 else None
        assert w.data is not None and w.quant is not None, node
        scales = w.quant
        if not scales.per_tensor:
            scale = tuple(np.array(scales.scale)[outputs].tolist())
            scales = dataclasses.replace(scales, scale=scale, zero_point=scales.zero_point[: len(scale)])
        filter = self.filter_of(node, linear.weights).astype(w.data.dtype)
        if not np.array_equal(filter, w.data):
            w = dataclasses.replace(w, shape=filter.shape, quant=scales, data=filter)
        sums = linear.bias.reshape(-1).astype(linear.sums.numpy)
        if bias is None and sums.any():
            bias = Tensor(f"{node.name}_bias", sums.shape, linear.sums)
        if bias is not None and (bias.data is None or not np.array_equal(sums, bias.data.reshape(-1))):
            bias = dataclasses.replace(bias, shape=sums.shape, quant=None, data=sums)
        if (x, y, w, bias) == (node.input(0), node.output, node.input(1), (*node.inputs, None)[2]):
            return node
        return dataclasses.replace(node, inputs=(x, w) if bias is None else (x, w, bias), outputs=(y,))
