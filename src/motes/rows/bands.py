"""Which rows of each tensor a round of a region makes, and which it reads.

A region is a run of calls that follow each other. Its last one, the *sink*, makes `height` rows a round. What the
others make follows from that, backwards through their windows: where a layer steps over two rows at a time, the one
before makes twice as many, and it is ahead by what a window reaches beyond.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from motes.ir import Node, Rows, Tensor
from motes.program import Call


@dataclass(frozen=True)
class Flow:
    """How the rows of a tensor come into being: `each` in a round, `lead` more in the first, `cap` in all."""

    each: int
    lead: int
    cap: int

    def upto(self, round: int) -> int:
        """How many rows there are after a round; -1: before the first."""
        return min(self.cap, self.each * (round + 1) + self.lead) if round >= 0 else 0


@dataclass(frozen=True)
class Band:
    """What one call does in one round: rows `first` to `first + made` of its output, from rows `read` to `read + taken`
    of its inputs, with so many rows of padding before and behind them."""

    first: int
    made: int
    read: int
    taken: int
    before: int
    behind: int


@dataclass(frozen=True)
class Bands:
    """A region in bands: for each call what it does, round by round, until it is done."""

    count: int
    flows: Mapping[Tensor, Flow]
    bands: Mapping[Call, tuple[Band, ...]]


def inputs(node: Node) -> tuple[Tensor, ...]:
    """The tensors that a node reads by rows: those that are not constant."""
    return tuple(dict.fromkeys(t for t in node.inputs if t is not None and t.data is None))


def rates(calls: Sequence[Call], height: int) -> dict[Tensor, int] | None:
    """How many rows of each output come into being a round; None where readers want one at different rates, or a call
    needs all rows.

    Args:
        calls: in order; all but the last make what others of them read.
        height: rows of the last one's output in each round.
    """
    found = {calls[-1].node.output: height}
    for call in reversed(calls):
        window, rate = call.node.op.rows(call.node), found.get(call.node.output)
        if window is None or rate is None:
            return None
        if any(found.setdefault(t, rate * window.stride) != rate * window.stride for t in inputs(call.node)):
            return None
    return {call.node.output: found[call.node.output] for call in calls}


def in_bands(calls: Sequence[Call], each: Mapping[Tensor, int], whole: Collection[Tensor]) -> Bands | None:
    """The region in bands; None: it cannot run so.

    Args:
        calls: in order, with the node of an ordinary band as the only round; all but the last make what others read.
        each: see `rates`.
        whole: outputs of which every row is needed outside.
    """
    windows = {call: window for call in calls if (window := call.node.op.rows(call.node))}
    flows = _flows(calls, windows, each, whole)
    sink = calls[-1].node.output
    count = -(-sink.shape[1] // each[sink])
    if any(flow.upto(0) < 1 or flow.upto(count - 1) < flow.cap for flow in flows.values()):
        return None
    bands = {call: _bands(call.node, windows[call], flows[call.node.output], count) for call in calls}
    found = {call: bands for call, bands in bands.items() if bands is not None}
    return Bands(count, flows, found) if len(found) == len(calls) else None


def _flows(
    calls: Sequence[Call], windows: Mapping[Call, Rows], each: Mapping[Tensor, int], whole: Collection[Tensor]
) -> dict[Tensor, Flow]:
    """How each output comes into being: as early as its readers need it."""
    sink = calls[-1].node.output
    flows = {sink: Flow(each[sink], 0, sink.shape[1])}
    for call in reversed(calls):
        made, window = call.node.output, windows[call]
        flow = flows[made]
        if made in whole:
            flow = replace(flow, cap=made.shape[1])
        at_once = rows_at_once(call)
        if flow.each % at_once == 0:
            flow = replace(flow, lead=-(-flow.lead // at_once) * at_once)
        flows[made] = flow
        for tensor in inputs(call.node):
            if tensor in each:
                lead = (flow.lead - 1) * window.stride - window.before + window.size
                cap = min(tensor.shape[1], (flow.cap - 1) * window.stride - window.before + window.size)
                known = flows.get(tensor, Flow(each[tensor], lead, cap))
                flows[tensor] = replace(known, lead=max(known.lead, lead), cap=max(known.cap, cap))
    return flows


def rows_at_once(call: Call) -> int:
    """Rows of its output that a call in bands computes together."""
    return call.kernel.rows_at_once(call.rounds[0])


def _bands(node: Node, window: Rows, flow: Flow, count: int) -> tuple[Band, ...] | None:
    """What a node does in each round; None where it has nothing to read in one."""
    height = inputs(node)[0].shape[1]
    found = []
    for first, end in ((flow.upto(i - 1), flow.upto(i)) for i in range(count)):
        if first == end == flow.cap:
            break
        low, high = window.needed(first, end - 1)
        read, behind = max(0, low), max(0, high + 1 - height)
        taken = min(height, high + 1) - read
        if end <= first or taken <= 0:
            return None
        found.append(Band(first, end - first, read, taken, max(0, -low), behind))
    return tuple(found)
