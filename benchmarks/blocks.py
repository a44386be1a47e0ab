"""What each block costs on virt-m4: python benchmarks/blocks.py prints the table of docs/blocks.md."""

from __future__ import annotations

from fractions import Fraction

import motes as mt
from motes.ir import DType, Tensor, quant
from motes.proving import compile_graph, layers_of, lcg
from motes.stream import Source, Stream
from motes.target import board
from motes.train.features import graph_of


def vectors(elements: int, dtype: DType) -> Stream:
    """Score or feature vectors from nowhere, five a second."""
    kind = quant(1 / 256, -128) if dtype is DType.INT8 else None
    return Stream(Tensor("x", (elements,), dtype, kind), Source("none", Fraction(5), (elements,)), Fraction(1, 5))


MIC, CAMERA = mt.Microphone(16_000), mt.Camera(96, 96, 10)
SCORES = vectors(5, DType.INT8)
LABELS = ["a", "b", "c", "unknown", "silence"]

BLOCKS = {
    "MicroFrontend": ("30 ms at 16 kHz, 40 channels", mt.MicroFrontend(30, 20, 40)(MIC)),
    "LogMel": ("30 ms at 16 kHz, 40 channels", mt.LogMel(30, 20, 40)(MIC)),
    "SpectralBands": ("2,048 samples, 25 bands", mt.SpectralBands(25, 2048)(mt.Accelerometer(12_000))),
    "Crop": ("96x96 to 48x48", mt.Crop(24, 24, 48, 48)(CAMERA)),
    "Resize, whole factors": ("96x96 to 48x48", mt.Resize(48, 48)(CAMERA)),
    "Resize, bilinear": ("96x96 to 64x64", mt.Resize(64, 64)(CAMERA)),
    "ReconstructionError": (
        "25 float32 against 25 int8", mt.ReconstructionError()(vectors(25, DType.FLOAT32), vectors(25, DType.INT8))
    ),
    "MovingAverage": ("3 vectors of 5 int8", mt.MovingAverage(600)(SCORES)),
    "Threshold": ("5 int8", mt.Threshold(0.8, LABELS)(SCORES)),
    "Detect": ("5 int8, averaged over 3, suppressed", mt.Detect(LABELS, 0.8, 600, 1000)(SCORES)),
}  # fmt: skip


def main() -> None:
    print("| block | for | cycles | state, bytes | arena, bytes | tables, bytes |")
    print("|---|---|---|---|---|---|")
    for name, (what, stream) in BLOCKS.items():
        graph = graph_of(stream)
        proved = compile_graph(graph, board("virt-m4"), "block", inputs=lcg(graph.inputs))
        cycles = sum(layer.cycles for layer in layers_of(proved, proved.measure()))
        plan, flash = proved.plan, proved.image.flash
        print(f"| {name} | {what} | {cycles:,} | {plan.kept_size:,} | {plan.arena:,} | {flash.tables:,} |")


if __name__ == "__main__":
    main()
