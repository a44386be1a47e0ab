"""Generated applications as libraries, pushed by hand: drops, several sources, shared streams, any names."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

import numpy as np
import pytest

import motes as mt
from motes.build import host
from motes.emit import emit_application_host
from motes.errors import BadInput
from motes.ir import DType, quant
from motes.making import Made, make
from motes.ops.quantize.op import Quantize
from motes.ops.reshape.op import Reshape
from motes.stream import step
from sums import LABELS, decided, parity, total, totals, windows

RATE = 4000


class Pushed:
    """An application whose buffers a test pushes."""

    def __init__(self, app: mt.App, folder: Path) -> None:
        self.made: Made = make(app.application, app.prefix, "host", folder, "zig")
        inner = {f"{app.prefix}.inc" if n == f"{app.prefix}.c" else n: t for n, t in self.made.sources.items()}
        self.library = host.library({**inner, **emit_application_host(app.application, app.prefix)})
        self.state = np.zeros(self.library.motes_app_size() + 8, np.uint8)
        self.library.motes_app_init(self.address, None)

    @property
    def address(self) -> ctypes.c_void_p:
        return ctypes.c_void_p(self.state.ctypes.data + -self.state.ctypes.data % 8)

    def push(self, kind: str, items: np.ndarray) -> None:
        items = np.ascontiguousarray(items)
        getattr(self.library, f"motes_app_push_{kind}")(self.address, ctypes.c_void_p(items.ctypes.data), len(items))

    def events(self) -> list[tuple[float, float, int, str]]:
        """(seconds, score, action, label) of everything that is to be detected now."""
        text, found = ctypes.create_string_buffer(self.library.motes_app_text_size()), []
        while self.library.motes_app_event(self.address, text):
            time_s, score, sink, _, label = text.value.decode().rstrip("\n").split(" ", 4)
            found.append((float(time_s), float(score), int(sink), label))
        return found


def samples(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-3000, 3000, count, np.int16)


def expected(values: np.ndarray, first: int, every: int, sink: int = 0) -> list[tuple[float, float, int, str]]:
    return [
        ((first + i * every) / RATE, float(values[i]), sink, LABELS[label]) for i, label in decided(values)
    ]  # fmt: skip


def test_after_a_drop_events_keep_the_clock_of_the_sensor(tmp_path):
    mic = mt.Microphone(rate=RATE)
    pushed = Pushed(mt.App("drops", mt.Print(parity(total(mic.window(40))))), tmp_path)
    played = samples(40 * 40)
    for i in range(20):  # nobody takes windows: what finds no room is dropped
        pushed.push("microphone", played[i * 40 : (i + 1) * 40])
    capacity = pushed.made.schedule.capacity[pushed.made.application.rings[0]]
    kept = capacity // 40
    assert 1 <= kept < 20
    events = pushed.events()
    for i in range(20, 40):
        pushed.push("microphone", played[i * 40 : (i + 1) * 40])
        events += pushed.events()
    heard = [*range(kept), *range(20, 40)]
    values = totals([played[i * 40 : (i + 1) * 40] for i in heard])
    assert events == [((heard[i] + 1) * 40 / RATE, float(values[i]), 0, LABELS[label]) for i, label in decided(values)]


def test_two_sensors_fill_rings_of_their_own(tmp_path):
    mic, camera = mt.Microphone(rate=RATE), mt.Camera(width=3, height=2, rate=10)
    heard, seen = parity(total(mic.window(400))), parity(total(camera))
    pushed = Pushed(mt.App("both", mt.Print(heard), mt.Print(seen), mt.LED(seen)), tmp_path)
    sound, rows = samples(4000), np.random.default_rng(1).integers(0, 256, (20, 3), np.uint8)
    events = []
    for i in range(10):
        pushed.push("microphone", sound[i * 400 : (i + 1) * 400])
        pushed.push("camera", rows[2 * i : 2 * i + 2])
        events += pushed.events()
    frames = totals(windows(rows, 2, 2))
    by_eye = [((i + 1) / 10, float(frames[i]), 1, LABELS[label]) for i, label in decided(frames)]
    by_ear = expected(totals(windows(sound, 400, 400)), 400, 400)
    assert [e for e in events if e[2] == 0] == by_ear
    assert [e for e in events if e[2] == 1] == by_eye
    assert [e[:2] for e in events if e[2] == 2] == [e[:2] for e in by_eye]


def test_one_stream_feeds_two_rings_and_an_action(tmp_path):
    """Windows that overlap, windows with gaps, and the items themselves."""
    shared = total(mt.Microphone(rate=RATE).window(60, 40))
    overlap, gap = total(shared.window(3, 1), (0, 0, 0)), total(shared.window(2, 5), (0, 0))
    app = mt.App("three", mt.Print(parity(shared)), mt.Print(parity(overlap)), mt.Print(parity(gap)))
    assert [len(s.pushes) for s in app.application.stages] == [2, 0, 0]
    pushed = Pushed(app, tmp_path)
    played = samples(4000)
    events = []
    for i in range(0, 4000, 20):
        pushed.push("microphone", played[i : i + 20])
        events += pushed.events()
    values = totals(windows(played, 60, 40))
    assert [e for e in events if e[2] == 0] == expected(values, 60, 40)
    assert [e for e in events if e[2] == 1] == expected(totals(windows(values, 3, 1)), 140, 40, 1)
    assert [e for e in events if e[2] == 2] == expected(totals(windows(values, 2, 5)), 100, 200, 2)


def test_the_sensor_itself_and_a_window_of_one_are_one_ring(tmp_path):
    mic = mt.Microphone(rate=RATE)
    app = mt.App("one", mt.Print(parity(total(mic.window(1)))), mt.Print(parity(total(mic))))
    assert len(app.application.rings) == 1
    pushed = Pushed(app, tmp_path)
    played = samples(50)
    events = []
    for i in range(50):
        pushed.push("microphone", played[i : i + 1])
        events += pushed.events()
    values = totals(windows(played, 1, 1))
    assert [e for e in events if e[2] == 0] == expected(values, 1, 1)
    assert [e[:2] for e in events if e[2] == 1] == [e[:2] for e in expected(values, 1, 1)]


def test_a_stage_of_a_view_alone(tmp_path):
    mic = mt.Microphone(rate=RATE)
    square = step("square", Reshape(), [mic.window(64, 96)], ((8, 8), DType.INT16, mic.tensor.quant))
    wide = step("wide", Reshape(), [mic.window(80, 40)], ((8, 10), DType.INT16, mic.tensor.quant))
    app = mt.App("views", mt.Print(parity(total(square.window(2)))), mt.Print(parity(total(wide.window(2, 3), (0, 0)))))
    pushed = Pushed(app, tmp_path)
    assert pushed.made.sources["views.c"].count("a view of its input, nothing to do") == 2
    played = samples(1200)
    events = []
    for i in range(0, 1200, 8):
        pushed.push("microphone", played[i : i + 8])
        events += pushed.events()
    squares, wides = (windows(np.array(windows(played, *w)), *v) for w, v in (((64, 96), (2, 2)), ((80, 40), (2, 3))))
    assert [e for e in events if e[2] == 0] == expected(totals(squares), 160, 192)
    assert [e for e in events if e[2] == 1] == expected(totals(wides), 120, 120, 1)
    assert app.build("virt-m4", out=tmp_path / "board").made.schedule.meets_deadlines(app.application)


def test_two_microphones_are_refused():
    one, two = (parity(total(mt.Microphone(rate=RATE).window(40))) for _ in range(2))
    with pytest.raises(BadInput, match=re.escape("stereo: two microphones, but a board has one; make one, and use it")):
        mt.App("stereo", mt.Print(one), mt.Print(two))


@pytest.mark.parametrize(
    "name", ["motes app", "motes ring", "stdint", "features", "linux", "int32", "step", "board", "memory", "decide"]
)
def test_any_name_compiles_on_host_and_board(name, tmp_path):
    app = mt.App(name, mt.Print(parity(total(mt.Microphone(rate=RATE).window(40)))))
    played = samples(80)
    pushed = Pushed(app, tmp_path)
    for i in (0, 40):
        pushed.push("microphone", played[i : i + 40])
    assert pushed.events() == expected(totals(windows(played, 40, 40)), 40, 40)
    assert app.build("virt-m4", out=tmp_path / "board").image is not None


def test_many_long_labels_are_described_whole(tmp_path):
    labels = [f"label {i} " + "x" * 300 for i in range(500)]
    camera = mt.Camera(width=25, height=20, rate=10)
    scores = step("scores", Quantize(), [camera], ((20, 25), DType.INT8, quant(1 / 255, -128)))
    pushed = Pushed(mt.App("many", mt.Print(mt.Threshold(0.9, labels)(scores))), tmp_path)
    frame = np.zeros((20, 25), np.uint8)
    frame.flat[499] = 255
    pushed.push("camera", frame)
    assert pushed.events() == [(0.1, 1.0, 0, labels[499])]
