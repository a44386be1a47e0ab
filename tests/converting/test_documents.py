"""The conversions that docs/converting.md shows run, where their converter is installed."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from conftest import missing
from motes.converting.sources import CONVERTERS, Kind, installed

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "converting.md").read_text("utf-8")
BLOCKS: dict[Kind, str] = {
    kind: re.findall(rf"^```python {kind}\n(.*?)^```$", TEXT, re.DOTALL | re.M)[0] for kind in CONVERTERS
}


def relu(path: Path) -> None:
    """An ONNX file."""
    from onnx import TensorProto, helper

    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, 24, 16]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "relu", ends[:1], ends[1:])
    path.write_bytes(
        helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()
    )


@pytest.mark.parametrize("kind", CONVERTERS)
def test_the_document(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, module, _ = CONVERTERS[kind]
    if not installed(module):
        missing(f"{name} is not installed; `make test-converters` has it")
    monkeypatch.chdir(tmp_path)
    if kind == "onnx":
        relu(tmp_path / "model.onnx")
    names: dict[str, object] = {}
    exec(compile(BLOCKS[kind], f"converting.md, {kind}", "exec"), names)
    (near,) = names["made"].agreements  # type: ignore[attr-defined]
    assert near.max_error < 0.03 * near.span
    assert np.isfinite(near.mean_error)
