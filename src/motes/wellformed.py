"""Whether a graph is whole, and every node of it what its operator serves."""

from __future__ import annotations

from motes import operands
from motes.errors import BadInput
from motes.ir import Control, Graph, Tensor


def verify(graph: Graph) -> Graph:
    """The same graph, after checking that it is whole.

    Every tensor is produced once, before it is read; every node passes its operator's own check; states keep their
    shape and pass nothing on; nothing has zero size.

    Raises:
        BadInput: the graph contradicts itself; the message names the tensor or node.
        Unsupported: an operator asks for what Motes does not do.
    """
    known: set[Tensor] = set()

    def produce(tensor: Tensor, by: str) -> None:
        if tensor in known:
            raise BadInput(f"{by}: tensor {tensor.name} is produced twice; each tensor may have one producer only")
        if tensor.elements <= 0 or any(d <= 0 for d in tensor.shape):
            raise BadInput(
                f"{by}: tensor {tensor} has no elements; convert the model again with fixed, positive shapes"
            )
        known.add(tensor)

    for tensor in graph.inputs:
        produce(tensor, f"input of {graph.name}")
    for state in graph.states:
        produce(state.read, f"state {state.name}")
        if (state.read.shape, state.read.dtype) != (state.write.shape, state.write.dtype):
            raise BadInput(f"state {state.name}: reads {state.read} but writes {state.write}; they must be alike")
        if any(state.write is other.read for other in graph.states if other is not state):
            raise BadInput(f"state {state.name}: writes {state.write.name}, which another state reads; copy it between")
        if state.read in graph.outputs:
            raise BadInput(f"state {state.name}: {state.read.name} is an output, too; copy it before it is written")
    for node in graph.nodes:
        for i, read in enumerate(node.inputs):
            if read is None or read.data is not None:
                continue
            if read not in known:
                raise BadInput(f"{node}: reads tensor {read.name} before anything has written it")
            if i in node.op.folded and not any(True for _ in node.op.possible(node)):
                raise BadInput(f"{node}: input {i}, {read.name}, must be a constant; {node.op.freeze}")
        for made in node.outputs:
            produce(made, str(node))
        if isinstance(node.op, Control):
            for body in node.op.bodies:
                verify(body)
        operands.check(node)
    for last in (*graph.outputs, *(s.write for s in graph.states)):
        if last not in known:
            raise BadInput(f"{graph.name}: nothing writes its output {last.name}")
    return graph
