"""The bound of the stack: exact for code whose depth is known, refused for code without one, held by the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import emulator_of
from motes.build import image
from motes.build.image import Image
from motes.build.stack.thumb import ThumbReader
from motes.errors import BuildFailed
from motes.machine import measure
from motes.target import Board, board

MAIN = """
#include <stdint.h>
#define WORD(port) (*(volatile uint32_t *)(0xE0000000u + 4u * (port)))
void work(void);
int main(void) {
    WORD(30) = 1;
    work();
    WORD(31) = 1;
    WORD(29) = 0;
    for (;;)
        ;
}
"""

HEAD = """
#include <stdint.h>
#define NOINLINE __attribute__((noinline))
volatile int sink;
"""


def build(tmp_path: Path, work: str, compiler: str = "zig", on: str = "virt-m4", **options: int) -> Image:
    sources = {"main.c": MAIN, "work.c": HEAD + work}
    return image.link(sources, board(on), tmp_path, name="image", prefix="p", compiler=compiler, **options)


def high_water(made: Image, on: str = "virt-m4") -> int:
    return measure(made.elf, board(on), {}).stack_high_water


EXACT = {
    "leaf": "void work(void) { volatile char a[100]; a[0] = a[sink] = 1; sink = a[0]; }",
    "large frame": "void work(void) { volatile char a[5000]; a[0] = a[sink] = 1; sink = a[0]; }",
    "float registers": """
NOINLINE float third(float x) { volatile float a[20]; a[0] = a[sink] = x; return a[0]; }
void work(void) { float x = sink, y = x + 1, z = y * x; sink = (int)(third(x) + third(y) * z + y); }""",
    "a chain of calls": """
NOINLINE int c(int x) { volatile char a[60]; a[0] = a[x] = 1; return a[0]; }
NOINLINE int b(int x) { volatile char a[200]; a[0] = a[x] = 1; return c(x) + a[0]; }
NOINLINE int a(int x) { volatile char a[30]; a[0] = a[x] = 1; return b(x) + c(x) + a[0]; }
void work(void) { sink = a(3); }""",
    "a call instead of a return": """
NOINLINE int big(int x) { volatile char a[300]; a[0] = a[x] = 1; return a[0]; }
NOINLINE int tail(int x) { sink = x; return big(x + 1); }
void work(void) { sink = tail(1) + 1; }""",
    "a switch": """
NOINLINE int big(int x) { volatile char a[200]; a[0] = a[x] = 1; return a[0]; }
NOINLINE int choose(int x) {
    switch (x) {
    case 0: return sink + 1;
    case 1: return sink * 7;
    case 2: sink = 2; return 1;
    case 3: return big(sink) + 5;
    case 4: sink++; return 11;
    case 5: return big(2) * sink;
    case 6: return sink - 4;
    }
    return 0;
}
void work(void) { for (int i = 0; i < 8; i++) sink = choose(i); }""",
    "a loop with a call": """
NOINLINE int inner(int x) { volatile char a[48]; a[0] = a[x] = 1; return a[0]; }
void work(void) { for (int i = 0; i < 9; i++) sink += inner(i & 3); }""",
    "memcpy and memset": """
static char from[300], to[300];
void work(void) { __builtin_memset(from, sink, 300); __builtin_memcpy(to + 1, from, 299); sink = to[sink]; }""",
}


@pytest.mark.parametrize("name", EXACT)
def test_the_bound_is_what_the_machine_sees(tmp_path: Path, name: str, compiler: str) -> None:
    made = build(tmp_path, EXACT[name], compiler)
    used = high_water(made)
    # Rounding to 8 takes up to 4 bytes. These programs take their deepest path, and touch the last byte there.
    assert used <= made.stack.bytes <= used + 4
    assert made.ram.stack == made.stack.bytes


@pytest.mark.cores
@pytest.mark.parametrize("name", EXACT)
def test_the_bound_holds_on_every_core(tmp_path: Path, name: str, virt: Board) -> None:
    if name == "large frame" and virt.core.name == "cortex-m0plus":
        with pytest.raises(BuildFailed, match=r"work: add sp, r\d at .* moves the stack by an unknown amount"):
            build(tmp_path, EXACT[name], on=virt.name)  # by more than 508 bytes through a register
        return
    made = build(tmp_path, EXACT[name], on=virt.name)
    used = high_water(made, virt.name)
    assert used <= made.stack.bytes <= used + 16  # frames are multiples of 16 on RISC-V, and not all of one is used


def test_a_jump_too_far_for_a_branch_is_no_call(tmp_path: Path) -> None:
    """On Armv6-M, B reaches 2 KiB: compilers jump further with BL."""
    steps = "".join(f"sink = third(sink + {i}) * {i} + sink * {1000 + i};" for i in range(200))
    third = "NOINLINE int third(int x) { volatile char a[100]; a[0] = a[x & 63] = 1; return a[0]; }"
    work = f"{third} void work(void) {{ for (int i = 0; i < 3; i++) {{ if (sink) {{ {steps} }} else sink = 1; }} }}"
    made = build(tmp_path, work, on="virt-m0p")
    assert high_water(made, "virt-m0p") <= made.stack.bytes <= high_water(made, "virt-m0p") + 16
    assert made.stack.chain[-1][0] == "third"


@pytest.mark.parametrize("on", ["virt-m4", "virt-m55"])
def test_a_stack_that_is_aligned(tmp_path: Path, on: str) -> None:
    emulator_of(board(on))
    work = """
NOINLINE int big(int x) { volatile char a[200]; a[0] = a[x] = 1; return a[0]; }
NOINLINE int aligned(int x) {
    volatile char a[64] __attribute__((aligned(32)));
    a[0] = a[x] = 1;
    return a[0] + big(x);
}
NOINLINE int after(int x) { return aligned(x) + big(x) * 2; }
void work(void) { sink = after(sink); }"""
    made = build(tmp_path, work, on=on)
    used = high_water(made, on)
    assert [name for name, _ in made.stack.chain][-3:] == ["after", "aligned", "big"]
    assert used <= made.stack.bytes <= used + 24 + 4


def test_a_stack_pointer_from_elsewhere_is_refused(tmp_path: Path) -> None:
    work = """__attribute__((naked)) void work(void) {
    __asm__("push {r7, lr}\\n\\tsub.w r4, r7, #16\\n\\tmov sp, r4\\n\\tpop {r7, pc}"); }"""
    with pytest.raises(BuildFailed, match=r"work: .*at 0x\w+ moves the stack by an unknown amount"):
        build(tmp_path, work)


FRAME_JUMP = """__attribute__((naked)) void work(void) {{
    __asm__("push {{r4, lr}}\\n\\tsub sp, #8\\n\\tadr.w r4, 1f\\n\\tadd r4, #1\\n"
            "str r4, [sp, #{at}]\\n\\tldr pc, [sp, #{at}]\\n"
            ".balign 4\\n1: push {{r0-r3}}\\n\\tadd sp, #24\\n\\tpop {{r4, pc}}"); }}"""
"""A jump to an address that lies in the function's own frame of 16 bytes, and 16 more behind it."""


def test_a_jump_through_the_own_frame_stays_in_the_function(tmp_path: Path) -> None:
    made = build(tmp_path, FRAME_JUMP.format(at=4))
    assert made.stack.chain[-1][1] - made.stack.chain[-2][1] == 32
    assert made.stack.bytes == high_water(made)


def test_a_jump_through_the_frame_of_a_caller_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match=r"work: ldr pc, \[sp, #0x10\] at 0x\w+ calls through a pointer"):
        build(tmp_path, FRAME_JUMP.format(at=16))


def test_the_chain_names_the_deepest_calls(tmp_path: Path) -> None:
    made = build(tmp_path, EXACT["a chain of calls"])
    names, depths = zip(*made.stack.chain, strict=True)
    assert names == ("reset_handler", "main", "work", "a", "b", "c")
    assert list(depths) == sorted(depths)


def test_a_path_not_taken_counts(tmp_path: Path) -> None:
    made = build(
        tmp_path,
        """
NOINLINE int big(int x) { volatile char a[1000]; a[0] = a[x] = 1; return a[0]; }
void work(void) { if (sink) sink = big(sink) + 1; }""",
    )
    assert made.stack.bytes > 1000 > high_water(made)


def test_interrupts_add_a_frame_and_their_handler(tmp_path: Path) -> None:
    work = EXACT["leaf"] + "\nvoid timer_interrupt(void) { volatile char a[80]; a[0] = a[sink] = 1; sink = a[0]; }"
    plain, one, two = (build(tmp_path / str(n), work, interrupts=n).stack for n in range(3))
    assert plain.handler == ()
    assert one.handler[0][0] == "timer_interrupt"
    assert one.handler[0][1] >= 80
    level = ThumbReader.frame + -(-one.handler[-1][1] // 8) * 8
    assert one.bytes == plain.bytes + level
    assert two.bytes == plain.bytes + 2 * level


REFUSED = {
    "NOINLINE int f(int x) { return x ? f(x - 1) * sink + 1 : 0; } void work(void) { sink = f(sink); }": (
        r"the image recurses \(f -> f\)"
    ),
    """
int g(int x);
NOINLINE int f(int x) { return x ? g(x - 1) * sink + 1 : 0; }
NOINLINE int g(int x) { return x ? f(x - 2) * sink + 3 : 1; }
void work(void) { sink = f(sink); }""": r"the image recurses \(f -> g -> f\)",
    "int (*volatile call)(int); void work(void) { sink = call(sink) + 1; }": r"work: blx r\d+ at 0x\w+ calls through",
    "void (*volatile call)(int); void work(void) { call(sink); }": r"work: bx r\d+ at 0x\w+ calls through a pointer",
    "void work(void) { volatile char a[sink + 1]; a[0] = a[sink] = 1; sink = a[0]; }": "work: .* moves the stack by",
}


@pytest.mark.parametrize("work", REFUSED)
def test_code_without_a_bound_is_refused(tmp_path: Path, work: str) -> None:
    with pytest.raises(BuildFailed, match=REFUSED[work]) as raised:
        build(tmp_path, work)
    assert "the stack cannot be bounded" in str(raised.value)


def test_a_push_in_a_loop_is_refused(tmp_path: Path) -> None:
    work = """__attribute__((naked)) void work(void) {
    __asm__("1: push {r4}\\n\\tsubs r0, #1\\n\\tbne 1b\\n\\tbx lr"); }"""
    with pytest.raises(BuildFailed, match=r"work: a loop at 0x\w+ keeps pushing; the stack cannot be bounded"):
        build(tmp_path, work)
