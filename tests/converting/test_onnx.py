"""ONNX files, through onnx2tf; `make test-converters` runs this in an environment of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import motes as mt
from conftest import missing
from motes.converting import Quantize
from motes.converting.sources import installed
from motes.verifying import verify

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

IMAGES = np.random.default_rng(0).normal(0, 1, (30, 3, 24, 16))


@pytest.fixture(scope="module")
def onnx() -> Any:
    """The package onnx, where onnx2tf is, too."""
    if not installed("onnx2tf"):
        missing("onnx2tf is not installed, it cannot live beside TensorFlow 2.21: `make test-converters` has it")
    import onnx

    return onnx


def save(onnx: Any, path: Path, nodes: list[tuple[Any, ...]], inputs: dict[str, Any], weights: dict[str, Any]) -> Path:
    """A file of nodes (operator, inputs, outputs, attributes); the last node's outputs are those of the model."""
    h, real = onnx.helper, onnx.TensorProto.FLOAT
    graph = h.make_graph(
        [h.make_node(op, ins.split(), outs.split(), **how) for op, ins, outs, how in nodes],
        "graph",
        [h.make_tensor_value_info(name, real, shape) for name, shape in inputs.items()],
        [h.make_tensor_value_info(name, real, None) for name in nodes[-1][2].split()],
        [onnx.numpy_helper.from_array(np.asarray(w, np.float32), name) for name, w in weights.items()],
    )
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8), str(path))
    return path


def weights(*shape: int) -> Any:
    """Random, of a size that keeps activations near 1."""
    return np.random.default_rng(len(shape)).normal(0, 1, shape) / np.sqrt(np.prod(shape[1:]))


@pytest.fixture
def classifier(onnx: Any, tmp_path: Path) -> Path:
    """Two convolutions and a classifier, for any batch."""
    nodes = [
        ("Conv", "x w1 b1", "c1", {"kernel_shape": [3, 3], "pads": [1] * 4, "strides": [2, 2]}),
        ("Relu", "c1", "r1", {}),
        ("Conv", "r1 w2", "c2", {"kernel_shape": [3, 3], "pads": [1] * 4, "group": 8}),
        ("Clip", "c2 low high", "r2", {}),
        ("GlobalAveragePool", "r2", "g", {}),
        ("Flatten", "g", "f", {"axis": 1}),
        ("Gemm", "f w3", "y0", {"transB": 1}),
        ("Softmax", "y0", "y", {"axis": 1}),
    ]
    stored = {
        "w1": weights(8, 3, 3, 3),
        "b1": np.zeros(8),
        "w2": weights(8, 1, 3, 3),
        "low": 0.0,
        "high": 6.0,
        "w3": 3 * weights(5, 8),
    }
    return save(onnx, tmp_path / "classifier.onnx", nodes, {"x": ["n", 3, 24, 16]}, stored)


@pytest.mark.parametrize(("quantize", "error"), [("int8", 0.03), ("int16", 0.005), (None, 1e-6)])
def test_a_classifier(classifier: Path, capfd: Any, quantize: Quantize | None, error: float) -> None:
    made = mt.convert(classifier, IMAGES, quantize=quantize)
    assert capfd.readouterr() == ("", "")
    assert verify(made.path, "host", count=4).exit_status == 0
    ends = [*made.graph.inputs, *made.graph.outputs]
    assert [t.shape for t in ends] == [(1, 24, 16, 3), (1, 5)]
    assert {t.dtype.value for t in ends} == {quantize or "float32"}
    (near,) = made.agreements
    assert near.max_error < error * near.span
    assert made.path.name == "classifier.tflite"
    assert made.converter.startswith("onnx2tf ")
    assert mt.Model(made).graph.macs > 0


def test_equal_files_become_equal_files(classifier: Path) -> None:
    assert mt.convert(classifier, IMAGES).path == mt.convert(classifier, IMAGES).path


def test_several_inputs_and_axes(onnx: Any, tmp_path: Path) -> None:
    """Inputs of four axes have their channels moved to the end, of three not; a batch of 7 becomes one."""
    nodes = [
        ("Conv", "image w1", "a", {"kernel_shape": [3, 3]}),
        ("Conv", "wave w2", "b", {"kernel_shape": [3]}),
        ("ReduceMean", "b", "b0", {"axes": [1, 2], "keepdims": 1}),
        ("Unsqueeze", "b0 axis", "b1", {}),
        ("Add", "a b1", "y", {}),
    ]
    inputs = {"wave": [7, 2, 9], "image": [7, 2, 8, 6]}
    path = save(onnx, tmp_path / "two.onnx", nodes, inputs, {"w1": weights(4, 2, 3, 3), "w2": weights(3, 2, 3)})
    model = onnx.load(str(path))
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([3]), "axis"))
    onnx.save(model, str(path))
    rng = np.random.default_rng(1)
    made = mt.convert(path, [(rng.normal(0, 1, (2, 9)), rng.normal(0, 1, (2, 8, 6))) for _ in range(30)])
    assert [t.shape for t in made.graph.inputs] == [(1, 2, 9), (1, 8, 6, 2)]
    assert sorted(made.graph.outputs[0].shape) == [1, 4, 4, 6]  # in an order of onnx2tf's choice
    assert made.agreements[0].max_error < 0.03 * made.agreements[0].span


def test_what_onnx2tf_does_not_convert(onnx: Any, tmp_path: Path, classifier: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no protobuf")
    with pytest.raises(mt.BadInput, match=r"broken.onnx: is no ONNX file that can be read \(.*\); export it again"):
        mt.convert(tmp_path / "broken.onnx", IMAGES)
    with pytest.raises(mt.BadInput, match=r"its input 0 is \[\?, 3, 24, 16\], a sample is \[3, 24, 15\]; give all but"):
        mt.convert(classifier, IMAGES[..., 1:])
    odd = save(onnx, tmp_path / "odd.onnx", [("Frobnicate", "x", "y", {"domain": "ours"})], {"x": [1, 4]}, {})
    with pytest.raises(mt.Unsupported, match=r"odd.onnx: onnx2tf gives up .*Frobnicate"):
        mt.convert(odd, np.ones((4, 4)))
