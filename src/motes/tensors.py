"""Tensors: values that flow through graphs, their element types and quantization.

Every value is frozen. Tensors are compared by identity: two tensors of one name are two tensors.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class DType(enum.Enum):
    """The element types of tensors; the value is the name that NumPy and reports use."""

    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    UINT32 = "uint32"
    INT64 = "int64"
    UINT64 = "uint64"
    FLOAT16 = "float16"
    FLOAT32 = "float32"
    BOOL = "bool"

    @property
    def numpy(self) -> np.dtype[Any]:
        """The NumPy dtype of the same name."""
        return np.dtype(self.value)

    @property
    def size(self) -> int:
        """Bytes of one element."""
        return int(self.numpy.itemsize)

    @property
    def c(self) -> str:
        """The C type of one element; of float16 its bits."""
        names = {"float16": "uint16_t", "float32": "float", "bool": "uint8_t"}
        return names.get(self.value, self.value + "_t")


@dataclass(frozen=True)
class Quant:
    """real = scale * (q - zero_point), per tensor (one scale) or per slice along `axis`."""

    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int | None = None

    @property
    def per_tensor(self) -> bool:
        """Whether one scale and zero point serve every element."""
        return len(self.scale) == 1


def quant(scale: float, zero_point: int) -> Quant:
    """A per-tensor quantization."""
    return Quant((scale,), (zero_point,))


@dataclass(frozen=True, eq=False)
class Tensor:
    """A value that flows through a graph, or a constant when `data` is there."""

    name: str
    shape: tuple[int, ...]
    dtype: DType
    quant: Quant | None = None
    data: Array | None = field(default=None, repr=False)
    origin: str = ""  # the user's own name for it, kept through all passes
    bits: int = 0  # of an element of a constant, where the file packs several into a byte: values need no more
    open: bool = False  # the file leaves its size to run time; `shape` has 1 for what is not known

    @property
    def elements(self) -> int:
        """How many elements it has; a scalar has one."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """How many bytes it takes in memory."""
        return self.elements * self.dtype.size

    @property
    def scale(self) -> float:
        """The scale of a per-tensor quantized tensor."""
        assert self.quant is not None and self.quant.per_tensor, self
        return self.quant.scale[0]

    @property
    def zero_point(self) -> int:
        """The zero point of a per-tensor quantized tensor."""
        assert self.quant is not None and self.quant.per_tensor, self
        return self.quant.zero_point[0]

    def __str__(self) -> str:
        return f"{self.name} {self.dtype.value}[{', '.join(map(str, self.shape))}]"
