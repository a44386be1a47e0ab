"""Whole applications: the image on the virtual board against the same C on this machine, and what the reports say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import motes as mt
from bursts import RATE, application, classifier, noise
from motes.errors import BadInput
from motes.ir import DType, quant
from motes.ops.quantize.op import Quantize
from motes.report.reading import score_view
from motes.running import reported
from motes.stream import step
from sums import parity, total


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> tuple[Path, mt.App]:
    folder = tmp_path_factory.mktemp("small")
    model = classifier(folder / "model.tflite", size=8, layers=1, channels=4)
    return noise(folder / "noise.wav"), application(model, 8, hop_ms=20, stride=4)


@pytest.fixture(scope="module")
def on_board(small):
    recording, app = small
    return app.build("virt-m4").run(recording)


@pytest.fixture(scope="module")
def on_host(small):
    recording, app = small
    return app.build("host").run(recording)


def test_board_and_host_agree_to_the_byte(on_board, on_host):
    assert len(on_board.events) >= 3
    assert [(e.time_s, e.label, e.score) for e in on_board.events] == [
        (e.time_s, e.label, e.score) for e in on_host.events
    ]
    assert len(on_board.traces) == len(on_host.traces) >= 4
    for ours, theirs in zip(on_board.traces, on_host.traces, strict=True):
        assert ours.tensor.name == theirs.tensor.name
        assert len(ours.values) == len(theirs.values) > 30
        assert np.array_equal(ours.values, theirs.values)
        assert np.array_equal(ours.time_s, theirs.time_s)


@pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed")
def test_an_image_by_gcc_agrees_too(small, on_host):
    recording, app = small
    by_gcc = app.build("virt-m4", toolchain="gcc").run(recording)
    assert by_gcc.to_json()["missed_deadlines"] == 0
    for ours, theirs in zip(by_gcc.traces, on_host.traces, strict=True):
        assert np.array_equal(ours.values, theirs.values), ours.tensor.name
        assert np.array_equal(ours.time_s, theirs.time_s)


def test_the_host_has_one_compiler(small):
    _, app = small
    with pytest.raises(BadInput, match="toolchain gcc: host is compiled by zig alone; leave out --toolchain gcc"):
        app.build("host", toolchain="gcc")


def test_events_carry_the_clock_of_the_samples(on_board):
    app = on_board.outcome.made.application
    infer = app.stages[-1]
    times = {round(float((infer.first + j * infer.every) / RATE) * 100) for j in range(100)}
    for event in on_board.events:
        assert round(event.time_s * RATE) % app.buffer(app.sources[0]) == 0
        assert round(event.time_s * 100) in times
        assert 0 < event.latency_ms < 80
        assert 0 <= event.score <= 1


def test_nothing_is_missed_and_the_report_is_whole(on_board, on_host):
    data = on_board.to_json()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert (data["missed_deadlines"], data["dropped_samples"], data["exit_status"]) == (0, 0, 0)
    assert data["hops"] == 1 + (3 * RATE - 480) // 320
    assert 0 < data["busy_share"] < 0.5
    assert 0 < data["cycles_per_hop"]["mean"] <= data["cycles_per_hop"]["max"] < 64e6 * 0.02
    assert data["current_ua"]["mean"] == pytest.approx(sum(data["current_ua"]["parts"].values()), abs=0.01)
    assert set(data["battery_h"]) == {"CR2032", "1000 mAh"}
    assert data["stack_high_water"] <= data["ram"]["stack"]
    for parts in (data["ram"], data["flash"]):
        assert parts["total"] == sum(size for name, size in parts.items() if name != "total")
    for stage in data["stages"]:
        assert stage["worst_response_ms"]["measured"] <= stage["worst_response_ms"]["computed"]
    host = on_host.to_json()
    assert host["busy_share"] is host["cycles_per_hop"] is host["current_ua"] is host["ram"] is None
    assert {e["latency_ms"] for e in host["events"]} == {None}


def test_runs_and_builds_say_what_they_are(on_board, on_host):
    assert isinstance(on_board, mt.Run)
    count = len(on_board.events)
    assert repr(on_board) == f"Run('bursts' on virt-m4: {count} events in 3 s)"
    assert repr(on_host) == f"Run('bursts' on host: {count} events in 3 s)"
    sizes = on_board.to_json()
    flash, ram = sizes["flash"]["total"], sizes["ram"]["total"]
    built = mt.Build(on_board.outcome.made)
    assert repr(built) == f"Build('bursts' for virt-m4, {flash:,} bytes of flash, {ram:,} bytes of RAM)"


def test_two_runs_are_one(small, on_board):
    recording, app = small
    again = app.build("virt-m4").run(recording)
    assert again.to_json() == on_board.to_json()
    assert again.outcome.execution == on_board.outcome.execution


def test_labels_judge_a_run(small, tmp_path):
    recording, app = small
    built = app.build("host")
    first, *_, last = built.run(recording).events
    labels = tmp_path / "labels.txt"
    after = last.time_s + 0.01
    labels.write_text(f"{first.time_s - 0.1}\t{first.time_s}\t{first.label}\n{after}\t{after}\tfirst\n")
    data = built.run(recording, labels=labels).to_json()
    assert (data["heard"], data["missed"]) == (1, 1)
    assert data["false_alarms"] >= len(data["events"]) - 2


def test_a_recording_shorter_than_a_window_is_refused(small, tmp_path):
    _, app = small
    with pytest.raises(BadInput, match=r"lasts 0\.020 s, but the first window needs 0\.030 s; give a longer"):
        app.build("host").run(noise(tmp_path / "short.wav", 0.02))


def test_an_overloaded_board_drops_samples_and_keeps_time(tmp_path):
    """A call of 1.5 periods: half of all samples find no room, yet an event's time is when it was heard."""
    rate, window = 8000, 800
    mic = mt.Microphone(rate=rate)
    app = mt.App("slow", mt.Print(parity(total(mic.window(window), [int(1.5 * 0.1 * 64e6 / 4)]))))
    built = app.build("virt-m4")
    (stage,) = app.application.stages
    assert not built.made.schedule.meets_deadlines(app.application)
    done = built.run(noise(tmp_path / "noise.wav", 4.0, rate))
    outcome = done.outcome
    assert outcome.dropped > 8000
    assert outcome.missed > 10
    waiting = built.made.schedule.capacity[stage.ring] // window
    assert len(done.events) > 10
    assert all(149 < e.latency_ms < 151 * (waiting + 1) for e in done.events)
    gaps = np.diff(outcome.triggers[stage])
    assert gaps.min() >= 0.1 - 1e-9
    assert gaps.max() > 0.15


def test_the_led_stays_on_to_the_end_of_the_longest(tmp_path):
    mic = mt.Microphone(rate=RATE)
    rare, often = parity(total(mic.window(8000))), parity(total(mic.window(320)))
    done = mt.App("lit", mt.LED(rare, ms=200), mt.LED(often, ms=5)).build("virt-m4").run(noise(tmp_path / "noise.wav"))
    execution, traces = done.outcome.execution, {t.stage.name: t for t in done.traces if t.tensor.shape == (2,)}
    lit = [(c.cycle - done.outcome.started) / 64e6 for c in execution.led]
    spans = list(zip(lit[::2], lit[1::2], strict=False))
    assert not done.events
    slow = next(t for t in traces.values() if t.stage.period == 0.5)
    seen = slow.time_s[slow.values[:, 0] >= 0]
    assert len(seen) >= 2
    for at in seen[:-1]:
        (span,) = [s for s in spans if s[0] <= at + 0.01 < s[1]]
        assert at + 0.2 <= span[1] < at + 0.26
    assert min(end - start for start, end in spans) < 0.03


def test_work_of_more_than_three_hops_drops_nothing(tmp_path):
    """Inference takes longer than three hops; hops run between its layers, and samples wait in a longer ring."""
    model = classifier(tmp_path / "model.tflite", size=16, layers=14, channels=8)
    app = application(model, 16, hop_ms=10, stride=16)
    recording = noise(tmp_path / "noise.wav", 2.0)
    done = app.build("virt-m4").run(recording)
    made = done.outcome.made
    hop, infer = made.application.stages
    longest = max(s.cycles for s in done.outcome.execution.spans if s.name == infer.name)
    assert longest > 3 * float(hop.period) * 64e6
    data = done.to_json()
    assert (data["missed_deadlines"], data["dropped_samples"]) == (0, 0)
    assert data["hops"] == 1 + (2 * RATE - 480) // 160
    ring = made.to_json()["rings"][0]
    assert ring["items"] > ring["window"] + 160
    assert data["ram"]["rings"] == sum(r["bytes"] for r in made.to_json()["rings"])
    host = app.build("host").run(recording)
    assert [(e.time_s, e.score) for e in done.events] == [(e.time_s, e.score) for e in host.events]


def test_each_action_has_the_labels_and_the_threshold_of_its_own_decision(tmp_path):
    camera = mt.Camera(width=2, height=2, rate=10)
    scores = step("scores", Quantize(), [camera], ((2, 2), DType.INT8, quant(1 / 255, -128)))
    corners = ["a", "b", "c", "d"]
    first = mt.Threshold(0.9, corners, background=["b"])(scores)
    second = mt.Threshold(0.5, corners, background=["c", "d"])(scores)
    app = mt.App("corners", mt.Print(first), mt.Print(second))
    assert len(app.application.stages) == 1
    assert [reported(app.application, s) for s in app.application.sinks] == [("a", "c", "d"), ("a", "b")]
    np.save(tmp_path / "frames.npy", np.full((4, 2, 2), 200, np.uint8))
    view = score_view(app.build("host", out=tmp_path / "host").run(tmp_path / "frames.npy").outcome)
    assert view is not None
    assert view.threshold == pytest.approx(0.9, abs=0.01)
