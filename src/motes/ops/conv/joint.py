"""A convolution of one pixel and the depthwise convolution behind it as one operator of a program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from motes.ir import Kernel, Node, Op
from motes.ops.conv import pointwise

T = TypeVar("T")


def joint(first: Node, second: Node) -> Node | None:
    """Both as one node, None where no kernel serves them so."""
    if not pointwise.fits(first, second):
        return None
    inputs = (*first.inputs, *second.inputs[1:])
    sources = tuple(sorted({*first.sources, *second.sources}))
    return Node(f"{first.name}_{second.name}", PointwiseDepthwise(first, second), inputs, second.outputs, sources)


def _of_both(give: Callable[[Node, Node], T]) -> Callable[[Node], T]:
    """What `give` says of the two nodes that one stands for."""

    def of(node: Node) -> T:
        assert isinstance(node.op, PointwiseDepthwise), node
        return give(node.op.first, node.op.second)

    return of


_KERNEL = Kernel(
    "pointwise_depthwise_s8_dsp",
    "pointwise_depthwise_s8_dsp.h",
    needs=frozenset({"dsp", "fpu"}),
    params=_of_both(pointwise.params),
    scratch=_of_both(pointwise.scratch),
    ahead=_of_both(pointwise.ahead),
    form="shared",
    constants=_of_both(lambda first, second: pointwise.constants(first)),
)


@dataclass(frozen=True)
class PointwiseDepthwise(Op):
    """What `first` computes, and `second` makes of that.

    Input 0 is that of `first`; its filter and bias follow, if it has one, then those of `second`.
    """

    first: Node
    second: Node

    kernels = (_KERNEL,)
    folded: ClassVar[tuple[int, ...]] = (1, 2, 3, 4)
    title = "CONV_2D + DEPTHWISE_CONV_2D"

    def macs(self, node: Node) -> int:
        return sum(part.op.macs(part) for part in (self.first, self.second))
