"""A new operator is one new folder, and so is a new block: nothing else is edited."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

import motes as mt
import motes.blocks
import motes.ops
from motes.build import host
from motes.choose import choose
from motes.emit import emit_model
from motes.ir import DType, Tensor, quant
from motes.listing import list_operators
from motes.passes import prepare
from motes.plan import plan
from motes.tflite import load
from tflite_writer import Operator, write_model

OPERATOR = '''
"""LSH_PROJECTION: changes the sign; it is not what TensorFlow Lite means by it."""

from __future__ import annotations

from dataclasses import dataclass

from motes.ir import Builtin, Kernel, Op


@dataclass(frozen=True)
class Projection(Op):
    """The other sign. Dtypes: int8, saturating."""

    tflite = (Builtin("LSH_PROJECTION"),)
    kernels = (Kernel("toy_neg_s8", "toy_neg_s8.h", in_place=lambda node: ((0, 0),)),)

    @classmethod
    def from_tflite(cls, name, options, inputs, outputs):
        return cls()

    def params(self, node):
        return {"count": node.output.elements}
'''

OPERATOR_C = """
#include "motes.h"

typedef struct {
    int32_t count;
} toy_neg_s8_params;

static inline void toy_neg_s8(const toy_neg_s8_params *p, const int8_t *x, int8_t *y) {
    for (int32_t i = 0; i < p->count; i++)
        y[i] = (int8_t)motes_min(-x[i], 127);
}
"""

BLOCK = '''
"""Hold: the larger of an item and the one before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motes.ir import Kernel, Op
from motes.stream import Memory, step


@dataclass(frozen=True)
class HoldOp(Op):
    """int8 -> int8; state: the item before."""

    kernels = (Kernel("toy_hold", "toy_hold.h", in_place=lambda node: ((1, 1),)),)

    def params(self, node):
        return {"count": node.outputs[0].elements}


class Hold:
    """The larger of an item and the one before, element by element."""

    def __call__(self, stream):
        x = stream.tensor
        before = Memory("before", np.full(x.shape, -128, np.int8))
        return step("hold", HoldOp(), [stream], (x.shape, x.dtype, x.quant), memory=[before], labels=stream.labels)
'''

BLOCK_C = """
#include "motes.h"

typedef struct {
    int32_t count;
} toy_hold_params;

static inline void toy_hold(const toy_hold_params *p, const int8_t *x, const int8_t *before, int8_t *y,
                            int8_t *now) {
    for (int32_t i = 0; i < p->count; i++) {
        const int8_t old = before[i];
        now[i] = x[i];
        y[i] = x[i] > old ? x[i] : old;
    }
}
"""


def add_folder(monkeypatch, package, folder: Path, name: str, code: str, header: str, c: str):
    room = folder / package.__name__.rsplit(".", 1)[1] / name
    room.mkdir(parents=True)
    (room / "__init__.py").write_text('"""A toy."""\n')
    (room / "op.py").write_text(code)
    (room / header).write_text(c)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(room.parent)])
    motes.ops.builtins.cache_clear()
    importlib.invalidate_caches()
    return importlib.import_module(f"{package.__name__}.{name}.op")


@pytest.fixture(autouse=True)
def forget():
    yield
    motes.ops.builtins.cache_clear()
    for name in [n for n in sys.modules if ".toy_" in n]:
        del sys.modules[name]


def test_an_operator(monkeypatch, tmp_path):
    add_folder(monkeypatch, motes.ops, tmp_path, "toy_neg", OPERATOR, "toy_neg_s8.h", OPERATOR_C)
    x = Tensor("x", (2, 5), DType.INT8, quant(0.5, 0))
    y = Tensor("y", (2, 5), DType.INT8, quant(0.5, 0))
    graph = load(write_model([Operator("LSH_PROJECTION", (x,), (y,))], [x], [y]))
    program = choose(prepare(graph))
    found = plan(program)
    assert found.arena == 16
    assert "toy_neg_s8(&" in emit_model(program, found, "toy")["toy.c"]
    (ours,) = host.load([graph])
    values = np.array([[-128, -1, 0, 1, 127]] * 2, np.int8)
    assert ours(values)[0].tolist() == [[127, 1, 0, -1, -127]] * 2
    assert "LSH_PROJECTION" in str(list_operators().to_json())


def test_a_block(monkeypatch, tmp_path):
    module = add_folder(monkeypatch, motes.blocks, tmp_path, "toy_hold", BLOCK, "toy_hold.h", BLOCK_C)
    camera = mt.Camera(width=2, height=1, rate=10)
    from motes.ops.quantize.op import Quantize
    from motes.stream import step

    small = step("small", Quantize(), [camera], ((1, 2), DType.INT8, quant(1 / 255, -128)))
    decision = mt.Threshold(0.5, ["left", "right"])(module.Hold()(small))
    app = mt.App("toy", mt.Print(decision))
    recording = tmp_path / "frames.npy"
    frames = np.zeros((6, 1, 2), np.uint8)
    frames[1, 0, 0] = frames[4, 0, 1] = 200
    np.save(recording, frames)
    events = app.build("virt-m4").run(recording).events
    assert [(e.time_s, e.label) for e in events] == [(0.2, "left"), (0.3, "left"), (0.5, "right"), (0.6, "right")]
