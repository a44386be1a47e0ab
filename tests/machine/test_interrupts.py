"""Interrupts as the core delivers them, and sleep."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from motes.machine import execute
from motes.target import Board

Build = Callable[..., Path]
pytestmark = pytest.mark.cores(one_in=4)

# Every register that a handler may change, the flags included, is changed by it, whatever the compiler thinks.
CLOBBER = """
#include <stdint.h>
static volatile uint32_t ticks;
void app_on_timer(void) {
    ticks++;
    __asm volatile(
        "mov r0, #0\\n mov r1, #0\\n mov r2, #0\\n mov r3, #0\\n mov r12, #0\\n"
        %s
        "cmp r0, #0\\n" ::: "r0", "r1", "r2", "r3", "r12", "cc", "memory");
}
"""
CLOBBER_FP = "".join(f'"vmov s{i}, r0\\n"' for i in range(16)) + '"vmsr fpscr, r0\\n"'

COSTS = {"virt-m0p": (15, 15), "virt-rv32": (4, 2)}
"""Cycles to enter a handler and to leave it, where they are not those of the Cortex-M4."""
MAIN_COSTS = (12, 12)

# Counts r0 down to zero with flags live at the end of a block, then tells which registers have changed.
KEEPS = """
__attribute__((naked, noinline)) uint32_t keeps(uint32_t n __attribute__((unused))) {
    __asm volatile(
        "push {r4, r5, r6, lr}\\n"
        "%s"
        "mov r1, #11\\n mov r2, #22\\n mov r3, #33\\n mov r12, #44\\n mov r4, #0\\n mov r5, #0\\n"
        "movw lr, #55\\n"
        "1: cmp r0, r4\\n b 2f\\n"
        "2: beq 3f\\n subs r0, r0, #1\\n b 1b\\n"
        "3: cmp r0, #0\\n it ne\\n orrne r5, r5, #1\\n"
        "cmp r1, #11\\n it ne\\n orrne r5, r5, #2\\n"
        "cmp r2, #22\\n it ne\\n orrne r5, r5, #4\\n"
        "cmp r3, #33\\n it ne\\n orrne r5, r5, #8\\n"
        "cmp r12, #44\\n it ne\\n orrne r5, r5, #16\\n"
        "cmp lr, #55\\n it ne\\n orrne r5, r5, #32\\n"
        "%s"
        "mov r0, r5\\n"
        "%s"
        "pop {r4, r5, r6, pc}\\n");
}
int main(void) {
    board_init();
    board_timer_start(3);
    uint32_t changed = keeps(ROUNDS);
    board_exit(changed ? (int)changed : ticks > 100 ? 0 : 99);
    return 0;
}
"""
FP_BEFORE = "".join(f"movw r1, #{1000 + i}\\n vmov s{i}, r1\\n" for i in range(16))
FPSCR_BEFORE = "mov r1, #0x400000\\n vmsr fpscr, r1\\n"
FP_AFTER = "".join(
    f"vmov r1, s{i}\\n movw r2, #{1000 + i}\\n cmp r1, r2\\n it ne\\n orrne r5, r5, #64\\n" for i in range(16)
)
FPSCR_AFTER = "vmrs r1, fpscr\\n cmp r1, #0x400000\\n it ne\\n orrne r5, r5, #128\\n"


@pytest.mark.cores(one_in=4, needs=("dsp", "fpu"))
@pytest.mark.parametrize("handler_fp", [False, True], ids=["plain-handler", "fp-handler"])
@pytest.mark.parametrize("main_fp", [False, True], ids=["plain-main", "fp-main"])
@pytest.mark.parametrize("odd", [False, True], ids=["stack-at-8", "stack-at-4"])
def test_nothing_is_changed(main_fp: bool, handler_fp: bool, odd: bool, application: Build, virt: Board) -> None:
    before = ("sub sp, sp, #4\\n" if odd else "") + (FP_BEFORE + FPSCR_BEFORE if main_fp else "")
    after = FP_AFTER + FPSCR_AFTER if main_fp else ""
    text = CLOBBER % (CLOBBER_FP if handler_fp else "") + KEEPS % (before, after, "add sp, sp, #4\\n" if odd else "")
    run = execute(application(long_enough(virt) + text, "timer"), virt, {})
    assert run.exit_status == 0
    assert run.interrupts > 100
    frame = 104 if main_fp else 32
    # At least the frame, the four pushed words and what the handler pushes.
    assert frame + 16 <= run.stack_high_water <= frame + 100


def hz(virt: Board) -> int:
    assert virt.chip is not None
    return virt.chip.clock_hz


def long_enough(virt: Board) -> str:
    """For more than a hundred interrupts, one in 3 us."""
    return f"#define ROUNDS {20_000 * max(1, hz(virt) // 100_000_000)}\n"


# The same for cores without an FPU. Every register that a function need not preserve has a value of its own.
SCALAR_MAIN = KEEPS[KEEPS.index("int main") :]
THUMB_CLOBBER = """
#include <stdint.h>
static volatile uint32_t ticks;
void app_on_timer(void) {
    ticks++;
    __asm volatile("movs r0, #0\\n movs r1, #0\\n movs r2, #0\\n movs r3, #0\\n mov r12, r0\\n cmp r0, #0\\n"
                   ::: "r0", "r1", "r2", "r3", "r12", "cc", "memory");
}
__attribute__((naked, noinline)) uint32_t keeps(uint32_t n __attribute__((unused))) {
    __asm volatile(
        "push {r4, r5, r6, r7, lr}\\n %s"
        "movs r1, #11\\n movs r2, #22\\n movs r3, #33\\n movs r4, #44\\n mov r12, r4\\n movs r4, #55\\n mov lr, r4\\n"
        "movs r4, #0\\n movs r5, #0\\n"
        "1: cmp r0, r4\\n b 2f\\n"
        "2: beq 3f\\n subs r0, r0, #1\\n b 1b\\n"
        "3: %s"
        "mov r0, r5\\n %s pop {r4, r5, r6, r7, pc}\\n");
}
"""
THUMB_CHECKS = "".join(
    f"mov r7, {register}\\n cmp r7, #{value}\\n beq 4f\\n movs r6, #{1 << i}\\n orrs r5, r6\\n 4:"
    for i, (register, value) in enumerate({"r0": 0, "r1": 11, "r2": 22, "r3": 33, "r12": 44, "lr": 55}.items())
)
TEMPORARIES = {f"a{i}": 10 + i for i in range(1, 8)} | {f"t{i}": 20 + i for i in range(7)} | {"ra": 99}
RISCV = """
#include <stdint.h>
static volatile uint32_t ticks;
void app_on_timer(void) {
    ticks++;
    __asm volatile(%s ::: %s, "memory");
}
__attribute__((naked, noinline)) uint32_t keeps(uint32_t n __attribute__((unused))) {
    __asm volatile(
        "addi sp, sp, -16\\n sw ra, 12(sp)\\n sw s0, 8(sp)\\n sw s1, 4(sp)\\n li s0, 0\\n %s"
        "1: beqz a0, 2f\\n addi a0, a0, -1\\n j 1b\\n"
        "2: %s"
        "mv a0, s0\\n lw ra, 12(sp)\\n lw s0, 8(sp)\\n lw s1, 4(sp)\\n addi sp, sp, 16\\n ret\\n");
}
"""


@pytest.mark.cores(one_in=4, needs=("scalar",))
@pytest.mark.parametrize("odd", [False, True], ids=["stack-at-8", "stack-at-4"])
def test_nothing_is_changed_without_an_fpu(odd: bool, application: Build, virt: Board) -> None:
    if virt.core.zig_target.startswith("riscv"):
        handled = " ".join(f'"li {r}, 0\\n"' for r in TEMPORARIES if r != "ra")
        changed = ", ".join(f'"{r}"' for r in TEMPORARIES if r != "ra")
        given = "".join(f"li {r}, {value}\\n" for r, value in TEMPORARIES.items())
        checks = "".join(
            f"li s1, {value}\\n beq {r}, s1, 3f\\n ori s0, s0, 1\\n 3:" for r, value in TEMPORARIES.items()
        )
        text = RISCV % (handled, changed, given, checks)
    else:
        moved = ("sub sp, sp, #4\\n", "add sp, sp, #4\\n") if odd else ("", "")
        text = THUMB_CLOBBER % (moved[0], THUMB_CHECKS, moved[1])
    run = execute(application(long_enough(virt) + text + SCALAR_MAIN, "timer"), virt, {})
    assert run.exit_status == 0
    assert run.interrupts > 100


def test_entry_return_and_tail_chaining_cost_what_the_core_takes(application: Build, virt: Board) -> None:
    text = """
    #include <stdint.h>
    void app_on_timer(void) {}
    int main(void) {
        board_init();
        board_timer_start(100);
        for (int i = 0; i < 10; i++) board_sleep();
        board_exit(0);
        return 0;
    }
    """
    run = execute(application(text, "timer"), virt, {})
    assert (run.interrupts, run.functions["(interrupts)"].cycles) == (10, 10 * sum(COSTS.get(virt.name, MAIN_COSTS)))
    assert run.functions["(interrupts)"].instructions == 0
    assert sum(s.cycles for s in run.functions.values()) == run.cycles_awake
    assert sum(s.instructions for s in run.functions.values()) == run.instructions
    assert run.cycles == run.cycles_awake + run.cycles_asleep


MASKED = """
#include <stdint.h>
static volatile uint32_t ticks;
void app_on_timer(void) { ticks++; }
static void spin(uint32_t n) { for (volatile uint32_t i = 0; i < n; i++) {} }
int main(void) {
    board_init();
    board_lock();
    board_timer_start(100);
    spin(20000); // many periods
    if (ticks != 0) board_exit(1);
    board_sleep(); // one waits already: this must not sleep
    if (ticks != 0) board_exit(2);
    board_unlock();
    if (ticks != 1) board_exit(3); // delivered at once, and once: an interrupt that waits is one interrupt
    board_lock();
    board_sleep(); // nothing waits: this sleeps until the next period
    if (ticks != 1) board_exit(4);
    board_unlock();
    if (ticks != 2) board_exit(5);
    board_exit(0);
    return 0;
}
"""


def test_masked_interrupts_wait_and_still_wake(application: Build, virt: Board) -> None:
    run = execute(application(MASKED, "timer"), virt, {})
    assert run.exit_status == 0
    assert 0 < run.cycles_asleep < hz(virt) // 10_000


RACE = """
#include <stdint.h>
static volatile uint32_t ticks;
void app_on_timer(void) { ticks++; }
int main(void) {
    board_init();
    uint32_t handled = 0, seed = 1;
    board_timer_start(50);
    while (handled < 2000) {
        board_lock();
        while (ticks == handled) {
            // Of any length, so that interrupts arrive at every place round the check and the sleep.
            seed = seed * 1664525u + 1013904223u;
            for (volatile uint32_t i = 0; i < (seed >> 26); i++) {}
            board_sleep();
            board_unlock();
            board_lock();
        }
        board_unlock();
        handled++;
    }
    board_exit(0);
    return 0;
}
"""


def test_no_wake_up_is_lost(application: Build, virt: Board) -> None:
    run = execute(application(RACE, "timer"), virt, {})
    assert run.exit_status == 0
    # 2000 periods of 50 us: had one been slept through, the run would be a period longer.
    assert 2000 * hz(virt) // 20_000 <= run.cycles < 2001 * hz(virt) // 20_000


def test_a_handler_is_not_interrupted(application: Build, virt: Board) -> None:
    text = """
    #include <stdint.h>
    static volatile uint32_t inside, nested, ticks;
    static int16_t buffers[2 * 16];
    static void slow(void) {
        if (inside++) nested = 1;
        for (volatile uint32_t i = 0; i < 500; i++) {}
        inside--;
        ticks++;
    }
    void app_on_timer(void) { slow(); }
    void app_on_microphone(const int16_t *samples, uint32_t n) { (void)samples; (void)n; slow(); }
    int main(void) {
        board_init();
        board_timer_start(700);
        board_microphone_start(buffers, 16, 16000);
        while (ticks < 50) board_sleep();
        board_exit((int)nested);
        return 0;
    }
    """
    run = execute(application(text, "timer", "microphone"), virt, {"microphone": (np.zeros(16000, np.int16), 16000)})
    assert run.exit_status == 0
    # Some of them followed one another without going back: cheaper than an entry and a return each.
    assert run.functions["(interrupts)"].cycles < run.interrupts * sum(COSTS.get(virt.name, MAIN_COSTS))


def test_pending_by_software(application: Build, virt: Board) -> None:
    text = """
    #include <stdint.h>
    #define NVIC(offset) *(volatile uint32_t *)(0xE000E000u + offset)
    #ifdef __riscv
    #define BARRIER __asm volatile("j 1f\\n1:" ::: "memory")
    #else
    #define BARRIER __asm volatile("isb" ::: "memory")
    #endif
    static volatile uint32_t ticks;
    void app_on_timer(void) { ticks++; }
    int main(void) {
        board_init();
        board_timer_start(1000000);
        NVIC(0x200u) = 1u << TIMER_IRQ;
        BARRIER;
        if (ticks != 1) board_exit(1);
        NVIC(0x180u) = 1u << TIMER_IRQ;
        NVIC(0x200u) = 1u << TIMER_IRQ;
        BARRIER;
        if (ticks != 1) board_exit(2);
        if (NVIC(0x200u) != 1u << TIMER_IRQ) board_exit(3);
        NVIC(0x280u) = 1u << TIMER_IRQ;
        NVIC(0x100u) = 1u << TIMER_IRQ;
        BARRIER;
        board_exit(ticks == 1 ? 0 : 4);
        return 0;
    }
    """
    assert execute(application(text, "timer"), virt, {}).exit_status == 0
