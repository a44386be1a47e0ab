"""Executions that end early: what is behind a CIRCULAR_BUFFER with a period runs in one of so many only.

TensorFlow Lite Micro stops there and leaves all memory as it is, so that outputs keep the values of the last execution
that came so far; each has a place of its own in memory, which holds zeros at first. (In an arena whose tensors overlap
such an output is whatever was written over it since: nobody can use that.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from motes.ir import DType, Graph, Node, Tensor
from motes.names import Names
from motes.ops.circular_buffer.op import CircularBuffer, Countdown
from motes.ops.control.bodies import substituted
from motes.ops.control.op import If
from motes.ops.memory import remembering
from motes.tflite.variables import Cell, Cells, Variables


@dataclass(frozen=True)
class Pause:
    """A node behind which an execution may end, and what was in memory then."""

    node: Node
    cells: Mapping[Cell, Tensor]


def pauses(node: Node) -> bool:
    """Whether an execution may end behind it."""
    return isinstance(node.op, CircularBuffer) and node.op.period > 1


def with_pauses(graph: Graph, found: Sequence[Pause], cells: Cells, variables: Variables, names: Names) -> Graph:
    """The graph with what is behind each of these nodes as the branch of an IF.

    Args:
        graph: of the main subgraph, with inputs and outputs, without states.
        cells: what it finds in memory and leaves there; afterwards with the counts and the outputs that are kept.
    """
    for pause in reversed(found):
        graph = _wrapped(graph, pause, cells, variables, names)
    return graph


def _wrapped(graph: Graph, pause: Pause, cells: Cells, variables: Variables, names: Names) -> Graph:
    at = graph.nodes.index(pause.node) + 1
    head, tail = graph.nodes[:at], graph.nodes[at:]
    made = {t for node in tail for t in node.outputs}
    outlasting = {t: _outlasting(n, t, cells, variables, names) for n, t in enumerate(graph.outputs) if t in made}
    changed = [cell for cell, now in cells.now.items() if pause.cells.get(cell, cells.before.get(cell)) is not now]
    old = [pause.cells.get(cell) or cells.before.get(cell) or cells.now[cell] for cell in changed]
    new = [cells.now[cell] for cell in changed]
    due, counting = _counting(pause, cells, variables, names)
    read = dict.fromkeys(t for node in tail for t in node.inputs if t is not None and t.data is None and t not in made)
    inputs = tuple(dict.fromkeys((*read, *(t for t in (*old, *new) if t not in made and t.data is None))))
    branches = tuple(
        _branch(names(f"{pause.node.name}_{name}"), nodes, inputs, outputs, names)
        for name, nodes, outputs in (("due", tail, new), ("paused", (), old))
    )
    outputs = tuple(replace(t, name=names(t.name), data=None) for t in new)
    op = If(branches).settled((due, *inputs))
    choice = Node(names(f"{pause.node.name}_if_due"), op, (due, *inputs), outputs, pause.node.sources)
    cells.now.update(zip(changed, outputs, strict=True))
    kept = tuple(cells.now[outlasting[t]] if t in outlasting else t for t in graph.outputs)
    return replace(graph, nodes=(*head, counting, choice), outputs=kept)


def _outlasting(number: int, output: Tensor, cells: Cells, variables: Variables, names: Names) -> Cell:
    """The memory of an output; a variable tensor has its own."""
    for cell, now in cells.now.items():
        if now is output and cell.kind in ("tensor", "output"):
            return cell
    cell = variables.of_output(number, output)
    cells.begin(cell, replace(output, name=names(f"{output.name}_before")))
    cells.now[cell] = output
    return cell


def _counting(pause: Pause, cells: Cells, variables: Variables, names: Names) -> tuple[Tensor, Node]:
    """Whether the execution goes on, and what computes that."""
    assert isinstance(pause.node.op, CircularBuffer)
    due = Tensor(names(f"{pause.node.name}_due"), (1,), DType.BOOL)
    count = Node(names(f"{pause.node.name}_count"), Countdown(pause.node.op.period), (), (due,), pause.node.sources)
    count, (state,) = remembering(count, count.op.memory(count), names)
    cell = variables.of_operator(0, pause.node.sources[0], 0, state.initial)
    cells.begin(cell, state.read)
    cells.now[cell] = state.write
    return due, count


def _branch(
    name: str, nodes: tuple[Node, ...], inputs: Sequence[Tensor], outputs: Sequence[Tensor], names: Names
) -> Graph:
    """A body that has these inputs under names of its own."""
    own = {t: replace(t, name=names(t.name)) for t in inputs}
    return substituted(Graph(name, tuple(own.values()), tuple(outputs), nodes), own)
