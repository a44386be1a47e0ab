"""What a model keeps from one execution to the next, as states of its graph.

A resource variable is named by VAR_HANDLE, read and assigned by READ_VARIABLE and ASSIGN_VARIABLE, and gets its first
value from the subgraph of a CALL_ONCE. Nothing of this is left to run: a read is the tensor that was assigned last, and
what is assigned last in an execution is kept for the next. A variable tensor is memory of the operator it belongs to.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Graph, Node, State, Tensor
from motes.names import quoted
from motes.ops.variables.op import Copy
from motes.tflite.schema import VARIABLE_OPERATORS, StoredGraph, StoredOperator, StoredTensor
from motes.tflite.subgraphs import File, Scope
from motes.tflite.tensors import read_tensor

Key: TypeAlias = tuple[str, str]
"""A resource variable: its container and shared name."""

CONSTANT = "give variables constant initial values"


class Variables:
    """The resource variables of a file, followed through its main subgraph in the order of its operators."""

    def __init__(self, file: File, scope: Scope) -> None:
        self._file, self._scope = file, scope
        self._handles: dict[int, Key] = {}
        self._now: dict[Key, Tensor] = {}  # the value at this point
        self._before: dict[Key, Tensor] = {}  # the value at the start
        self._given: dict[Key, bytes] = {}  # by CALL_ONCE
        self._assigned: dict[Key, StoredTensor] = {}  # the first tensor that anything in the file assigns
        for graph in reversed(file.model.subgraphs):
            self._assigned |= _assigned(graph)
        self._changing = _assigned(scope.stored)

    def follow(self, operator: StoredOperator) -> Node | None:
        """Take one of `VARIABLE_OPERATORS` into account; the node that is left of it, if any.

        Raises:
            BadInput, Unsupported: it contradicts itself, or cannot be planned.
        """
        _check_ends(operator)
        if operator.name == "VAR_HANDLE":
            self._handles[operator.outputs[0]] = _key(operator)
        elif operator.name == "CALL_ONCE":
            self._call_once(operator)
        elif operator.name == "READ_VARIABLE":
            return self._read(operator)
        else:
            key = _named(operator, self._handles)
            value = self._scope.tensor(operator.inputs[1], f"input 1 of {operator}")
            self._check_size(key, value.nbytes, operator)
            self._now[key] = value
        return None

    def states(self) -> list[State]:
        """The variables that an execution reads before it assigns them."""
        return [
            State(self._file.names(key[1], fallback="state"), self._initial(key, read), read, self._now[key])
            for key, read in self._before.items()
        ]

    def _read(self, operator: StoredOperator) -> Node | None:
        key, index = _named(operator, self._handles), operator.outputs[0]
        read = self._scope.tensor(index, f"output of {operator}")
        self._check_size(key, read.nbytes, operator)
        if key not in self._now and key in self._changing:
            self._before[key] = read
        elif key not in self._now:
            read = dataclasses.replace(read, data=self._initial(key, read))
        value = self._scope.now[index] = self._now.setdefault(key, read)
        if (value.shape, value.dtype, value.quant) == (read.shape, read.dtype, read.quant):
            return None
        self._scope.now[index] = read
        return Node(f"read_{operator.index}", Copy(), (value,), (read,), (operator.index,))

    def _call_once(self, operator: StoredOperator) -> None:
        """The constants that the subgraph assigns are the first values.

        Raises:
            Unsupported: it comes behind the first use of what it assigns, or computes what cannot be known now.
        """
        index = operator.options.number(0, "i") if operator.options else 0
        with self._file.entering(index, str(operator)) as stored:
            scope, handles = Scope(self._file, stored), dict[int, Key]()
            for inner in stored.operators:
                if inner.name not in VARIABLE_OPERATORS or inner.custom:
                    _fold(scope, inner)
                    continue
                _check_ends(inner)
                if inner.name == "VAR_HANDLE":
                    handles[inner.outputs[0]] = _key(inner)
                    continue
                if inner.name != "ASSIGN_VARIABLE":
                    raise Unsupported(inner, "prepares variables from variables", "give them constant initial values")
                key, value = _named(inner, handles), scope.tensor(inner.inputs[1], f"input 1 of {inner}")
                self._check_size(key, value.nbytes, inner)
                if value.data is None:
                    raise Unsupported(inner, f"assigns {value.name}, which is not known before the first run", CONSTANT)
                if key in self._now:
                    raise Unsupported(
                        operator,
                        f"prepares the variable {quoted(key[1])} after its first use",
                        "call the initialisation first: convert the model again with a current TensorFlow",
                    )
                self._given[key] = value.data.tobytes()

    def _initial(self, key: Key, like: Tensor) -> Array:
        """The value before the first run: what CALL_ONCE assigns, else as TFLM fills its memory: each byte the zero
        point of the first tensor that is assigned anywhere."""
        points = self._assigned[key].zero_point[:1] or (0,)
        data = self._given.get(key, bytes([points[0] & 0xFF]) * like.nbytes)
        return np.frombuffer(data, like.dtype.numpy).reshape(like.shape)

    def _check_size(self, key: Key, size: int, operator: StoredOperator) -> None:
        """Raise unless the variable is written somewhere, and has this many bytes there."""
        if key not in self._assigned:
            raise BadInput(
                f"{operator}: reads the variable {quoted(key[1])}, which nothing ever writes; assign it an initial "
                "value and convert the model again"
            )
        first = read_tensor(self._assigned[key], key[1]).nbytes
        if size != first:
            raise BadInput(
                f"{operator}: takes the variable {quoted(key[1])} for {size:,} bytes, but it has {first:,}; "
                "give it one shape and convert the model again"
            )


def tensor_states(scope: Scope) -> list[State]:
    """The variable tensors whose values the main subgraph uses; TFLM fills their bytes with the zero point where they
    are int8, and with 0 else."""
    states = []
    for index, read in scope.before.items():
        points = scope.stored.tensors[index].zero_point[:1] if read.dtype.value == "int8" else ()
        data = bytes([(points or (0,))[0] & 0xFF]) * read.nbytes
        initial = np.frombuffer(data, read.dtype.numpy).reshape(read.shape)
        states.append(State(read.name, initial, read, scope.now[index]))
    return states


def with_states(graph: Graph, states: list[State], file: File) -> Graph:
    """The graph with these states, and copies where one tensor would serve two ends.

    What a state reads changes when the execution ends, and so can be neither an output nor what another state keeps;
    and every output needs a place of its own.
    """
    reads = {state.read for state in states}
    copies: list[Node] = []

    def copy(value: Tensor, like: Tensor) -> Tensor:
        name = file.names(like.name)
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


def _assigned(graph: StoredGraph) -> dict[Key, StoredTensor]:
    """The variables that a subgraph assigns by handles of its own, each with the first tensor it gets."""
    handles: dict[int, Key] = {}
    found: dict[Key, int] = {}
    for operator in graph.operators:
        if (len(operator.inputs), len(operator.outputs)) != VARIABLE_OPERATORS.get(operator.name) or operator.custom:
            continue
        if operator.name == "VAR_HANDLE":
            handles[operator.outputs[0]] = _key(operator)
        elif operator.name == "ASSIGN_VARIABLE" and operator.inputs[0] in handles:
            found.setdefault(handles[operator.inputs[0]], operator.inputs[1])
    return {key: graph.tensors[i] for key, i in found.items() if 0 <= i < len(graph.tensors)}


def _key(operator: StoredOperator) -> Key:
    options = operator.options
    if options is None:
        return "", ""
    return options.text(0, f"the container of {operator}"), options.text(1, f"the name of {operator}")


def _named(operator: StoredOperator, handles: Mapping[int, Key]) -> Key:
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


def _fold(scope: Scope, operator: StoredOperator) -> None:
    """Compute an operator of a CALL_ONCE subgraph now; where that cannot be, its outputs stay unknown."""
    node = scope.node(operator)
    node.op.check(node)
    values = node.op.fold(node)
    for index, value in zip(operator.outputs, values or (), strict=False):
        scope.now[index] = dataclasses.replace(scope.now[index], data=value)
