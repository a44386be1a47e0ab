"""benchmarks/tricks.py: every trick that it leaves out is there, and is back afterwards."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from motes import passes, profiling
from motes.ops import operators
from motes.ops.conv import planes, step
from motes.ops.conv.op import Conv2D
from motes.passes.channels import kept

ROOT = Path(__file__).resolve().parents[1]


def tricks() -> ModuleType:
    """The module, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("benchmarks_tricks", ROOT / "benchmarks" / "tricks.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TRICKS = tricks().TRICKS


def motes_as_it_is() -> list[object]:
    """What tricks are made of."""
    dense = importlib.import_module("motes.passes.dense_pixels")
    built = (vars(profiling)["tuned"], vars(profiling)["find_board"], passes.PIPELINE, dense._few)
    convolution = (step._fit, step.MOVES, vars(planes)["compact"], Conv2D.joined)
    return [*built, *convolution, kept.TOGETHER, *(op.kernels for op in operators())]


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_is_left_out_and_comes_back(trick: str) -> None:
    before = motes_as_it_is()
    with TRICKS[trick]():
        assert motes_as_it_is() != before
    assert motes_as_it_is() == before


def test_the_documents_tables_name_these_tricks() -> None:
    head, *_ = (ROOT / "docs" / "performance.md").read_text("utf-8").split("\n## ")
    told = set(re.findall(r"^\| ([^|]+) \|", head, re.MULTILINE)) - {"left out", "nothing"}
    assert told and told <= set(TRICKS)
