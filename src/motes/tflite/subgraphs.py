"""From a file's subgraphs to nodes and graphs: operators and tensors by index become values, each tensor once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import Array, Graph, Node, Op, State, Tensor
from motes.names import Names, quoted, snake
from motes.ops import builtins
from motes.ops.memory import remembering
from motes.tflite.options import read_options
from motes.tflite.row_updates import with_row_updates
from motes.tflite.schema import (
    MOST_OPERATORS,
    VARIABLE_OPERATORS,
    StoredGraph,
    StoredModel,
    StoredOperator,
    StoredTensor,
)
from motes.tflite.tensors import MOST_BYTES, RECURRENT, read_tensor


class File:
    """What the subgraphs of one file share: names, limits, and which of them are being made."""

    def __init__(self, model: StoredModel) -> None:
        self.model = model
        self.names = Names()
        self._inside: list[StoredGraph] = []
        self._constant_bytes = 0
        self._folded_bytes = 0
        self._operators = 0

    @contextmanager
    def entering(self, index: int, by: str) -> Iterator[StoredGraph]:
        """Subgraph `index`, while it is being made for `by`.

        Raises:
            BadInput: there is none, or it is being made already: a cycle.
            Unsupported: with it there are more operators than anything is made for.
        """
        graphs = self.model.subgraphs
        if not 0 <= index < len(graphs):
            raise BadInput(
                f"{by} calls subgraph {index}, but there are {len(graphs)}; the file is damaged: convert it again"
            )
        stored = graphs[index]
        if stored in self._inside:
            circle = [*self._inside[self._inside.index(stored) :], stored]
            raise BadInput(
                f"its subgraphs call each other in a circle ({' -> '.join(map(str, circle))}), which would never end; "
                "write the recursion as a loop, or convert the model again"
            )
        self._operators += len(stored.operators)
        if self._operators > MOST_OPERATORS:
            raise Unsupported(
                by,
                f"brings the model to {self._operators:,} operators, each subgraph counted as often as it is called",
                f"{MOST_OPERATORS:,} at most: call fewer or smaller subgraphs",
            )
        self._inside.append(stored)
        try:
            yield stored
        finally:
            self._inside.pop()

    def subgraph(self, index: int, by: str) -> Graph:
        """A new graph of subgraph `index`, which the operator `by` calls; it is not verified.

        Nothing in it is shared with another graph. Its outputs may be its inputs or constants, and may be named twice.

        Raises:
            BadInput, Unsupported: as `load` does.
        """
        with self.entering(index, by) as stored:
            scope = Scope(self, stored)
            inputs = tuple(scope.tensor(i, f"an input of {stored}") for i in stored.inputs)
            nodes = tuple(scope.node(operator) for operator in stored.operators)
            outputs = tuple(scope.tensor(i, f"an output of {stored}") for i in stored.outputs)
            graph = Graph(self.names(stored.name, fallback="subgraph"), inputs, outputs, nodes)
            return with_row_updates(graph, self.names)

    def count_constant(self, stored: StoredTensor, size: int) -> None:
        """Count the bytes of a constant.

        Raises:
            Unsupported: there are too many.
        """
        self._constant_bytes += size
        if self._constant_bytes > MOST_BYTES:
            raise Unsupported(
                stored,
                f"brings the constants to {self._constant_bytes:,} bytes",
                f"use a smaller model: {MOST_BYTES >> 20} MiB in all are the most",
            )

    def folded(self, node: Node) -> tuple[Array, ...] | None:
        """The outputs of a node that follow from constants, while that takes little time and memory."""
        if type(node.op).fold is Op.fold:
            return None
        try:
            node.op.check(node)
        except MotesError:
            return None  # `verify` will say what is wrong
        known = [t for t in node.inputs if t is not None and t.data is not None]
        self._folded_bytes += sum(t.nbytes for t in (*known, *node.outputs))
        return node.op.fold(node) if self._folded_bytes <= MOST_BYTES else None


class Scope:
    """One subgraph on its way: tensors are made when something first refers to them.

    Attributes:
        now: by index, the tensor that holds the value at this point of the operators' order. A variable gets a new one
            with each operator that changes it.
        known: by index, what follows from constants, such as shapes: the operators behind find constants.
        before: by index, the tensors that hold the variables' values before the first operator.
        memories: what operators keep that the file has no variables for.
    """

    def __init__(self, file: File, stored: StoredGraph, keeps: bool = False) -> None:
        """
        Args:
            keeps: variables may keep their values from one execution to the next.
        """
        self.file, self.stored = file, stored
        self.now: dict[int, Tensor] = {}
        self.known: dict[int, Tensor] = {}
        self.before: dict[int, Tensor] = {}
        self.memories: list[State] = []
        self._keeps = keeps

    def described(self, index: int, what: str) -> StoredTensor:
        """What the file says about tensor `index`, which is `what`."""
        tensors = self.stored.tensors
        if not 0 <= index < len(tensors):
            raise BadInput(
                f"{what} is tensor {index}, but there are {len(tensors)}; the file is damaged: convert the model again"
            )
        return tensors[index]

    def tensor(self, index: int, what: str) -> Tensor:
        """The tensor that holds the value of tensor `index` now."""
        if index not in self.now:
            stored = self.described(index, what)
            if stored.type == "resource":
                raise Unsupported(
                    stored,
                    f"a variable, is {what}",
                    "read variables in front of IF and WHILE, and assign them behind",
                )
            self.now[index] = self.fresh(stored)
            if stored.variable and index not in self.stored.inputs:
                self._keep(stored, what)
        return self.now[index]

    def fresh(self, stored: StoredTensor) -> Tensor:
        """A new tensor as the file describes it."""
        tensor = read_tensor(stored, self.file.names(stored.name, fallback="tensor"))
        if tensor.data is not None:
            self.file.count_constant(stored, tensor.nbytes)
        return tensor

    def _keep(self, stored: StoredTensor, what: str) -> None:
        if not self._keeps:
            raise Unsupported(
                stored,
                f"is a variable, {what}, in a subgraph",
                "keep layers with memory out of IF and WHILE, or give them their state as input and output",
            )
        self.before[stored.index] = self.now[stored.index]

    def node(self, operator: StoredOperator) -> Node:
        """The operator between its tensors.

        Raises:
            BadInput, Unsupported: as `load` does.
        """
        known = {quoted(b.name) if b.custom else b.name: (kind, b) for kind, b in builtins().values()}
        if operator.name in VARIABLE_OPERATORS:
            raise Unsupported(
                operator,
                "uses a variable in a subgraph",
                "read variables in front of IF and WHILE, and assign them behind",
            )
        if operator.name not in known:
            raise Unsupported(
                f"operator {operator.index}{operator.within}",
                f"{'custom operator ' if operator.custom else ''}{operator.name} is not one that Motes knows",
                RECURRENT
                if "FlexTensorList" in operator.name
                else "`motes ops` lists those it knows: build the model from these, or split it before this operator",
            )
        kind, builtin = known[operator.name]
        inputs = tuple(
            None if i == -1 else self.known.get(i) or self.tensor(i, f"input {n} of {operator}")
            for n, i in enumerate(operator.inputs)
        )
        if kind.extends:
            inputs = (
                *inputs,
                *(self._variable(i, f"output {n} of {operator}") for n, i in enumerate(operator.outputs)),
            )
        outputs = tuple(self._written(i, f"output {n} of {operator}") for n, i in enumerate(operator.outputs))
        for tensor in outputs:
            if tensor.data is not None:
                raise BadInput(f"{operator} writes the constant {tensor.name}; the file is damaged: convert it again")
        op = self._op(kind, builtin.name, read_options(operator, builtin), inputs, outputs, operator)
        there = [n for n in kind.updates if n < len(operator.inputs) and operator.inputs[n] != -1]
        updated = tuple(self._updated(operator, n) for n in there)
        node = self._remembering(Node(self._name(op, operator), op, inputs, (*outputs, *updated), (operator.index,)))
        made = self.file.folded(node)
        self.known |= {i: replace(t, data=x) for i, t, x in zip(operator.outputs, outputs, made or (), strict=False)}
        return node

    def _remembering(self, node: Node) -> Node:
        """The node with its operator's memory among its inputs and outputs."""
        initial = node.op.memory(node)
        if initial and not self._keeps:
            raise Unsupported(node, "keeps values, in a subgraph", "keep operators with memory out of IF and WHILE")
        node, states = remembering(node, initial, self.file.names)
        self.memories += states
        return node

    def _op(
        self,
        kind: type[Op],
        name: str,
        options: Mapping[str, Any],
        inputs: tuple[Tensor | None, ...],
        outputs: tuple[Tensor, ...],
        operator: StoredOperator,
    ) -> Op:
        make: Callable[..., Op] = kind.from_tflite
        if not kind.takes_subgraphs:
            return make(name, options, inputs, outputs)
        return make(name, options, inputs, outputs, subgraph=lambda index: self.file.subgraph(index, str(operator)))

    def _name(self, op: Op, operator: StoredOperator) -> str:
        name = f"{snake(type(op).__name__)}_{operator.index}"
        return self.file.names(f"{name}_of_{self.stored.index}") if self.stored.index else name

    def _written(self, index: int, what: str) -> Tensor:
        """The tensor that an operator writes when it writes tensor `index`."""
        if not self.described(index, what).variable:
            return self.tensor(index, what)
        return self._renewed(index, what)

    def _updated(self, operator: StoredOperator, n: int) -> Tensor:
        """The new value of input `n`, a variable."""
        what = f"input {n} of {operator}"
        self._variable(operator.inputs[n], what)
        return self._renewed(operator.inputs[n], what)

    def _variable(self, index: int, what: str) -> Tensor:
        """The value of a tensor that must be a variable."""
        stored = self.described(index, what)
        if not stored.variable:
            raise BadInput(f"{stored}, {what}, is memory, but not marked as a variable; convert the model again")
        return self.tensor(index, what)

    def _renewed(self, index: int, what: str) -> Tensor:
        """A new tensor for the value that tensor `index` has from here on."""
        stored = self.described(index, what)
        self.known.pop(index, None)
        self.now[index] = self.fresh(stored)
        return self.now[index]
