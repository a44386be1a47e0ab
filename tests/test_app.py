"""app.py files: what is accepted, and the words where it is not; and models inside applications."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

import motes as mt
from motes.choose import choose
from motes.emit import emit_application
from motes.errors import BadInput
from motes.passes import prepare
from motes.plan import plan
from motes.schedule import schedule
from small_app import GOOD, small_model


def write(tmp_path: Path, text: str) -> Path:
    small_model(tmp_path)
    path = tmp_path / "app.py"
    path.write_text(text)
    return path


def refused(path: Path, words: str) -> None:
    with pytest.raises(BadInput, match=re.escape(words)):
        mt.load_app(path)


def test_a_file_or_its_folder_is_an_app(tmp_path):
    path = write(tmp_path, GOOD)
    for given in (path, tmp_path, str(tmp_path)):
        app = mt.load_app(given)
        assert app.name == "small"
        assert [s.name for s in app.application.stages] == ["micro_frontend", "small"]


def test_one_app_under_two_names_is_one(tmp_path):
    assert mt.load_app(write(tmp_path, GOOD + "again = app\n")).name == "small"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import motes as mt\n", "makes no App; end it with one line such as app = mt.App('name', mt.Print(heard))"),
        (GOOD + "more = mt.App('other', mt.Print(heard))\n", "makes 2 Apps ('small', 'other'); end it with one line"),
        ("x = 1\nraise ValueError('no luck')\n", "app.py, line 2: it raises ValueError: no luck; mend the line"),
        ("def f():\n    return 1 / 0\nf()\n", "app.py, line 2: it raises ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(3)\n", "app.py, line 2: it raises SystemExit: 3; mend the line"),
        ("x = = 1\n", "app.py, line 1: invalid syntax; mend the line"),
        (GOOD.replace("small.tflite", "none.tflite"), "app.py, line 5: "),
        (GOOD.replace("threshold=0.5", "threshold=1.5"), "it must be above 0 and at most 1"),
        (GOOD.replace("average_ms=120", "average_ms=float('nan')"), "it must be a positive number of milliseconds"),
        (GOOD.replace("average_ms=120", "average_ms=-1"), "it must be a positive number of milliseconds"),
        (GOOD.replace("window(3)", "window(4)"), "has 12 elements, but features_window int8[4, 4] brings 16"),
        (GOOD.replace("window(3)", "window(0)"), "length is 0; it must be a whole number, at least 1"),
        (GOOD.replace('"a", "b", "unknown"', '"a", "b"'), "2 labels (a, b) for 3 scores"),
        (GOOD.replace("mt.Print(heard)", "mt.Print(scores)"), "Print needs a decision, as Detect or Threshold makes"),
        (GOOD.replace(", mt.Print(heard)", ""), "it does nothing; give App at least one action"),
        (GOOD.replace("mt.Print(heard)", "heard"), "is no action; wrap the decision in Print(...) or LED(...)"),
        (GOOD.replace('"small", mt', '" ", mt'), "App: its name is ' '; give a text of 1 to 200 characters"),
        (GOOD.replace("mt.Print(heard)", "mt.LED(heard, ms=0)"), "LED: ms is 0; give whole milliseconds"),
        (GOOD.replace("mt.Detect", "mt.Detcet"), "has no attribute 'Detcet'"),
    ],
)
def test_what_is_no_application_is_refused_with_its_line(tmp_path, text, words):
    refused(write(tmp_path, text), words)


def test_files_that_cannot_be_read(tmp_path):
    refused(tmp_path / "none.py", "cannot be read (No such file or directory); give an app.py")
    refused(tmp_path, "cannot be read (No such file or directory)")
    (tmp_path / "app.py").write_bytes(b"\xff\xfe")
    refused(tmp_path, "cannot be read (it is not UTF-8 text)")
    (tmp_path / "app.py").write_bytes(b"#" * ((1 << 20) + 1))
    refused(tmp_path, "larger than 1 MiB, which no application is")
    refused(
        tmp_path / "model.tflite", "is a model, not an application; give an app.py or the folder that holds one, or use"
    )


def test_a_model_with_two_inputs_has_no_place_in_an_application(tmp_path):
    path = small_model(tmp_path, inputs=2)
    mic = mt.Microphone(rate=16_000)
    with pytest.raises(BadInput, match="has 2 inputs and 2 outputs; an application takes models with one of each"):
        mt.Model(path)(mic.window(12))


def test_features_are_requantized_where_scales_differ(tmp_path):
    path = small_model(tmp_path)
    camera = mt.Camera(width=4, height=3, rate=10)
    scores = mt.Model(path)(camera)
    heard = mt.Detect(labels=["a", "b", "unknown"], threshold=0.5)(scores)
    (stage,) = mt.App("grey", mt.Print(heard)).application.stages
    assert [n.op.title for n in stage.graph.nodes][:3] == ["QUANTIZE", "RESHAPE", "FULLY_CONNECTED"]


def test_streams_of_different_windows_do_not_meet(tmp_path):
    small_model(tmp_path)
    features = mt.MicroFrontend(channels=4)(mt.Microphone(rate=16_000))
    fewer = mt.MicroFrontend(channels=3)(mt.Microphone(rate=16_000))
    first = mt.Model(tmp_path / "small.tflite")(features.window(3))
    with pytest.raises(BadInput, match="come from different windows"):
        error = mt.ReconstructionError()(first, mt.Model(tmp_path / "small.tflite")(fewer.window(4, 3)))
        mt.App("wrong", mt.Print(mt.Detect(labels=["a"], threshold=1)(error)))


def test_windows_of_windows_are_windows(tmp_path):
    path = small_model(tmp_path)
    camera = mt.Camera(width=3, height=2, rate=10)
    heard = mt.Detect(labels=["a", "b", "unknown"], threshold=0.5)(mt.Model(path)(camera.window(2)))
    application = mt.App("two frames", mt.Print(heard)).application
    (ring,) = application.rings
    assert (ring.item.shape, ring.length, ring.stride) == ((3,), 4, 4)
    assert application.stages[0].period == Fraction(1, 5)
    overlapping = mt.Microphone().window(480, 320)
    with pytest.raises(BadInput, match="its items are windows that overlap; take one window instead"):
        overlapping.window(2)


def test_two_models_over_one_window_are_one_stage(tmp_path):
    path = small_model(tmp_path)
    features = mt.MicroFrontend(channels=4)(mt.Microphone(rate=16_000))
    decide = mt.Detect(labels=["a", "b", "unknown"], threshold=0.5)
    one, two = (decide(mt.Model(path)(features.window(3))) for _ in range(2))
    application = mt.App("twice", mt.Print(one), mt.Print(two)).application
    assert len(application.stages) == 2
    assert len(application.rings) == 2
    names = [n.name for n in application.stages[1].graph.nodes]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("strides", [(3, 3), (1, 2)])
def test_one_model_may_be_used_twice(tmp_path, strides):
    """In one stage or in two: its weights are stored once."""
    model = mt.Model(small_model(tmp_path))
    features = mt.MicroFrontend(channels=4)(mt.Microphone(rate=16_000))
    decide = mt.Detect(labels=["a", "b", "unknown"], threshold=0.5, average_ms=120)
    scores = [model(features.window(3, stride)) for stride in strides]
    application = mt.App("twice", *(mt.Print(decide(s)) for s in scores)).application
    assert len(application.stages) == 1 + len(set(strides))
    programs = {s: choose(prepare(s.graph)) for s in application.stages}
    c = emit_application(application, programs, plan(*programs.values()), schedule(application, None, 1), "twice")
    assert len(re.findall(r"static const int8_t twice_w_\w+weights\[36\]", c["twice.c"])) == 1


def test_everything_says_what_it_is(tmp_path):
    model = mt.Model(small_model(tmp_path))
    assert repr(model) == "Model('small': x int8[1, 12] -> y int8[1, 3])"
    features = mt.MicroFrontend(channels=4)(mt.Microphone(rate=16_000))
    assert repr(features) == "Stream(features int8[4] every 20 ms)"
    heard = mt.Detect(labels=["a", "b", "unknown"], threshold=0.5)(model(features.window(3)))
    assert repr(heard) == "Stream(decision int32[2] every 60 ms, labels a, b, unknown)"
    app = mt.App("small", mt.Print(heard))
    assert repr(app) == "App('small': micro_frontend every 20 ms, small every 60 ms)"
    built = app.build("host")
    assert isinstance(built, mt.Build)
    assert repr(built) == "Build('small' for host)"
    found = mt.profile(tmp_path / "small.tflite")
    assert isinstance(found, mt.Profile)
    sizes = f"{found.flash['total']:,} bytes of flash, {found.ram['total']:,} bytes of RAM"
    assert repr(found) == f"Profile('small' on virt-m4: {found.cycles:,} cycles, {found.cycles / 64e3:.2g} ms, {sizes})"
