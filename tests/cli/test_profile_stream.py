"""motes profile --stream: the streaming form of a model."""

from __future__ import annotations

import hashlib
import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motes.build import host
from motes.ir import DType, Graph, Tensor, quant
from motes.passes import repair
from motes.proving import lcg
from motes.tflite import load
from prepared import constant, tensor
from tflite_writer import Operator, write_model
from time_models import windows

ROWS = 12


def over_time(folder: Path, padding: str) -> Path:
    """12 rows of 4 values, a convolution over 3 of them, and a dense layer."""
    rng = np.random.default_rng(1)
    made = ROWS if padding == "SAME" else ROWS - 2
    x, y, z = tensor("x", 1, ROWS, 1, 4), tensor("y", 1, made, 1, 4), tensor("z", 1, 3)
    w = constant("w", rng.integers(-127, 128, (4, 3, 1, 4)), DType.INT8, tensor("q", 1).quant)
    dense = constant("d", rng.integers(-127, 128, (3, 4 * made)), DType.INT8, tensor("q", 1).quant)
    w, dense = (Tensor(t.name, t.shape, t.dtype, type(t.quant)((0.01,), (0,)), t.data) for t in (w, dense) if t.quant)
    options = {
        "padding": padding,
        "stride_w": 1,
        "stride_h": 1,
        "dilation_w_factor": 1,
        "dilation_h_factor": 1,
        "fused_activation_function": 0,
    }
    operators = [Operator("CONV_2D", (x, w), (y,), options), Operator("FULLY_CONNECTED", (y, dense), (z,), {})]
    path = folder / "over_time.tflite"
    path.write_bytes(write_model(operators, [x], [z]))
    return path


def image_over_time(folder: Path) -> Path:
    """12 rows of 10 places of 16 channels, and two convolutions of 3x3, for which there are several kernels."""
    rng = np.random.default_rng(2)
    tensors = [tensor(name, 1, ROWS - 2 * i, 10 - 2 * i, 16) for i, name in enumerate("xyz")]
    options = {
        "padding": "VALID",
        "stride_w": 1,
        "stride_h": 1,
        "dilation_w_factor": 1,
        "dilation_h_factor": 1,
        "fused_activation_function": 0,
    }
    operators = []
    for i, (x, y) in enumerate(itertools.pairwise(tensors)):
        values = rng.integers(-127, 128, (16, 3, 3, 16)).astype(np.int8)
        w = Tensor(f"w{i}", values.shape, DType.INT8, quant(0.01, 0), values)
        operators.append(Operator("CONV_2D", (x, w), (y,), options))
    path = folder / "image_over_time.tflite"
    path.write_bytes(write_model(operators, tensors[:1], tensors[-1:]))
    return path


def digests(graph: Graph, step: int) -> list[str]:
    """Of the outputs of whole windows over three windows of frames."""
    (frames,) = lcg((Tensor("frames", (3 * ROWS, 4), DType.INT8),))
    (whole,) = host.load([graph])
    (outputs,) = whole.run_many(windows(graph, ROWS, step, frames))
    return [hashlib.sha256(y.tobytes()).hexdigest() for y in outputs]


@pytest.mark.parametrize(
    ("padding", "step", "steps", "warmup", "recomputed"),
    [("VALID", 1, 36, 11, 0), ("VALID", 5, 7, 2, 0), ("SAME", 2, 18, 5, 96)],
)
def test_steps_as_json(
    motes_: Any, tmp_path: Path, padding: str, step: int, steps: int, warmup: int, recomputed: int
) -> None:
    path = over_time(tmp_path, padding)
    ended = motes_("profile", path, "--stream", "--step", step, "--json")
    assert ended.status == 0, ended.err
    found = ended.json["stream"]
    spent = found.pop("cycles_per_step")
    assert 0 < spent["mean"] <= spent["max"] == ended.json["cycles"]
    wanted = digests(repair(load(path)), step)
    assert found == {
        "steps": steps,
        "warmup_steps": warmup,
        "step_rows": step,
        "window_rows": ROWS,
        "exact": recomputed == 0,
        "macs": ended.json["macs"],
        "window_macs": 48 * (ROWS if padding == "SAME" else ROWS - 2) + (144 if padding == "SAME" else 120),
        "recomputed_macs": recomputed,
        "outputs": [{"step": warmup + i, "sha256": sha} for i, sha in enumerate(wanted)],
    }
    assert len(wanted) == steps - warmup
    assert ended.json["macs"] == 48 * step + recomputed + (144 if padding == "SAME" else 120)


def test_steps_in_words_and_on_a_page(motes_: Any, tmp_path: Path) -> None:
    import motes as mt

    path = over_time(tmp_path, "SAME")
    ended = motes_("profile", path, "--stream")
    assert ended.status == 0, ended.err
    assert "streaming: 288 of 720 MACs a step of 1 of 12 rows, 96 of them recomputed" in ended.out
    assert re.search(r"36 steps, 11 of them before the first full window; cycles a step: mean [\d,]+, most", ended.out)
    page = mt.profile(path, step=1).save(tmp_path / "page.html").read_text("utf-8")
    assert "<h2>Streaming</h2>" in page and "1 of the 12 rows of a window" in page


@pytest.mark.parametrize("arguments", [(), ("--stream",)])
def test_choices_of_kernels_as_they_are_built(motes_: Any, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    path = image_over_time(tmp_path)
    found = motes_("profile", path, *arguments, "--pareto", "--json", "-o", tmp_path / "out").json
    quick, small = found["pareto"][0], found["pareto"][-1]
    assert {"cycles": found["cycles"], **{m: found[m]["total"] for m in ("flash", "ram")}} in found["pareto"]
    assert arguments or (quick["cycles"] < small["cycles"] and quick["flash"] > small["flash"])
    for optimize, one in (("speed", quick), ("size", small)):
        ended = motes_("profile", path, *arguments, "--pareto", "--optimize", optimize, "-o", tmp_path / "out")
        assert re.search(rf"{one['cycles']:,} +{one['flash']:,} +{one['ram']:,} +this one", ended.out)
        assert "choices of kernels" in (tmp_path / "out" / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--step", "2"), "--step is given without --stream; give both"),
        (("--stream", "--step", "0"), "step is 0; give the new rows of each step, a whole number, at least 1"),
        (
            ("--stream", "--step", "12"),
            "over_time: steps of 12 rows leave nothing of a window of 12; take shorter steps",
        ),
        (
            ("--stream", "--input", "x.npy"),
            "input 'x.npy': a streaming form is run on frames from lcg; leave the input out",
        ),
        (
            ("--stream", "--input", "zeros"),
            "input 'zeros': a streaming form is run on frames from lcg; leave the input out",
        ),
    ],
)
def test_refuses(motes_: Any, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    assert motes_("profile", over_time(tmp_path, "VALID"), *arguments) == (2, "", f"error: {words}\n")


def test_a_form_that_does_not_fit_need_not_be_streamed(motes_: Any, tmp_path: Path) -> None:
    ended = motes_("profile", over_time(tmp_path, "VALID"), "--stream", "--ram", "100")
    assert (ended.status, ended.out) == (3, "")
    assert re.search(r"fits 100 bytes of RAM on virt-m4; .*; or run it without streaming\n$", ended.err)


def test_refuses_models_without_rows(motes_: Any, model: Path) -> None:
    words = "dense: its input in put int8[1, 8] is no window of rows in time, (1, rows, ...); run it without streaming"
    assert motes_("profile", model, "--stream") == (2, "", f"error: {words}\n")


def test_a_frame_of_the_wake_word_is_within_its_budget(shared: Path) -> None:
    """The budgets may only fall: cycles of the step that takes most, RAM and flash, in one build."""
    import motes as mt

    found = mt.profile(shared / "models" / "mlperf_tiny" / "str_ww_ref_model.tflite", step=1)
    assert found.stream is not None and found.stream.streamed.exact and found.macs == 46_040
    spent = found.to_json()["stream"]["cycles_per_step"]
    assert 0 < spent["mean"] <= spent["max"] <= 86_000
    assert found.ram["total"] <= 4_488
    assert found.flash["total"] <= 60_928
