"""Every block on every virtual board: the bytes of the portable C on this machine."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from motes.blocks import (
    Accelerometer,
    Camera,
    Crop,
    Detect,
    LogMel,
    MicroFrontend,
    Microphone,
    ReconstructionError,
    Resize,
    SpectralBands,
)
from motes.build import host
from motes.ir import Array, DType, Graph, Node, Tensor, quant
from motes.proving import compile_graph
from motes.stream import Stream
from motes.target import Board
from streams import graph_of, lcg_int16, scores

LABELS = ["a", "b", "c", "unknown"]

BLOCKS: dict[str, Stream] = {
    "micro_frontend": MicroFrontend(30, 20)(Microphone()),
    "micro_frontend_radix_2": MicroFrontend(16, 10, channels=20)(Microphone()),
    "log_mel": LogMel()(Microphone()),
    "spectral_bands": SpectralBands(24, window=1024, axis=1)(Accelerometer(1000)),
    "crop": Crop(3, 2, 20, 16)(Camera(32, 24, 5)),
    "resize_box": Resize(16, 8)(Camera(32, 24, 5)),
    "resize_half": Resize(16, 12)(Camera(32, 24, 5)),
    "resize_bilinear": Resize(24, 24)(Camera(32, 20, 5)),
    "detect_s8": Detect(LABELS, 0.3, 600, 1000)(scores(4, DType.INT8, quant(1 / 256, -128))),
    "detect_f32": Detect(["odd"], 0.3, 600, 1000)(scores(1)),
    "error_s8": ReconstructionError()(scores(25, DType.INT8, quant(0.1, 3)), scores(25, DType.INT8, quant(0.07, -8))),
    "error_f32": ReconstructionError()(scores(25), scores(25, DType.INT8, quant(0.07, -8))),
}


def drawn(tensor: Tensor, seed: int) -> Array:
    """Values of a tensor: noise as loud as 2^-(seed), counts that are small."""
    noise = lcg_int16(tensor.elements, seed).reshape(tensor.shape) >> seed
    match tensor.dtype:
        case DType.FLOAT32:
            return (noise / np.float32(32768)).astype(np.float32)
        case DType.INT32:
            return (noise & 3).astype(np.int32)
        case DType.UINT32:
            return noise.astype(np.uint32) & 0xFFFFF
    return noise.astype(tensor.dtype.numpy)


def merged() -> Graph:
    """All blocks in one graph, and so in one image; states are inputs and outputs."""
    inputs: list[Tensor] = []
    outputs: list[Tensor] = []
    nodes: list[Node] = []
    for name, stream in BLOCKS.items():
        graph = graph_of(stream, open_states=True)
        new = {t: dataclasses.replace(t, name=f"{name}_{t.name}") for t in graph.tensors}
        inputs += [new[t] for t in graph.inputs]
        outputs += [new[t] for t in graph.outputs]
        for n in graph.nodes:
            reads, makes = tuple(new[t] for t in n.inputs if t is not None), tuple(new[t] for t in n.outputs)
            nodes.append(Node(f"{name}_{n.name}", n.op, reads, makes))
    return Graph("blocks", tuple(inputs), tuple(outputs), tuple(nodes))


def test_bytes_on_the_core(tmp_path: Path, virt: Board) -> None:
    graph = merged()
    proved = compile_graph(graph, virt, "every_block", tmp_path)
    (portable,) = host.load([graph])
    for seed in (0, 1, 6):
        inputs = tuple(drawn(t, seed + i % 9) for i, t in enumerate(graph.inputs))
        measured = proved.measure(inputs)
        for i, (tensor, expected) in enumerate(zip(graph.outputs, portable(*inputs), strict=True)):
            assert measured.symbols[f"motes_output_{i}"] == expected.tobytes(), tensor.name
