"""The entry point as a function, and a small model."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from motes.cli import main
from motes.ir import DType, Tensor, quant
from tflite_writer import Operator, write_model

X = Tensor("in put", (1, 8), DType.INT8, quant(0.5, -3))
Y = Tensor("y", (1, 4), DType.INT8, quant(0.25, 5))
WEIGHTS = Tensor("w", (4, 8), DType.INT8, quant(0.125, 0), np.ones((4, 8), np.int8))
DENSE = Operator("FULLY_CONNECTED", (X, WEIGHTS, None), (Y,), {})


class Ended(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def motes_(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the entry point with these arguments."""

    def run(*arguments: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["motes", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        code = ended.value.code
        return Ended(code if isinstance(code, int) else 0, out, err)

    return run


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "dense.tflite"
    path.write_bytes(write_model([DENSE], [X], [Y]))
    return path
