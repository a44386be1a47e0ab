"""Features for training: the blocks of an application, compiled for this machine.

stream = mt.SpectralBands(edges_hz=[...], axis=2)(mt.Accelerometer(rate=12_000))
(features,) = on_host(stream).run_many(windows)        # int16 (n, 2048, 3) -> float32 (n, bands)
"""

from __future__ import annotations

from motes.build import host
from motes.errors import BadInput
from motes.ir import Graph, Node, State, Tensor
from motes.stream import Step, Stream


def on_host(stream: Stream) -> host.HostGraph:
    """The steps from the nearest window, or from the sensor itself, to `stream`, as one compiled graph.

    Its input is what the first block reads: one window, or one item of the sensor. Blocks that remember, such as the
    micro front end, do so from run to run until `reset()`.

    Raises:
        BadInput: nothing is computed, or the steps start at several windows.
    """
    graph = graph_of(stream)
    if not graph.nodes or len(graph.inputs) != 1:
        raise BadInput(
            f"{stream.tensor.name}: on_host needs blocks behind one window; "
            f"there are {len(graph.nodes)} operators behind {len(graph.inputs)} windows"
        )
    (compiled,) = host.load([graph])
    return compiled


def graph_of(stream: Stream) -> Graph:
    """The steps from the nearest windows, or from sensors themselves, to `stream`."""
    nodes: dict[Node, None] = {}
    states: list[State] = []
    starts: dict[Tensor, None] = {}

    def visit(found: Stream) -> None:
        if not isinstance(found.origin, Step):
            starts[found.tensor] = None
        elif found.origin.nodes[0] not in nodes:
            for before in found.origin.inputs:
                visit(before)
            nodes.update(dict.fromkeys(found.origin.nodes))
            states.extend(found.origin.states)

    visit(stream)
    return Graph(stream.tensor.name, tuple(starts), (stream.tensor,), tuple(nodes), tuple(states))
