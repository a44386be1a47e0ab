"""What a .tflite file says, as a `Graph`: its main subgraph, with what that calls and keeps."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import Graph, Node, Tensor
from motes.names import identifier
from motes.tflite.pauses import Pause, pauses, with_pauses
from motes.tflite.schema import StoredModel, StoredOperator, read_bytes, read_model
from motes.tflite.subgraphs import File, Scope
from motes.tflite.variables import with_states
from motes.wellformed import verify


@dataclass(frozen=True)
class Attempted:
    """What came of one operator; `shape` and `type` of its first output.

    Attributes:
        made: its node; None where it became part of a state and nothing is left to run; or what stands in the way.
    """

    name: str
    shape: tuple[int, ...]
    type: str
    made: Node | MotesError | None


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
    """The main subgraph of one file on its way to a graph."""

    def __init__(self, model: StoredModel) -> None:
        self.model, self.main = model, model.subgraphs[0]
        self.file = File(model)
        self.scope = Scope(self.file, self.main)
        self.pauses: list[Pause] = []

    def attempt(self, name: str) -> Attempt:
        """Everything that can be imported."""
        problems = []
        for check in (self._whole, self._ends):
            try:
                check()
            except MotesError as error:
                problems.append(error)
        with self.file.entering(0, self.model.where):
            operators = tuple(self._attempt(operator) for operator in self.main.operators)
        nodes = tuple(o.made for o in operators if isinstance(o.made, Node))
        graph = Graph(name, (), (), nodes)
        if not problems:
            try:
                graph = self._finished(graph)
            except MotesError as error:
                problems.append(error)
        return Attempt(graph, operators, tuple(problems))

    def _finished(self, graph: Graph) -> Graph:
        """The graph with inputs, outputs and states."""
        inputs = tuple(self._input(i) for i in self.main.inputs)
        outputs = tuple(self.scope.tensor(i, "an output of the model") for i in self.main.outputs)
        graph = dataclasses.replace(graph, inputs=inputs, outputs=outputs)
        graph = with_pauses(graph, self.pauses, self.scope.cells, self.file.variables, self.file.names)
        return with_states(graph, self.file.variables.states(self.scope.cells, self.file.names), self.file.names)

    def _whole(self) -> None:
        """Raise unless there is something to run."""
        if not self.main.operators:
            raise BadInput("the model has no operators: there is nothing to run; convert a trained model again")

    def _ends(self) -> None:
        """Raise unless there are inputs, each another tensor, and outputs."""
        for what, ends in (("input", self.main.inputs), ("output", self.main.outputs)):
            if not ends:
                raise BadInput(f"the model has no {what}; convert it again with at least one")
            for n, index in enumerate(ends):
                self.scope.described(index, f"{what} {n} of the model")
        inputs = self.main.inputs
        for n, index in enumerate(inputs):
            stored = self.scope.described(index, f"input {n} of the model")
            if index in inputs[:n]:
                raise BadInput(
                    f"{stored} is input {inputs.index(index)} and input {n} of the model; name each input once"
                )
            if len(stored.data):
                raise BadInput(f"{stored}, input {n} of the model, is a constant; leave it out and convert again")

    def _input(self, index: int) -> Tensor:
        """A tensor that the user fills: only its batch may have been left open."""
        stored = self.scope.described(index, "an input of the model")
        if -1 in (stored.signature or stored.shape)[1:]:
            raise Unsupported(
                stored,
                f"an input of variable shape {list(stored.signature or stored.shape)}",
                "convert with fixed shapes: keras.Input(batch_shape=(1, ...))",
            )
        return self.scope.tensor(index, "an input of the model")

    def _attempt(self, operator: StoredOperator) -> Attempted:
        made: Node | MotesError | None
        try:
            made = self.scope.follow(operator)
            if made is not None and pauses(made):
                self.pauses.append(Pause(made, dict(self.scope.cells.now)))
        except MotesError as error:
            made = error
        known = [self.main.tensors[i] for i in operator.outputs if 0 <= i < len(self.main.tensors)]
        return Attempted(operator.name, known[0].shape if known else (), known[0].type if known else "", made)
