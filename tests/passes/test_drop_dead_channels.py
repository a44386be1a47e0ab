"""Channels that make no difference, in small graphs where it is known which they are; each graph gives what it gave."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from conftest import shared_folder
from motes.build import host
from motes.ir import Array, DType, Graph, Node, Op, Quant, Tensor, quant
from motes.ops.add.op import Add
from motes.ops.concatenation.op import Concatenation
from motes.ops.conv.op import Conv2D, DepthwiseConv2D
from motes.ops.fully_connected.op import FullyConnected
from motes.ops.pool.op import MaxPool2D
from motes.ops.reshape.op import Reshape
from motes.ops.split.op import Split
from motes.passes import prepare
from motes.passes.channels.left import Left, layers_left
from motes.passes.drop_dead_channels import drop_dead_channels
from motes.tflite import load
from motes.verifying.layers import exposed

Q = quant(0.5, -128)
"""Of all activations: with RELU, a zero point that nothing lies below."""
SIDE = 5
X = Tensor("x", (1, SIDE, SIDE, 4), DType.INT8, Q)
BELOW, ABOVE = -(1 << 24), 1 << 24
"""Biases that leave an output no choice."""
SAME = (1, 1, 1, 1)


class Net:
    """A graph that grows by one operator at a time, with random weights."""

    def __init__(self, *inputs: Tensor) -> None:
        self.rng = np.random.default_rng(1)
        self.inputs = inputs
        self.nodes: list[Node] = []

    def add(self, op: Op, inputs: Sequence[Tensor], shape: Sequence[int]) -> Tensor:
        y = Tensor(f"t{len(self.nodes)}", tuple(shape), DType.INT8, Q)
        self.nodes.append(Node(f"n{len(self.nodes)}", op, tuple(inputs), (y,)))
        return y

    def conv(
        self,
        x: Tensor,
        channels: int,
        *,
        side: int = 1,
        unread: Sequence[int] = (),
        bias: dict[int, int] | None = None,
    ) -> Tensor:
        """A convolution with padding, that does not read some channels, and has large biases."""
        shape = (channels, side, side, x.shape[-1])
        w = self.rng.integers(1, 127, shape) * self.rng.choice((-1, 1), shape)
        w[..., list(unread)] = 0
        op = Conv2D(pads=SAME if side == 3 else (0, 0, 0, 0))
        return self._weighted(op, x, w, 0, bias, (*x.shape[:3], channels))

    def depthwise(self, x: Tensor, bias: dict[int, int] | None = None) -> Tensor:
        w = self.rng.integers(1, 127, (1, 3, 3, x.shape[-1]))
        return self._weighted(DepthwiseConv2D(pads=SAME), x, w, 3, bias, x.shape)

    def dense(self, x: Tensor, units: int, bias: dict[int, int] | None = None) -> Tensor:
        w = self.rng.integers(-127, 127, (units, x.shape[-1]))
        return self._weighted(FullyConnected(), x, w, 0, bias, (1, units))

    def _weighted(
        self, op: Op, x: Tensor, w: Array, axis: int, bias: dict[int, int] | None, shape: Sequence[int]
    ) -> Tensor:
        channels = w.shape[axis]
        scales = Quant((0.01,) * channels, (0,) * channels, axis)
        weights = Tensor("w", w.shape, DType.INT8, scales, w.astype(np.int8))
        biases = self.rng.integers(-1000, 1000, channels).astype(np.int32)
        for channel, value in (bias or {}).items():
            biases[channel] = value
        return self.add(op, (x, weights, Tensor("b", (channels,), DType.INT32, None, biases)), shape)

    def graph(self, *outputs: Tensor) -> Graph:
        return Graph("g", self.inputs, outputs, tuple(self.nodes))


def dropped(graph: Graph) -> Graph:
    """What the pass makes of it, after proving that every output is what it was."""
    made = drop_dead_channels(graph)
    # A graph all of whose tensors are outputs keeps its channels.
    whole = exposed(graph)
    assert [n.output.shape for n in drop_dead_channels(whole).nodes] == [n.output.shape for n in graph.nodes]
    before, after = host.load([whole, graph], optimise="-O1")
    rng = np.random.default_rng(2)
    values = [
        np.concatenate([
            rng.integers(-128, 127, (20, *t.shape), endpoint=True),
            rng.choice((-128, 127), (20, *t.shape)),
            np.broadcast_to(np.array([-128, 127]).reshape(2, *(1,) * len(t.shape)), (2, *t.shape)),
        ]).astype(np.int8)
        for t in graph.inputs
    ]  # fmt: skip
    known = dict(zip(whole.outputs, before.run_many(*values), strict=True))
    for tensor, got in zip(graph.outputs, after.run_many(*values), strict=True):
        assert np.array_equal(known[tensor], got), tensor
    return made


def channels(graph: Graph) -> list[int]:
    """Of each node's output."""
    return [n.output.shape[-1] for n in graph.nodes]


def weights(node: Node) -> Array:
    data = node.input(1).data
    assert data is not None
    return data


def test_what_is_always_read_and_varies_stays() -> None:
    net = Net(X)
    graph = net.graph(net.conv(net.depthwise(net.conv(X, 8)), 8))
    assert dropped(graph).nodes == graph.nodes


def test_channels_that_nothing_reads_go() -> None:
    net = Net(X)
    a = net.conv(X, 12)
    assert channels(dropped(net.graph(net.conv(a, 4, side=3, unread=(0, 3, 7, 11))))) == [8, 4]


def test_a_chain_of_layers_goes_with_them() -> None:
    net = Net(X)
    a = net.conv(X, 16)
    b = net.add(MaxPool2D(1, 1, 2, 2), [net.depthwise(a)], (1, SIDE - 1, SIDE - 1, 16))
    graph = dropped(net.graph(net.conv(b, 4, unread=range(0, 16, 2))))
    assert channels(graph) == [8, 8, 8, 4]
    assert weights(graph.nodes[1]).shape == (1, 3, 3, 8)


@pytest.mark.parametrize("far", [BELOW, ABOVE])
def test_constant_channels_go_into_the_bias_behind(far: int) -> None:
    net = Net(X)
    a = net.conv(X, 8, bias=dict.fromkeys((1, 2, 5, 6), far))
    graph = dropped(net.graph(net.conv(a, 4)))
    assert channels(graph) == [4, 4]
    old, new = (g.nodes[1].input(2).data for g in (net.graph(), graph))
    assert np.array_equal(old, new) == (far == BELOW)  # the zero point adds nothing


def test_a_constant_that_differs_from_the_padding_stays_without_weights() -> None:
    net = Net(X)
    constant = (1, 2, 5, 6)
    a = net.conv(X, 8, bias=dict.fromkeys(constant, ABOVE))
    graph = dropped(net.graph(net.conv(a, 4, side=3)))
    assert channels(graph) == [8, 4]
    assert not weights(graph.nodes[0])[list(constant)].any()


def test_a_constant_that_equals_the_padding_goes() -> None:
    net = Net(X)
    a = net.conv(X, 8, bias=dict.fromkeys((1, 2, 5, 6), BELOW))
    assert channels(dropped(net.graph(net.conv(a, 4, side=3)))) == [4, 4]


def test_depthwise_borders_make_a_constant_vary_unless_it_is_clamped() -> None:
    net = Net(X)
    a = net.conv(X, 8, bias=dict.fromkeys(range(4), ABOVE))
    net.conv(net.depthwise(a, bias=dict.fromkeys(range(4), -100_000)), 4)  # what nine taps exceed, and four do not
    assert channels(dropped(net.graph(net.nodes[-1].output))) == [8, 8, 4]
    net = Net(X)
    a = net.conv(X, 8, bias=dict.fromkeys(range(4), ABOVE))
    net.conv(net.depthwise(a, bias=dict.fromkeys(range(4), ABOVE)), 4)
    assert channels(dropped(net.graph(net.nodes[-1].output))) == [4, 4, 4]


def test_groups_go_as_a_whole() -> None:
    """Two groups of 4 to 4 channels, of which the first or the second is not read."""
    for unread in (range(4), range(4, 8)):
        net = Net(X)
        a = net.conv(X, 8)
        net.conv(a, 8)
        grouped = net.nodes.pop()
        w = grouped.input(1)
        halved = dataclasses.replace(w, shape=(8, 1, 1, 4), data=w.data[..., :4].copy())
        net.nodes.append(dataclasses.replace(grouped, inputs=(a, halved, grouped.input(2))))
        graph = dropped(net.graph(net.conv(grouped.output, 4, unread=unread)))
        assert channels(graph) == [4, 4, 4]
        assert np.array_equal(weights(graph.nodes[1]), halved.data[[c for c in range(8) if c not in unread]])
        assert channels(dropped(net.graph(net.conv(grouped.output, 4, unread=(0, 1, 4, 5)))))[:2] == [8, 8]


def test_a_sum_needs_both_of_its_channels() -> None:
    net = Net(X)
    a, b = net.conv(X, 8), net.conv(X, 8, bias=dict.fromkeys(range(4), BELOW))
    total = net.add(Add(), [a, b], a.shape)
    graph = dropped(net.graph(net.conv(total, 4)))
    assert channels(graph) == [8, 8, 8, 4]
    assert not weights(graph.nodes[1])[:4].any()


def test_residual_channels_go_where_no_branch_is_read() -> None:
    net = Net(X)
    a = net.conv(X, 8, bias=dict.fromkeys(range(4), BELOW))
    total = net.add(Add(), [a, net.conv(a, 8, bias=dict.fromkeys(range(4), BELOW))], a.shape)
    assert channels(dropped(net.graph(net.conv(total, 4)))) == [4, 4, 4, 4]
    assert channels(dropped(net.graph(net.conv(total, 4), a))) == [8, 8, 8, 4]  # one that is seen holds the others


def test_parts_that_are_joined_lose_channels_by_themselves() -> None:
    net = Net(X)
    a, b = net.conv(X, 8), net.conv(X, 12)
    both = net.add(Concatenation(3), [a, b], (1, SIDE, SIDE, 20))
    assert channels(dropped(net.graph(net.conv(both, 4, unread=(0, 1, 2, 3, 8, 9, 10, 11))))) == [4, 8, 12, 4]


@pytest.mark.parametrize(("unread", "left"), [((0, 1, 4, 5), [4, 2, 2]), ((0, 1, 2, 3), [8, 4, 4])])
def test_parts_stay_where_their_operator_cannot_tell_fewer(unread: Sequence[int], left: list[int]) -> None:
    """SPLIT makes equal parts."""
    net = Net(X)
    a = net.conv(X, 8)
    parts = tuple(Tensor(f"part{i}", (1, SIDE, SIDE, 4), DType.INT8, Q) for i in range(2))
    axis = Tensor("axis", (), DType.INT32, None, np.array(3, np.int32))
    net.nodes.append(Node("split", Split(), (axis, a), parts))
    ends = [net.conv(part, 4, unread=[c - 4 * i for c in unread if c // 4 == i]) for i, part in enumerate(parts)]
    made = drop_dead_channels(net.graph(*ends))
    assert [a.shape[-1] for a in (made.nodes[0].output, *made.nodes[1].outputs)] in (left, [8, 4, 4])


def test_flattened_images_lose_channels_at_every_pixel() -> None:
    net = Net(X)
    a = net.conv(X, 8, bias=dict.fromkeys(range(4), ABOVE))
    flat = net.add(Reshape(), [a], (1, SIDE * SIDE * 8))
    graph = dropped(net.graph(net.dense(flat, 3)))
    assert channels(graph) == [4, SIDE * SIDE * 4, 3]


def test_as_many_stay_as_kernels_take_together() -> None:
    net = Net(X)
    a = net.conv(X, 16)
    assert channels(dropped(net.graph(net.conv(a, 4, unread=range(5, 16))))) == [8, 4]
    assert channels(dropped(net.graph(net.conv(a, 4, unread=range(2, 16))))) == [4, 4]


def test_ends_keep_their_channels_but_not_their_weights() -> None:
    net = Net(X)
    graph = dropped(net.graph(net.conv(X, 8, bias={0: BELOW, 5: ABOVE}, unread=(2,))))
    assert channels(graph) == [8]
    assert graph.inputs == (X,)
    assert not weights(graph.nodes[0])[[0, 5]].any()


def test_what_is_always_the_same_is_copied() -> None:
    net = Net(X)
    a = net.conv(X, 4, bias=dict.fromkeys(range(4), ABOVE))
    made = dropped(net.graph(net.conv(net.depthwise(a, dict.fromkeys(range(4), BELOW)), 4)))
    assert [n.op.title for n in prepare(made).nodes] == ["RESHAPE"]
    assert made.macs == 0


def test_sums_that_may_wrap_vary() -> None:
    net = Net(X)
    a = net.conv(X, 8, bias=dict.fromkeys(range(4), (1 << 31) - 1000))
    assert channels(dropped(net.graph(net.conv(a, 4)))) == [8, 4]


def test_a_node_keeps_its_name_and_its_tensors_theirs() -> None:
    net = Net(dataclasses.replace(X, origin="image"))
    a = net.conv(net.inputs[0], 8, bias=dict.fromkeys(range(4), BELOW))
    net.nodes[0] = dataclasses.replace(
        net.nodes[0], outputs=(b := dataclasses.replace(a, origin="layer"),), sources=(7,)
    )
    graph = dropped(net.graph(net.conv(b, 4)))
    assert (graph.nodes[0].name, graph.nodes[0].sources) == ("n0", (7,))
    assert (graph.nodes[0].output.name, graph.nodes[0].output.origin) == (a.name, "layer")


def test_what_is_left_is_told() -> None:
    net = Net(X)
    a = net.conv(X, 12, bias=dict.fromkeys(range(4), BELOW))
    b = net.conv(X, 4, bias=dict.fromkeys(range(4), ABOVE))
    graph = net.graph(net.conv(a, 4), net.conv(b, 4))
    assert layers_left(graph, prepare(graph)) == (Left("n0", 8, 12), Left("n1", 0, 4), Left("n3", 0, 4))


@pytest.mark.parametrize(
    ("model", "macs"),
    [
        ("mlperf_tiny/vww_96_int8", 3_766_476),
        ("mlperf_tiny/kws_ref_model", 2_656_768),
        ("mlperf_tiny/pretrainedResnet_quant", 12_501_632),
        ("mlperf_tiny/ad01_int8", 264_192),
        ("mlperf_tiny/str_ww_ref_model", 826_368),
        ("tflm/person_detect", 7_157_888),
        ("tflm/hello_world_int8", 220),
        ("tflm/keyword_scrambled", 0),
    ],
)
def test_what_is_left_of_public_models(model: str, macs: int) -> None:
    root = shared_folder()
    if root is None:
        pytest.skip("the shared models are not beside the project (../shared)")
    assert prepare(load(root / "models" / f"{model}.tflite")).macs == macs
