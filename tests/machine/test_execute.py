"""Applications in virtual time: sensors, console, spans, taps, ends."""

from __future__ import annotations

import struct
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cores import MAIN
from motes.errors import BadInput, BoardFault
from motes.machine import LedChange, Line, PeripheralUse, Tap, execute
from motes.target import Board, board

Build = Callable[..., Path]
pytestmark = pytest.mark.cores(one_in=4)
HZ_OF_M4 = 64_000_000

# Takes every buffer, works on it for WORK turns of a loop, and says so.
LISTEN = """
#include <stdint.h>
static int16_t buffers[2 * 320];
volatile uint32_t filled;
uint32_t handled;
__attribute__((noinline)) void work(uint32_t n) { for (volatile uint32_t i = 0; i < n; i++) {} }
__attribute__((noinline)) void hop(void) { work(WORK); handled++; }
void app_on_microphone(const int16_t *samples, uint32_t n) { (void)samples; (void)n; filled++; }
int main(void) {
    board_init();
    board_microphone_start(buffers, 320, RATE);
    for (;;) {
        board_lock();
        while (filled == handled) {
            board_sleep();
            board_unlock();
            board_lock();
        }
        board_unlock();
        board_led((int)(handled & 1));
        hop();
        board_write("hop\\n", 4);
    }
}
"""


def listen(work: int = 10, rate: int = 16000) -> str:
    return f"#define WORK {work}\n#define RATE {rate}\n{LISTEN}"


@pytest.fixture
def hz(virt: Board) -> int:
    """The board's clock."""
    assert virt.chip is not None
    return virt.chip.clock_hz


def rounds(n: int, hz: int) -> int:
    """Rounds of an empty loop that last at least as long on a core with this clock as n on virt-m4."""
    return n * -(-2 * hz // HZ_OF_M4) if hz != HZ_OF_M4 else n


def noise(n: int) -> np.ndarray:
    return np.random.default_rng(1).integers(-32768, 32768, n, dtype=np.int16)


@pytest.fixture(scope="module")
def listener(application: Build) -> Path:
    return application(listen(), "microphone")


def test_microphone_delivers_every_sample_at_its_time(application: Build, listener: Path, virt: Board, hz: int) -> None:
    sound = noise(16000 + 100)
    tap = Tap("buffer", "app_on_microphone", (("buffers", 1280),))
    run = execute(listener, virt, {"microphone": (sound, 16000)}, taps=[tap])
    records = run.taps["buffer"]
    assert len(records) == 50
    for k, record in enumerate(records):
        both = np.frombuffer(record.data[0], np.int16).reshape(2, 320)
        assert (both[k % 2] == sound[320 * k : 320 * (k + 1)]).all()
    # 20 ms are 1,280,000 cycles; the core sleeps at each, so that all are handled equally soon.
    assert {b.cycle - a.cycle for a, b in pairwise(records)} == {hz // 50}
    assert hz // 50 < records[0].cycle < hz // 50 + 3000
    assert run.peripherals["microphone"] == PeripheralUse(run.peripherals["microphone"].on_cycles, 16000, 0)
    assert run.interrupts == 50


def test_a_run_ends_with_its_input(listener: Path, virt: Board, hz: int) -> None:
    run = execute(listener, virt, {"microphone": (noise(16000 + 100), 16000)}, read=("handled",))
    assert (run.exit_status, run.symbols["handled"]) == (0, struct.pack("<I", 50))
    # 16,100 samples last 1.00625 s: the part of a buffer at the end is heard by nobody, but takes its time.
    started = run.cycles - run.peripherals["microphone"].on_cycles
    assert run.cycles == started + 16100 * hz // 16000
    assert 0 < started < 2000
    assert run.duration_s == run.cycles / hz
    assert run.cycles == run.cycles_awake + run.cycles_asleep
    assert sum(s.cycles for s in run.functions.values()) == run.cycles_awake


def test_work_under_way_is_finished(application: Build, virt: Board, hz: int) -> None:
    run = execute(
        application(listen(rounds(500_000, hz)), "microphone"),
        virt,
        {"microphone": (noise(3200), 16000)},
        read=("handled",),
    )
    assert run.symbols["handled"] == struct.pack("<I", 10)
    assert run.cycles > 3200 * hz // 16000
    assert run.peripherals["microphone"] == PeripheralUse(run.peripherals["microphone"].on_cycles, 3200, 0)


def test_rates_that_do_not_divide_the_clock(application: Build, virt: Board, hz: int) -> None:
    image = application(listen(rate=44100), "microphone")
    tap = Tap("buffer", "app_on_microphone", ())
    records = execute(image, virt, {"microphone": (noise(44100), 44100)}, taps=[tap]).taps["buffer"]
    times = np.array([r.cycle for r in records[1:]])
    exact = np.array([-(-(k + 1) * 320 * hz // 44100) for k in range(1, len(records))])
    assert len(set(times - exact)) == 1  # no drift, not by a cycle


def test_a_handler_that_is_too_slow_loses_whole_buffers(application: Build, virt: Board, hz: int) -> None:
    text = """
    #include <stdint.h>
    static int16_t buffers[2 * 160];
    uint32_t count;
    void app_on_microphone(const int16_t *samples, uint32_t n) {
        (void)samples; (void)n;
        if (count++ == 3) for (volatile uint32_t i = 0; i < ROUNDS; i++) {} // about four buffers' time
    }
    int main(void) {
        board_init();
        board_microphone_start(buffers, 160, 16000);
        for (;;) board_sleep();
    }
    """
    text = f"#define ROUNDS {rounds(300_000, hz)}\n{text}"
    run = execute(application(text, "microphone"), virt, {"microphone": (noise(16000), 16000)}, read=("count",))
    use = run.peripherals["microphone"]
    assert use.delivered + use.lost == 16000
    # While the fourth is held, the fifth fills the other buffer, and then there is none.
    slots = run.functions["app_on_microphone"].cycles // (160 * hz // 16_000)
    assert use.lost in (160 * (slots - 1), 160 * slots)
    assert slots > 2
    assert run.symbols["count"] == struct.pack("<I", use.delivered // 160)


def test_buffers_filled_while_interrupts_are_masked_are_all_handled(application: Build, virt: Board, hz: int) -> None:
    text = """
    #include <stdint.h>
    static int16_t buffers[2 * 160];
    uint32_t count, first;
    void app_on_microphone(const int16_t *samples, uint32_t n) { (void)n; count++; first = (uint32_t)samples[0]; }
    int main(void) {
        board_init();
        board_microphone_start(buffers, 160, 16000);
        board_lock();
        for (volatile uint32_t i = 0; i < ROUNDS; i++) {} // longer than two buffers
        board_unlock();
        for (;;) board_sleep();
    }
    """
    text = f"#define ROUNDS {rounds(200_000, hz)}\n{text}"
    sound = (np.arange(16000) // 160).astype(np.int16)
    run = execute(application(text, "microphone"), virt, {"microphone": (sound, 16000)}, read=("count", "first"))
    use = run.peripherals["microphone"]
    assert use.lost > 0
    assert struct.unpack("<II", run.symbols["count"] + run.symbols["first"]) == (use.delivered // 160, 99)
    assert use.delivered + use.lost == 16000


def test_accelerometer(application: Build, virt: Board, hz: int) -> None:
    text = """
    #include <stdint.h>
    static int16_t buffers[2 * 3 * 25];
    void app_on_accelerometer(const int16_t *xyz, uint32_t n) { if (n == 25 && xyz[3] == -7) board_led(1); }
    int main(void) {
        board_init();
        board_accelerometer_start(buffers, 25, 26500);
        for (;;) board_sleep();
    }
    """
    motion = np.arange(3 * 60, dtype=np.int16).reshape(60, 3)
    motion[26] = -7
    run = execute(application(text, "accelerometer"), virt, {"accelerometer": (motion, 26.5)})
    assert run.peripherals["accelerometer"].delivered == 50
    (change,) = run.led
    assert change.on
    assert 0 < change.cycle - 50 * hz * 10 // 265 < 1000
    assert run.cycles - 60 * hz * 10 // 265 < 1000


def test_camera_in_rows(application: Build, virt: Board, hz: int) -> None:
    text = """
    #include <stdint.h>
    static uint8_t buffers[2 * 4 * 16];
    uint32_t total, rows;
    void app_on_camera(const uint8_t *pixels, uint32_t n) {
        for (uint32_t i = 0; i < n; i++) total += pixels[i];
        rows += n / 16;
    }
    int main(void) {
        board_init();
        board_camera_start(buffers, 4 * 16, 16, 12, 5000);
        for (;;) board_sleep();
    }
    """
    frames = np.random.default_rng(2).integers(0, 256, (5, 12, 16), dtype=np.uint8)
    run = execute(application(text, "camera"), virt, {"camera": (frames, 5.0)}, read=("total", "rows"))
    assert struct.unpack("<II", run.symbols["total"] + run.symbols["rows"]) == (int(frames.sum()), 60)
    assert run.peripherals["camera"].delivered == frames.size
    assert run.cycles // hz == 1


def test_two_sensors_at_once(application: Build, virt: Board, hz: int) -> None:
    text = """
    #include <stdint.h>
    static int16_t sound[2 * 160], motion[2 * 3 * 10];
    uint32_t heard, felt;
    void app_on_microphone(const int16_t *samples, uint32_t n) { (void)samples; heard += n; }
    void app_on_accelerometer(const int16_t *xyz, uint32_t n) { (void)xyz; felt += n; }
    int main(void) {
        board_init();
        board_microphone_start(sound, 160, 16000);
        board_accelerometer_start(motion, 10, 100000);
        for (;;) board_sleep();
    }
    """
    feeds = {"microphone": (noise(16000), 16000), "accelerometer": (np.zeros((200, 3), np.int16), 100)}
    run = execute(application(text, "microphone", "accelerometer"), virt, feeds, read=("heard", "felt"))
    assert struct.unpack("<II", run.symbols["heard"] + run.symbols["felt"]) == (16000, 200)
    assert run.cycles // hz == 2  # until the longer one ends


def test_console_lines_come_as_they_are_written(application: Build, virt: Board, hz: int) -> None:
    text = """
    #include <stdint.h>
    void app_on_timer(void) {}
    int main(void) {
        board_init();
        board_timer_start(1000);
        board_write("one\\ntw", 6);
        board_sleep();
        board_write("o \\xe2\\x82\\xac \\xff\\r\\n\\nrest", 14);
        board_exit(-2);
        return 0;
    }
    """
    seen: list[tuple[str, int]] = []
    run = execute(application(text, "timer"), virt, {}, on_line=lambda line, cycle: seen.append((line, cycle)))
    assert [line.text for line in run.lines] == ["one", "two € \ufffd", "", "rest"]
    assert seen == list(run.lines)
    assert all(isinstance(line, Line) for line in run.lines)
    assert run.lines[0].cycle < hz // 1000 < run.lines[1].cycle < hz // 1000 + 1000
    assert run.exit_status == -2


def test_spans_leave_out_interrupts_sleep_and_inner_spans(application: Build, virt: Board, hz: int) -> None:
    text = """
    #include <stdint.h>
    #define NOINLINE __attribute__((noinline))
    NOINLINE void spin(uint32_t n) { for (volatile uint32_t i = 0; i < n; i++) {} }
    void app_on_timer(void) { spin(50); }
    NOINLINE void inner(void) { spin(1000); }
    NOINLINE void outer(int nap) { spin(1000); inner(); if (nap) board_sleep(); spin(1000); }
    int main(void) {
        board_init();
        outer(0);
        board_timer_start(PERIOD);
        outer(0);
        outer(1);
        board_exit(0);
        return 0;
    }
    """
    text = f"#define PERIOD {100 * HZ_OF_M4 // hz}\n{text}"
    run = execute(application(text, "timer"), virt, {}, marks={"outer": "out", "inner": "in"})
    names = [s.name for s in run.spans]
    assert names == ["out", "in"] * 3
    quiet, quiet_in, busy, busy_in, napping, _ = run.spans
    assert quiet.cycles == quiet.end - quiet.start - quiet_in.cycles
    assert quiet_in.cycles == quiet_in.end - quiet_in.start
    # Interrupts stretch a span, but are not its work: it takes the same cycles.
    assert (busy.instructions, busy_in.instructions) == (quiet.instructions, quiet_in.instructions)
    # The emulator's blocks end where an interrupt comes: what overlaps or waits beyond is not seen on other cores.
    few = 0 if virt.name == MAIN else 0.02
    assert (busy.cycles, busy_in.cycles) == pytest.approx((quiet.cycles, quiet_in.cycles), rel=few)
    assert busy.end - busy.start > busy.cycles + busy_in.cycles
    assert quiet.cycles < napping.cycles < quiet.cycles + 100
    assert [s.start for s in run.spans] == sorted(s.start for s in run.spans)


@pytest.mark.cores(only="virt-m4")
def test_a_loop_to_the_first_instruction_is_one_call(application: Build, virt: Board) -> None:
    text = """
    #include <stdint.h>
    #define NAKED __attribute__((naked, noinline))
    #define N uint32_t n __attribute__((unused))
    NAKED void turn(N) { __asm volatile("1: subs r0, r0, #1\\n bne 1b\\n bx lr"); }
    NAKED void hand_on(N) { __asm volatile("b turn"); }
    int main(void) { turn(100); hand_on(50); board_exit(0); return 0; }
    """
    run = execute(application(text), virt, {}, marks={"turn": "t", "hand_on": "h"})
    assert [s.name for s in run.spans] == ["t", "h", "t"]
    assert [s.cycles for s in run.spans] == [100 + 99 * 3 + 1 + 3, 3, 50 + 49 * 3 + 1 + 3]
    assert run.spans[1].end == run.spans[2].end  # a jump to another function hands the return on


def test_taps_read_symbols_and_addresses(listener: Path, virt: Board) -> None:
    taps = [Tap("count", "hop", (("handled", 4), (0x20000000, 2))), Tap("again", "hop", ())]
    run = execute(listener, virt, {"microphone": (noise(960), 16000)}, taps=taps)
    assert [r.data for r in run.taps["count"]] == [(struct.pack("<I", i), b"\xa5\xa5") for i in range(3)]
    assert [r.cycle for r in run.taps["count"]] == [r.cycle for r in run.taps["again"]]
    assert run.led == tuple(LedChange(c.cycle, bool(i % 2 == 0)) for i, c in enumerate(run.led))


def test_led_time(listener: Path, virt: Board) -> None:
    run = execute(listener, virt, {"microphone": (noise(320 * 4), 16000)})
    on, off, again = (c.cycle for c in run.led)
    assert [c.on for c in run.led] == [True, False, True]
    assert run.peripherals["led"].on_cycles == off - on + run.cycles - again


def test_two_runs_are_equal(listener: Path, virt: Board) -> None:
    feeds = {"microphone": (noise(16000), 16000)}
    runs = [execute(listener, virt, feeds, marks={"hop": "hop"}) for _ in range(2)]
    assert runs[0] == runs[1]


def test_without_input_a_run_ends_by_time(application: Build, virt: Board, hz: int) -> None:
    text = """
    void app_on_timer(void) {}
    int main(void) { board_init(); board_timer_start(500000); for (;;) board_sleep(); }
    """
    image = application(text, "timer")
    assert execute(image, virt, {}).cycles == 60 * hz
    half = execute(image, virt, {}, until_s=1.25)
    assert (half.cycles, half.interrupts, half.exit_status) == (hz * 5 // 4, 2, 0)
    quiet = execute(application("int main(void) { board_init(); for (;;) board_sleep(); }"), virt, {})
    assert (quiet.exit_status, quiet.interrupts) == (0, 0)


def test_until_cuts_a_run_short(listener: Path, virt: Board, hz: int) -> None:
    run = execute(listener, virt, {"microphone": (noise(16000), 16000)}, until_s=0.5, read=("handled",))
    assert (run.cycles, run.symbols["handled"]) == (hz // 2, struct.pack("<I", 24))


SILENCE = np.zeros(16000, np.int16)
BAD_FEEDS = {
    "no recording": ({}, "the application starts the microphone, but no recording was given for it; add one"),
    "other rate": (
        {"microphone": (SILENCE, 8000)},
        "the application asks the microphone for 16000 Hz, but the recording has 8000 Hz; resample it, or change the",
    ),
    "unused": (
        {"microphone": (SILENCE, 16000), "camera": (np.zeros((1, 2, 2), np.uint8), 1)},
        "a recording was given for the camera, but the application never starts it",
    ),
    "dtype": (
        {"microphone": (SILENCE.astype(np.float32), 16000)},
        r"the microphone takes int16 of shape \(samples,\), given is float32 of shape \(16000,\)",
    ),
    "shape": (
        {"accelerometer": (np.zeros((5, 2), np.int16), 100)},
        r"the accelerometer takes int16 of shape \(triples, 3\), given is int16 of shape \(5, 2\)",
    ),
    "empty": ({"microphone": (SILENCE[:0], 16000)}, "the recording for the microphone is empty"),
    "rate": ({"microphone": (SILENCE, float("nan"))}, "the microphone cannot run at nan Hz"),
    "name": ({"radio": (SILENCE, 16000)}, "no sensor is called 'radio'; known are microphone, accelerometer, camera"),
}


@pytest.mark.parametrize("name", BAD_FEEDS)
def test_feeds_that_do_not_fit(name: str, listener: Path, virt: Board) -> None:
    feeds, words = BAD_FEEDS[name]
    with pytest.raises(BadInput, match=words):
        execute(listener, virt, feeds)


def test_frames_of_another_size(application: Build, virt: Board) -> None:
    text = """
    static uint8_t buffers[2 * 16];
    void app_on_camera(const uint8_t *pixels, uint32_t n) { (void)pixels; (void)n; }
    int main(void) { board_init(); board_camera_start(buffers, 16, 4, 4, 1000); for (;;) board_sleep(); }
    """
    with pytest.raises(BadInput, match="asks the camera for frames of 4x4, but the recording has 8x2; resize it"):
        execute(application(text, "camera"), virt, {"camera": (np.zeros((3, 2, 8), np.uint8), 1.0)})


def test_a_buffer_outside_ram(application: Build, virt: Board) -> None:
    text = """
    void app_on_microphone(const int16_t *samples, uint32_t n) { (void)samples; (void)n; }
    int main(void) { board_init(); board_microphone_start((int16_t *)END, 320, 16000); for (;;) board_sleep(); }
    """
    assert virt.chip is not None
    end = virt.chip.ram.end - 16
    words = rf"^bus fault in .*: it gave a sensor a buffer of 640 bytes at {end:#010x}, outside RAM"
    with pytest.raises(BoardFault, match=words):
        execute(application(f"#define END {end:#x}\n{text}", "microphone"), virt, {"microphone": (SILENCE, 16000)})


def test_host_cannot_be_emulated(listener: Path) -> None:
    with pytest.raises(BadInput, match="board host cannot be run here; virtual boards are virt-m0p, "):
        execute(listener, board("host"), {})
