"""What a .tflite file says, as a `Graph`: the one place where its numbers become tensors, operators and names."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import Array, Builtin, DType, Graph, Node, Quant, Tensor, verify
from motes.names import Names, identifier, snake
from motes.ops import builtins
from motes.tflite.schema import StoredModel, StoredOperator, StoredTensor, read_bytes, read_model

MOST_DIMENSIONS = 8
MOST_BYTES = 64 << 20
"""Bytes of the largest tensor, and of all constants: beyond any microcontroller's memory, well inside 32-bit offsets.
Constants may share or overlap in a file, so that its size does not bound them."""

SCALES = (1e-30, 1e30)
"""Scales outside of this range overflow single precision in the arithmetic that follows."""

ZERO_POINTS = {
    DType.INT8: (-128, 127),
    DType.UINT8: (0, 255),
    DType.INT16: (-32768, 32767),
    DType.UINT16: (0, 65535),
}


@dataclass(frozen=True)
class Attempted:
    """What came of one operator: its node, or what stands in the way; `shape` and `type` of its first output."""

    name: str
    shape: tuple[int, ...]
    type: str
    made: Node | MotesError


@dataclass(frozen=True)
class Attempt:
    """What came of importing a file, operator by operator: for a list of everything that stands in the way.

    Attributes:
        graph: the nodes that could be imported, not verified.
        operators: of the file, in its order.
        problems: of the model as a whole.
    """

    graph: Graph
    operators: tuple[Attempted, ...]
    problems: tuple[MotesError, ...]


def load(source: Path | str | bytes, name: str | None = None) -> Graph:
    """The graph of a .tflite file, verified.

    A batch size of -1 becomes 1. Constants are read-only views of the file's bytes. The user's own names are in
    `Tensor.origin`; `Tensor.name`, `Node.name` and `Graph.name` are identifiers of C, unique in the graph.

    Args:
        source: a path, or the file's bytes.
        name: what to call the model; by default the file's stem.

    Raises:
        BadInput: the file cannot be read, is no .tflite file, is damaged, or contradicts itself.
        Unsupported: it asks for what Motes does not do; the message names the way out.
    """
    where, made = _open(source, name)
    for problem in (*made.problems, *(o.made for o in made.operators)):
        if isinstance(problem, MotesError):
            raise _placed(where, problem)
    try:
        return verify(made.graph)
    except MotesError as error:
        raise _placed(where, error) from None


def attempt(source: Path | str | bytes, name: str | None = None) -> Attempt:
    """As much of a .tflite file as can be imported, and everything that stands in the way.

    Raises:
        BadInput: the file cannot be read, is no .tflite file, or is damaged.
        Unsupported: the file's structure cannot be read at all.
    """
    return _open(source, name)[1]


def _open(source: Path | str | bytes, name: str | None) -> tuple[str, Attempt]:
    path = None if isinstance(source, bytes) else Path(source)
    where = str(path) if path else name or "model"
    data = source if isinstance(source, bytes) else read_bytes(Path(source))
    called = identifier(name or (path.stem if path else "model"), fallback="model")
    return where, _Importer(read_model(data, where)).attempt(called)


def _placed(where: str, error: MotesError) -> MotesError:
    """The same error, saying first which file it is about."""
    if str(error).startswith(f"{where}:"):
        return error
    if isinstance(error, Unsupported):
        return Unsupported(f"{where}: {error.where}", error.what, error.way_out)
    return type(error)(f"{where}: {error}")


class _Importer:
    """One file on its way to a graph: tensors are made when something first refers to them, each once."""

    def __init__(self, model: StoredModel) -> None:
        self.model = model
        self.made: dict[int, Tensor] = {}
        self.names = Names()
        self.constant_bytes = 0

    def attempt(self, name: str) -> Attempt:
        """Everything that can be imported."""
        model, problems = self.model, []
        inputs: tuple[Tensor, ...] = ()
        outputs: tuple[Tensor, ...] = ()
        for check in (self._whole, self._ends):
            try:
                check()
            except MotesError as error:
                problems.append(error)
        operators = tuple(self._attempt(operator) for operator in model.operators)
        if not problems:
            try:
                inputs = tuple(self._input(i) for i in model.inputs)
                outputs = tuple(self._tensor(i) for i in model.outputs)
            except MotesError as error:
                problems.append(error)
        nodes = tuple(o.made for o in operators if isinstance(o.made, Node))
        return Attempt(Graph(name, inputs, outputs, nodes), operators, tuple(problems))

    def _whole(self) -> None:
        """Raise unless the file holds one subgraph of operators."""
        model = self.model
        if model.subgraphs > 1:
            raise Unsupported(
                model.where,
                f"has {model.subgraphs} subgraphs (control flow, or state kept in variables)",
                "convert it without them: a stateless model, from_keras_model with a fixed batch size",
            )
        if not model.operators:
            raise BadInput("the model has no operators: there is nothing to run; convert a trained model again")

    def _ends(self) -> None:
        """Raise unless inputs and outputs are distinct tensors that something computes."""
        model = self.model
        for what, ends in (("input", model.inputs), ("output", model.outputs)):
            if not ends:
                raise BadInput(f"the model has no {what}; convert it again with at least one")
            for n, index in enumerate(ends):
                stored = self._stored(index, f"{what} {n} of the model")
                if index in ends[:n]:
                    raise BadInput(
                        f"{stored} is {what} {ends.index(index)} and {what} {n} of the model; name each tensor once"
                    )
                if len(stored.data):
                    raise BadInput(f"{stored}, {what} {n} of the model, is a constant; leave it out and convert again")
        for index in model.outputs:
            if index in model.inputs:
                raise BadInput(f"{self._stored(index, 'output')} is an input and an output; leave the output out")

    def _input(self, index: int) -> Tensor:
        """A tensor that the user fills: only its batch may have been left open."""
        stored = self._stored(index, "an input of the model")
        if -1 in (stored.signature or stored.shape)[1:]:
            raise Unsupported(
                stored,
                f"an input of variable shape {list(stored.signature or stored.shape)}",
                "convert with fixed shapes: keras.Input(batch_shape=(1, ...))",
            )
        return self._tensor(index)

    def _stored(self, index: int, what: str) -> StoredTensor:
        if not 0 <= index < len(self.model.tensors):
            raise BadInput(
                f"{what} is tensor {index}, but there are {len(self.model.tensors)}; the file is damaged: "
                "convert the model again"
            )
        return self.model.tensors[index]

    def _attempt(self, operator: StoredOperator) -> Attempted:
        made: Node | MotesError
        try:
            made = self._node(operator)
        except MotesError as error:
            made = error
        known = [self.model.tensors[i] for i in operator.outputs if 0 <= i < len(self.model.tensors)]
        return Attempted(operator.name, known[0].shape if known else (), known[0].type if known else "", made)

    def _node(self, operator: StoredOperator) -> Node:
        known = builtins()
        if operator.custom or operator.name not in known:
            raise Unsupported(
                f"operator {operator.index}",
                f"{'custom operator ' if operator.custom else ''}{operator.name} is not one that Motes knows",
                f"it knows {', '.join(sorted(known))}: build the model from these, or split it before this operator",
            )
        kind, builtin = known[operator.name]
        inputs = tuple(
            None if i == -1 else self._tensor(i, f"input {n} of {operator}") for n, i in enumerate(operator.inputs)
        )
        outputs = tuple(self._tensor(i, f"output {n} of {operator}") for n, i in enumerate(operator.outputs))
        for tensor in outputs:
            if tensor.data is not None:
                raise BadInput(f"{operator} writes the constant {tensor.name}; the file is damaged: convert it again")
        op = kind.from_tflite(builtin.name, _options(operator, builtin), inputs, outputs)
        return Node(f"{snake(type(op).__name__)}_{operator.index}", op, inputs, outputs, (operator.index,))

    def _tensor(self, index: int, what: str = "an output of the model") -> Tensor:
        if index not in self.made:
            stored = self._stored(index, what)
            tensor = _tensor(stored, self.names(stored.name, fallback="tensor"))
            if tensor.data is not None:
                self._count_constant(stored, tensor.nbytes)
            self.made[index] = tensor
        return self.made[index]

    def _count_constant(self, stored: StoredTensor, size: int) -> None:
        self.constant_bytes += size
        if self.constant_bytes > MOST_BYTES:
            raise Unsupported(
                stored,
                f"brings the constants to {self.constant_bytes:,} bytes",
                f"use a smaller model: {MOST_BYTES >> 20} MiB in all are the most",
            )


def _options(operator: StoredOperator, builtin: Builtin) -> dict[str, Any]:
    """An operator's options by name, defaults where the file leaves them out.

    Raises:
        BadInput: a damaged table, or a number that is not finite.
    """
    found: dict[str, Any] = {}
    table = operator.options
    for slot, (name, (kind, default)) in enumerate(builtin.fields.items()):
        if table is None:
            found[name] = default
        elif kind == "ints":
            found[name] = table.numbers(slot, "i", f"the option {name} of {operator}")
        elif kind == "float":
            found[name] = table.real(slot, default)
            if not math.isfinite(found[name]):
                raise BadInput(f"{operator}: the option {name} is {found[name]}; it must be a finite number")
        elif kind == "bool":
            found[name] = bool(table.number(slot, "B", int(default)))
        else:
            found[name] = table.number(slot, "b" if kind == "byte" else "i", default)
    return found


def _tensor(stored: StoredTensor, name: str) -> Tensor:
    """A tensor with a shape, a type and a quantization that hold together."""
    if stored.special:
        raise Unsupported(
            stored,
            f"is {stored.special}",
            "convert a dense, stateless model with ordinary post-training int8 quantization",
        )
    if len(stored.shape) > MOST_DIMENSIONS:
        raise Unsupported(stored, f"has {len(stored.shape)} dimensions", f"reshape it to {MOST_DIMENSIONS} at most")
    shape = tuple(1 if d == -1 else d for d in stored.shape)
    try:
        dtype = DType(stored.type)
    except ValueError:
        raise Unsupported(
            stored,
            f"has elements of type {stored.type}",
            "convert with full integer quantization: representative_dataset, TFLITE_BUILTINS_INT8, int8 in and out",
        ) from None
    # RESHAPE to a scalar has an empty list of dimensions for its second input.
    if any(d <= 0 for d in shape) and not (shape == (0,) and dtype is DType.INT32):
        raise BadInput(
            f"{stored} has the shape {list(stored.shape)}, so no elements; "
            "convert the model again with fixed, positive shapes"
        )
    size = math.prod(shape) * dtype.size
    if size > MOST_BYTES:
        raise Unsupported(
            stored, f"takes {size:,} bytes", f"use a smaller model: no tensor may exceed {MOST_BYTES >> 20} MiB"
        )
    return Tensor(name, shape, dtype, _quant(stored, shape, dtype), _data(stored, shape, dtype), stored.name)


def _data(stored: StoredTensor, shape: tuple[int, ...], dtype: DType) -> Array | None:
    """The elements of a constant, read-only; None for a tensor that is computed."""
    size = math.prod(shape) * dtype.size
    if size > 0 and not stored.data:
        return None
    if len(stored.data) != size:
        raise BadInput(
            f"{stored} has {len(stored.data):,} bytes of data, but {dtype.value}{list(shape)} takes {size:,}; "
            "the file is damaged: convert the model again"
        )
    array = np.frombuffer(stored.data, dtype.numpy.newbyteorder("<")).astype(dtype.numpy, copy=False).reshape(shape)
    if not array.flags.aligned:
        array = array.copy()
        array.flags.writeable = False
    return array


def _quant(stored: StoredTensor, shape: tuple[int, ...], dtype: DType) -> Quant | None:
    """The quantization of a tensor; None where the file has none."""
    if not stored.scale:
        return None
    count = len(stored.scale)
    zero_point = stored.zero_point * count if len(stored.zero_point) == 1 else stored.zero_point
    if len(zero_point) != count:
        raise BadInput(
            f"{stored} has {count} scales but {len(stored.zero_point)} zero points; the file is damaged: "
            "convert the model again"
        )
    least, most = SCALES
    for scale in stored.scale:
        # A channel whose weights are all zero may come with the scale 0.
        if not (least <= scale <= most or (scale == 0 and len(stored.data))):
            raise BadInput(
                f"{stored} has the scale {scale}; scales are positive and finite: quantize the model again, with "
                "representative data"
            )
    low, high = ZERO_POINTS.get(dtype, (-(1 << 31), (1 << 31) - 1))
    for point in zero_point:
        if not low <= point <= high:
            raise BadInput(f"{stored} has the zero point {point}, outside of {dtype.value}; convert the model again")
    if count == 1:
        return Quant(stored.scale, zero_point)
    # Some converters give a bias the axis of its weights: a bias has one axis only.
    axis = 0 if len(shape) == 1 else stored.axis
    if not 0 <= axis < len(shape) or shape[axis] != count:
        raise BadInput(
            f"{stored} has {count} scales along axis {stored.axis}, but the shape {list(shape)}; "
            "the file is damaged: convert the model again"
        )
    return Quant(stored.scale, zero_point, axis)
