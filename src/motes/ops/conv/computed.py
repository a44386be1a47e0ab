"""What all operators with a filter share where the filter or the bias is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from motes.errors import Unsupported
from motes.ir import Array, DType, Kernel, Node, Rows, Tensor
from motes.ops.conv.filtered import Filtered, Kind, kind_of


class Computed(Filtered):
    """An operator whose filter and bias come as pointers, from memory or from flash.

    Served are int8, int16 and float32 as `Filtered` says, not floats with an int8 filter.
    """

    computed = True

    def check_values(self, node: Node) -> None:
        super().check_values(node)
        if kind_of(node) is Kind.HYBRID:
            raise Unsupported(
                node,
                f"filters floats with int8 weights, {self.ends(node)[1]}, and these or the bias are computed",
                "dequantize the weights, or freeze the model and convert again",
            )

    def rows(self, node: Node) -> Rows | None:
        return None

    def stored(self, node: Node) -> dict[str, int | Array]:
        # The kernels put pointers in their place; 0 is none.
        return {"weights": 0, "bias": self.bias(node) if self.bias_tensor(node) is None else 0}


def any_computed(tensors: Sequence[Tensor | None]) -> bool:
    """Whether one of them is there, but no constant."""
    return any(t is not None and t.data is None for t in tensors)


def kernels(operator: str, *narrow: str) -> tuple[Kernel, ...]:
    """The kernels `<operator>_computed_<kind>` and, where the node has a bias, `<operator>_biased_<kind>`.

    Args:
        narrow: those for an int16 input with a bias of int32.
    """
    forms = [(form, kind) for kind in (Kind.S8, Kind.S16, Kind.F32) for form in ("computed", "biased")]
    names = {f"{operator}_{form}_{kind.value}": _serves(kind, form) for form, kind in forms}
    source = f"{operator}_computed.h"
    return (
        *(Kernel(name, source, fits=fits, form="shared") for name, fits in names.items()),
        *(Kernel(name, source, fits=_is_narrow, scratch=_widened, form="shared") for name in narrow),
    )


def _serves(kind: Kind, form: str) -> Callable[[Node], bool]:
    return lambda node: kind_of(node) is kind and (_bias(node) is not None) == (form == "biased")


def _bias(node: Node) -> Tensor | None:
    assert isinstance(node.op, Filtered), node
    return node.op.bias_tensor(node)


def _is_narrow(node: Node) -> bool:
    bias = _bias(node)
    return kind_of(node) is Kind.S16 and bias is not None and bias.dtype is DType.INT32


def _widened(node: Node) -> int:
    """Bytes of the bias in 64 bits."""
    bias = _bias(node)
    assert bias is not None, node
    return bias.elements * DType.INT64.size
