"""What a model keeps from one execution to the next, as states of its graph.

A resource variable is named by VAR_HANDLE, read and assigned by READ_VARIABLE and ASSIGN_VARIABLE, and gets its first
value from the subgraph of a CALL_ONCE. Nothing of this is left to run: a read is the tensor that was assigned last, and
what is assigned last in an execution is kept for the next. A variable tensor is memory of the operator it belongs to.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Graph, Node, State, Tensor
from motes.names import Names, quoted
from motes.ops.variables.op import Copy
from motes.tflite.schema import (
    RUNS,
    VARIABLE_OPERATORS,
    StoredGraph,
    StoredModel,
    StoredOperator,
    StoredTensor,
)
from motes.tflite.tensors import read_tensor

if TYPE_CHECKING:
    from motes.tflite.subgraphs import Scope

CONSTANT = "give variables constant initial values"


@dataclass(frozen=True)
class Cell:
    """A place of memory, whichever subgraphs use it.

    Attributes:
        where: a resource variable's container and shared name; or numbers: of a subgraph and its tensor; of a subgraph,
            its operator and which of its memories; of an output.
    """

    kind: Literal["resource", "tensor", "operator", "output"]
    where: tuple[str | int, ...]

    @property
    def name(self) -> str:
        """A resource variable's own name."""
        return str(self.where[1]) if self.kind == "resource" else ""


@dataclass
class Cells:
    """What a subgraph finds in memory where it uses that, and what it has left there so far."""

    before: dict[Cell, Tensor] = field(default_factory=dict)
    now: dict[Cell, Tensor] = field(default_factory=dict)

    def begin(self, cell: Cell, tensor: Tensor) -> None:
        """The tensor holds what the cell does in front of the first operator."""
        self.before[cell] = self.now[cell] = tensor


class Variables:
    """What a file keeps: the resource variables as its operators are followed, and the first values of all cells."""

    def __init__(self, model: StoredModel) -> None:
        self._model = model
        self._given: dict[Cell, bytes] = {}  # by CALL_ONCE
        self._used: set[Cell] = set()
        self._first: dict[Cell, Array] = {}  # of operators
        main, *others = model.subgraphs
        self._changing = _first(_assignments(model, main, {}, set()))
        own = _first(a for graph in (main, *others) for a in _assignments(model, graph, {}, None))
        self._assigned = self._changing | own  # the first tensor that anything in the file assigns

    def of_tensor(self, tensor: StoredTensor, graph: StoredGraph) -> Cell:
        """The memory of a variable tensor."""
        return Cell("tensor", (graph.index, tensor.index))

    def of_operator(self, graph: int, operator: int, number: int, initial: Array) -> Cell:
        """Memory of an operator, and what it holds at first."""
        cell = Cell("operator", (graph, operator, number))
        self._first[cell] = initial
        return cell

    def of_output(self, number: int, tensor: Tensor) -> Cell:
        """The memory of an output of the model that not every execution computes: zeros at first."""
        cell = Cell("output", (number,))
        self._first[cell] = np.zeros(tensor.shape, tensor.dtype.numpy)
        return cell

    def states(self, cells: Cells, names: Names) -> list[State]:
        """What an execution of the main subgraph uses before it changes it."""
        order = sorted(cells.before, key=lambda c: ("resource", "tensor", "operator", "output").index(c.kind))
        found = [(cell, cells.before[cell]) for cell in order]
        called = {cell: names(cell.name, "state") if cell.kind == "resource" else t.name for cell, t in found}
        return [State(called[cell], self._initial(cell, t), t, cells.now[cell]) for cell, t in found]

    def follow(self, scope: Scope, operator: StoredOperator) -> Node | None:
        """Take one of `VARIABLE_OPERATORS` into account; the node that is left of it, if any.

        Raises:
            BadInput, Unsupported: it contradicts itself, or cannot be planned.
        """
        _check_ends(operator)
        if operator.name == "VAR_HANDLE":
            scope.handles[operator.outputs[0]] = _resource(operator)
        elif operator.name == "CALL_ONCE":
            self._call_once(scope, operator)
        elif operator.name == "READ_VARIABLE":
            return self._read(scope, operator)
        else:
            self._assign(scope, operator)
        return None

    def _assign(self, scope: Scope, operator: StoredOperator) -> None:
        cell, index = _named(operator, scope.handles), operator.inputs[1]
        value = scope.known.get(index) or scope.tensor(index, f"input 1 of {operator}")
        self._check_size(cell, value.nbytes, operator)
        if scope.initial and value.data is None:
            raise Unsupported(operator, f"assigns {value.name}, which is not known before the first run", CONSTANT)
        if not scope.initial:
            self._used.add(cell)
        scope.cells.now[cell] = value

    def _read(self, scope: Scope, operator: StoredOperator) -> Node | None:
        cell, index = _named(operator, scope.handles), operator.outputs[0]
        read = scope.tensor(index, f"output of {operator}")
        self._check_size(cell, read.nbytes, operator)
        if not scope.initial:
            self._used.add(cell)
        now = scope.cells.now
        if cell not in now and (scope.initial or cell not in self._changing):
            scope.now[index] = dataclasses.replace(read, data=self._initial(cell, read))
            return None
        if cell not in now:
            scope.cells.begin(cell, read)
        value = now[cell]
        if (value.shape, value.dtype, value.quant) != (read.shape, read.dtype, read.quant):
            return Node(scope.name("read", operator), Copy(), (value,), (read,), (operator.index,))
        scope.now[index] = value
        return None

    def _call_once(self, scope: Scope, operator: StoredOperator) -> None:
        """What the subgraph assigns are the first values.

        Raises:
            Unsupported: it comes behind the first use of what it assigns, or computes what cannot be known now.
        """
        if scope.stored.index or scope.initial:
            raise Unsupported(operator, "prepares variables in a subgraph", "call the initialisation in the main one")
        index = operator.options.number(0, "i") if operator.options else 0
        with scope.file.entering(index, str(operator)) as stored:
            inner = type(scope)(scope.file, stored, initial=True)
            for each in stored.operators:
                inner.follow(each)
        for cell, value in inner.cells.now.items():
            if value.data is None:
                raise Unsupported(operator, f"prepares {value.name} by what is not known before it runs", CONSTANT)
            if cell in self._used:
                raise Unsupported(
                    operator,
                    f"prepares the variable {quoted(cell.name)} after its first use",
                    "call the initialisation first: convert the model again with a current TensorFlow",
                )
            self._given[cell] = value.data.tobytes()

    def _initial(self, cell: Cell, like: Tensor) -> Array:
        """The value before the first run: what CALL_ONCE assigns, else as TFLM fills its memory.

        Of a resource variable each byte is the zero point of the first tensor that is assigned anywhere; of a variable
        tensor its own where it is of type int8, and 0 else.
        """
        if cell in self._first:
            return self._first[cell]
        stored = self._assigned[cell] if cell.kind == "resource" else self._tensor(cell)
        points = stored.zero_point[:1] if cell.kind == "resource" or like.dtype.value == "int8" else ()
        data = self._given.get(cell, bytes([(points or (0,))[0] & 0xFF]) * like.nbytes)
        return np.frombuffer(data, like.dtype.numpy).reshape(like.shape)

    def _tensor(self, cell: Cell) -> StoredTensor:
        graph, index = map(int, cell.where)
        return self._model.subgraphs[graph].tensors[index]

    def _check_size(self, cell: Cell, size: int, operator: StoredOperator) -> None:
        """Raise unless the variable is written somewhere, and has this many bytes there."""
        if cell not in self._assigned:
            raise BadInput(
                f"{operator}: reads the variable {quoted(cell.name)}, which nothing ever writes; assign it an initial "
                "value and convert the model again"
            )
        first = read_tensor(self._assigned[cell], cell.name).nbytes
        if size != first:
            raise BadInput(
                f"{operator}: takes the variable {quoted(cell.name)} for {size:,} bytes, but it has {first:,}; "
                "give it one shape and convert the model again"
            )


def with_states(graph: Graph, states: list[State], names: Names) -> Graph:
    """The graph with these states, and copies where one tensor would serve two ends.

    What a state reads changes when the execution ends, and so can be neither an output nor what another state keeps;
    and every output needs a place of its own.
    """
    reads = {state.read for state in states}
    copies: list[Node] = []

    def copy(value: Tensor, like: Tensor) -> Tensor:
        name = names(like.name)
        made = dataclasses.replace(like, name=name, data=None)
        copies.append(Node(f"copy_{name}", Copy(), (value,), (made,)))
        return made

    outputs: list[Tensor] = []
    for value in graph.outputs:
        shared = value in reads or value in graph.inputs or value in outputs or value.data is not None
        outputs.append(copy(value, value) if shared else value)
    kept = []
    for state in states:
        value = state.write
        alike = (value.shape, value.dtype) == (state.read.shape, state.read.dtype)
        own = alike and value.data is None and value not in reads - {state.read}
        kept.append(state if own else dataclasses.replace(state, write=copy(value, state.read)))
    return dataclasses.replace(graph, outputs=tuple(outputs), nodes=(*graph.nodes, *copies), states=tuple(kept))


def _assignments(
    model: StoredModel, graph: StoredGraph, handles: Mapping[int, Cell], seen: set[object] | None
) -> Iterator[tuple[Cell, StoredTensor]]:
    """The variables that a subgraph assigns, each time with the tensor.

    Args:
        handles: what its inputs stand for.
        seen: subgraphs that were followed into, with such inputs; None: those that it runs are not followed.
    """
    handles = dict(handles)
    for operator in graph.operators:
        if operator.name in RUNS and not operator.custom and operator.options is not None and seen is not None:
            for slot in RUNS[operator.name]:
                index = operator.options.number(slot, "i")
                body = model.subgraphs[index] if 0 <= index < len(model.subgraphs) else graph
                passed = zip(reversed(body.inputs), reversed(operator.inputs), strict=False)
                inner = {i: handles[o] for i, o in passed if o in handles}
                if (index, frozenset(inner.items())) not in seen:
                    seen.add((index, frozenset(inner.items())))
                    yield from _assignments(model, body, inner, seen)
            if operator.name == "WHILE":
                ends = zip(operator.inputs, operator.outputs, strict=False)
                handles |= {o: handles[i] for i, o in ends if i in handles}
        elif (len(operator.inputs), len(operator.outputs)) != VARIABLE_OPERATORS.get(operator.name) or operator.custom:
            continue
        elif operator.name == "VAR_HANDLE":
            handles[operator.outputs[0]] = _resource(operator)
        elif operator.name == "ASSIGN_VARIABLE":
            cell, index = handles.get(operator.inputs[0]), operator.inputs[1]
            if cell and 0 <= index < len(graph.tensors):
                yield cell, graph.tensors[index]


def _first(found: Iterable[tuple[Cell, StoredTensor]]) -> dict[Cell, StoredTensor]:
    """Each cell with the tensor that comes with it first."""
    return dict(reversed([*found]))


def _resource(operator: StoredOperator) -> Cell:
    options = operator.options
    if options is None:
        return Cell("resource", ("", ""))
    container = options.text(0, f"the container of {operator}")
    return Cell("resource", (container, options.text(1, f"the name of {operator}")))


def _named(operator: StoredOperator, handles: Mapping[int, Cell]) -> Cell:
    """The variable that an operator reads or assigns."""
    if operator.inputs[0] not in handles:
        raise BadInput(f"{operator}: its first input is no variable's handle; the file is damaged: convert it again")
    return handles[operator.inputs[0]]


def _check_ends(operator: StoredOperator) -> None:
    inputs, outputs = VARIABLE_OPERATORS[operator.name]
    if (len(operator.inputs), len(operator.outputs)) != (inputs, outputs):
        raise BadInput(
            f"{operator}: has {len(operator.inputs)} inputs and {len(operator.outputs)} outputs, not {inputs} and "
            f"{outputs}; the file is damaged: convert it again"
        )
