"""The generated C of one small model and one small application, whole: a change of it is a change to look at."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import motes as mt
from motes.choose import choose
from motes.emit import emit_application, emit_application_main, emit_model, emit_profile_main, prefix_for
from motes.ir import DType, Tensor, quant
from motes.passes import prepare
from motes.plan import plan
from motes.schedule import schedule
from motes.tflite import load
from tflite_writer import Operator, write_model

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "c"


def model() -> bytes:
    x = Tensor("the input", (1, 4), DType.INT8, quant(0.5, -1))
    w = Tensor("w", (3, 4), DType.INT8, quant(0.25, 0), np.arange(-6, 6, dtype=np.int8).reshape(3, 4))
    b = Tensor("b", (3,), DType.INT32, quant(0.125, 0), np.array([100, -200, 300], np.int32))
    h = Tensor("h*/", (1, 3), DType.INT8, quant(0.75, 2))
    y = Tensor('y"', (1, 3), DType.INT8, quant(1 / 256, -128))
    dense = Operator("FULLY_CONNECTED", (x, w, b), (h,), {"fused_activation_function": "RELU"})
    return write_model([dense, Operator("SOFTMAX", (h,), (y,), {"beta": 1.0})], [x], [y])


def generated_model() -> dict[str, str]:
    program = choose(prepare(load(model(), "small")))
    where = plan(program)
    main = emit_profile_main(program, where, "small", (np.arange(4, dtype=np.int8).reshape(1, 4),))
    return {**emit_model(program, where, "small"), **main}


def generated_application(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "small.tflite"
    path.write_bytes(model())
    camera = mt.Camera(width=2, height=2, rate=5)
    scores = mt.Model(path)(camera)
    labels = ["a", 'two\nlines %s "quoted" */', "größer"]
    seen = mt.Detect(labels=labels, threshold=0.5, average_ms=400, suppress_ms=1000)(scores)
    application = mt.App("small camera", mt.Print(seen), mt.LED(seen, ms=250)).application
    programs = {s: choose(prepare(s.graph)) for s in application.stages}
    where, times = plan(*programs.values()), schedule(application, None, 1)
    c = emit_application(application, programs, where, times, "small_camera")
    return {**c, **emit_application_main(application, "small_camera")}


@pytest.mark.parametrize("kind", ["model", "application"])
def test_generated_c_is_as_it_was(kind, tmp_path, update_golden):
    made = generated_model() if kind == "model" else generated_application(tmp_path)
    ours = {name: text for name, text in made.items() if name.startswith(("small", "main", "inputs"))}
    folder = GOLDEN / kind
    if update_golden:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in ours.items():
            (folder / name).write_text(text, "utf-8")
    assert ours.keys() == {p.name for p in folder.iterdir()}
    for name, text in ours.items():
        assert text == (folder / name).read_text("utf-8"), f"{name} has changed; pytest --update-golden records it"


def test_scores_keep_their_digits():
    from motes.emit.application import rational

    for value in (1e6 / 256, 3.7e-3, 0.999, 1e9):
        found = rational(value)
        assert abs(Fraction(found.multiplier, 1 << found.shift) / Fraction(value) - 1) < Fraction(1, 1 << 28)


def test_names_never_meet_those_of_our_own_files():
    assert prefix_for("Crop") == "crop_2"
    assert prefix_for("main") not in ("main", "crop")
    assert prefix_for("größe 1/2") == "gr_e_1_2"
    assert prefix_for("日本") == "app"
    assert prefix_for("time") == "time_2"
    assert prefix_for("Motes ring") == "app_motes_ring"
