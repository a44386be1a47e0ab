"""From a file's subgraphs to nodes and graphs: operators and tensors by index become values, each tensor once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import Array, Builtin, Graph, Node, Op, Tensor
from motes.names import Names, quoted, snake
from motes.operands import check
from motes.ops import builtins
from motes.ops.memory import remembering
from motes.tflite.decode import DECODE, decoded
from motes.tflite.open_sizes import fitted
from motes.tflite.options import read_options
from motes.tflite.pauses import pauses
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
from motes.tflite.variables import Cell, Cells, Variables


class File:
    """What the subgraphs of one file share: names, limits, and which of them are being made."""

    def __init__(self, model: StoredModel) -> None:
        self.model = model
        self.names = Names()
        self.variables = Variables(model)
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

    def body(self, index: int, by: StoredOperator, handles: Mapping[int, Cell]) -> Body:
        """A new graph of subgraph `index`, which the operator `by` calls; it is not verified.

        Nothing in it is shared with another graph. Its outputs may be its inputs or constants, and may be named twice.

        Args:
            handles: the variables that tensors around `by` stand for.

        Raises:
            BadInput, Unsupported: as `load` does.
        """
        with self.entering(index, str(by)) as stored:
            passed = by.inputs[max(0, len(by.inputs) - len(stored.inputs)) :]
            scope = Scope(self, stored)
            scope.handles |= {i: handles[o] for i, o in zip(stored.inputs, passed, strict=False) if o in handles}
            inputs = tuple(scope.tensor(i, f"an input of {stored}") for i in stored.inputs if i not in scope.handles)
            nodes = tuple(node for operator in stored.operators if (node := scope.follow(operator)))
            if early := next(filter(pauses, nodes), None):
                raise Unsupported(early, "ends executions early, in a subgraph", "convert it with cycles_max = 1")
            returned = {n: scope.handles[i] for n, i in enumerate(stored.outputs) if i in scope.handles}
            outputs = tuple(scope.tensor(i, f"an output of {stored}") for i in stored.outputs if i not in scope.handles)
            graph = Graph(self.names(stored.name, fallback="subgraph"), inputs, outputs, nodes)
            return Body(graph, scope.cells, returned)

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


@dataclass(frozen=True)
class Body:
    """A subgraph that an operator runs: its graph, what of memory it uses, and which outputs are variables' handles."""

    graph: Graph
    cells: Cells
    returned: Mapping[int, Cell]

    def with_cells(self, cells: Mapping[Cell, Tensor], changes: bool, by: StoredOperator, names: Names) -> Graph:
        """The graph with an input for each of these cells, and where it `changes` them, an output.

        Args:
            cells: with tensors like their values.
        """
        before = [self.cells.before.get(c) or replace(t, name=names(t.name), data=None) for c, t in cells.items()]
        after = [self.cells.now.get(cell, old) for cell, old in zip(cells, before, strict=True)]
        if not changes and after != before:
            raise Unsupported(by, "changes a variable in its condition", "assign variables in the body of the loop")
        inputs, outputs = (*self.graph.inputs, *before), (*self.graph.outputs, *(after if changes else ()))
        return with_row_updates(replace(self.graph, inputs=inputs, outputs=outputs), names)


class Scope:
    """One subgraph on its way: tensors are made when something first refers to them.

    Attributes:
        now: by index, the tensor that holds the value at this point of the operators' order. A variable gets a new one
            with each operator that changes it.
        known: by index, what follows from constants, such as shapes: the operators behind find constants.
        handles: by index, the variables that tensors stand for.
        cells: what it finds in memory, and leaves there.
        initial: it prepares variables, and so is run before the model is.
    """

    def __init__(self, file: File, stored: StoredGraph, initial: bool = False) -> None:
        self.file, self.stored, self.initial = file, stored, initial
        self.now: dict[int, Tensor] = {}
        self.known: dict[int, Tensor] = {}
        self.handles: dict[int, Cell] = {}
        self.cells = Cells()

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
                    "use variables by READ_VARIABLE and ASSIGN_VARIABLE only",
                )
            self.now[index] = self.fresh(stored)
            if stored.variable and index not in self.stored.inputs:
                self.cells.begin(self.file.variables.of_tensor(stored, self.stored), self.now[index])
        return self.now[index]

    def fresh(self, stored: StoredTensor) -> Tensor:
        """A new tensor as the file describes it."""
        tensor = read_tensor(stored, self.file.names(stored.name, fallback="tensor"))
        if tensor.data is not None:
            self.file.count_constant(stored, tensor.nbytes)
        return tensor

    def follow(self, operator: StoredOperator) -> Node | None:
        """The node that is left of an operator; None: it is about variables or constants, and nothing is left to run.

        Raises:
            BadInput, Unsupported: as `load` does.
        """
        if operator.name in VARIABLE_OPERATORS and not operator.custom:
            return self.file.variables.follow(self, operator)
        if operator.name == DECODE:
            self._decode(operator)
            return None
        return self.node(operator)

    def _decode(self, operator: StoredOperator) -> None:
        """Each output is a constant, made of two others."""
        inputs = [self.described(i, f"input {n} of {operator}") for n, i in enumerate(operator.inputs)]
        if len(inputs) != 2 * len(operator.outputs):
            raise BadInput(
                f"{operator}: has {len(inputs)} inputs and {len(operator.outputs)} outputs, not two inputs for each "
                "output; the file is damaged: convert it again"
            )
        for encoded, how, index in zip(inputs[::2], inputs[1::2], operator.outputs, strict=True):
            stored = self.described(index, f"output of {operator}")
            made = self.fresh(stored)
            self.file.count_constant(stored, made.nbytes)
            self.now[index] = replace(made, data=decoded(operator, encoded, how, made))

    def node(self, operator: StoredOperator) -> Node:
        """The operator between its tensors.

        Raises:
            BadInput, Unsupported: as `load` does.
        """
        kind, builtin = self._kind(operator)
        options = read_options(operator, builtin)
        if kind.subgraphs:
            return self._calling(kind, builtin.name, options, operator)
        inputs = self._inputs(operator)
        if kind.extends:
            inputs = (
                *inputs,
                *(self._variable(i, f"output {n} of {operator}") for n, i in enumerate(operator.outputs)),
            )
        outputs = self._fitted(kind, builtin.name, options, inputs, operator)
        op = kind.from_tflite(builtin.name, options, inputs, outputs)
        there = [n for n in kind.updates if n < len(operator.inputs) and operator.inputs[n] != -1]
        updated = tuple(self._updated(operator, n) for n in there)
        node = Node(self.name(snake(type(op).__name__), operator), op, inputs, (*outputs, *updated), (operator.index,))
        node = self._remembering(node, operator)
        made = self.file.folded(node)
        self.known |= {i: replace(t, data=x) for i, t, x in zip(operator.outputs, outputs, made or (), strict=False)}
        return node

    def _kind(self, operator: StoredOperator) -> tuple[type[Op], Builtin]:
        """The class that serves an operator, and how its options are stored."""
        known = {quoted(b.name) if b.custom else b.name: (kind, b) for kind, b in builtins().values()}
        if operator.name not in known:
            raise Unsupported(
                f"operator {operator.index}{operator.within}",
                f"{'custom operator ' if operator.custom else ''}{operator.name} is not one that Motes knows",
                RECURRENT
                if "FlexTensorList" in operator.name
                else "`motes ops` lists those it knows: build the model from these, or split it before this operator",
            )
        return known[operator.name]

    def _inputs(self, operator: StoredOperator) -> tuple[Tensor | None, ...]:
        """The values of an operator's inputs."""
        return tuple(
            None if i == -1 else self.known.get(i) or self.tensor(i, f"input {n} of {operator}")
            for n, i in enumerate(operator.inputs)
        )

    def _outputs(self, operator: StoredOperator) -> tuple[Tensor, ...]:
        """The tensors that an operator writes."""
        outputs = tuple(self._written(i, f"output {n} of {operator}") for n, i in enumerate(operator.outputs))
        for tensor in outputs:
            if tensor.data is not None:
                raise BadInput(f"{operator} writes the constant {tensor.name}; the file is damaged: convert it again")
        return outputs

    def _fitted(
        self,
        kind: type[Op],
        name: str,
        options: Mapping[str, Any],
        inputs: tuple[Tensor | None, ...],
        operator: StoredOperator,
    ) -> tuple[Tensor, ...]:
        """The tensors that an operator writes, with the sizes that the file leaves open."""
        outputs = self._outputs(operator)
        if kind.extends or kind.updates:
            return outputs

        def allowed(tried: tuple[Tensor, ...]) -> None:
            check(Node(operator.name, kind.from_tflite(name, options, inputs, tried), inputs, tried))

        signatures = [self.stored.tensors[i].signature for i in operator.outputs]
        found = fitted(outputs, signatures, inputs, allowed)
        self.now |= zip(operator.outputs, found, strict=True)
        return found

    def _calling(self, kind: type[Op], name: str, options: Mapping[str, Any], operator: StoredOperator) -> Node:
        """An operator that runs subgraphs: what these use of memory comes in and goes out behind everything else."""
        made = [self.file.body(options[option], operator, self.handles) for option in kind.subgraphs]
        bodies = [*zip(made, kind.subgraphs.values(), strict=True)]
        self._return_handles(operator, [body for body, changes in bodies if changes])
        values = replace(
            operator,
            inputs=tuple(i for i in operator.inputs if i not in self.handles),
            outputs=tuple(i for i in operator.outputs if i not in self.handles),
        )
        inputs, outputs = self._inputs(values), self._outputs(values)
        used = {cell: tensor for body in made for cell, tensor in body.cells.now.items()}
        cells = {cell: self._cell(cell, tensor) for cell, tensor in used.items()}
        for cell, tensor in cells.items():
            self.cells.now[cell] = replace(tensor, name=self.file.names(tensor.name), data=None)
        inputs, outputs = (*inputs, *cells.values()), (*outputs, *(self.cells.now[cell] for cell in cells))
        graphs = tuple(body.with_cells(cells, changes, operator, self.file.names) for body, changes in bodies)
        make: Callable[..., Op] = kind.from_tflite
        op = make(name, options, inputs, outputs, graphs)
        return Node(self.name(snake(type(op).__name__), operator), op, inputs, outputs, (operator.index,))

    def _return_handles(self, operator: StoredOperator, bodies: Sequence[Body]) -> None:
        """Tensors that come out of subgraphs as handles of variables, the same whichever runs."""
        for n, index in enumerate(operator.outputs):
            found = {body.returned.get(n) for body in bodies}
            if len(found) > 1:
                raise Unsupported(operator, f"returns one of several variables as output {n}", "select between values")
            if cell := found.pop():
                self.handles[index] = cell

    def _cell(self, cell: Cell, like: Tensor) -> Tensor:
        """What memory holds now."""
        if cell not in self.cells.now:
            self.cells.begin(cell, replace(like, name=self.file.names(like.name), data=None))
        return self.cells.now[cell]

    def _remembering(self, node: Node, operator: StoredOperator) -> Node:
        """The node with its operator's memory among its inputs and outputs."""
        node, states = remembering(node, node.op.memory(node), self.file.names)
        for i, state in enumerate(states):
            cell = self.file.variables.of_operator(self.stored.index, operator.index, i, state.initial)
            self.cells.begin(cell, state.read)
            self.cells.now[cell] = state.write
        return node

    def name(self, kind: str, operator: StoredOperator) -> str:
        """What a node made of an operator is called."""
        name = f"{kind}_{operator.index}"
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
        made = self.now[index] = self.fresh(stored)
        cell = self.file.variables.of_tensor(stored, self.stored)
        if cell in self.cells.now:
            self.cells.now[cell] = made
        return made
