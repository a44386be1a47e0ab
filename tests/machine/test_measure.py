"""Profile images: counts, layers, symbols, protocol."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from motes.errors import BadInput, BoardFault
from motes.machine import Spent, measure
from motes.target import Board

Build = Callable[..., Path]
pytestmark = pytest.mark.cores(one_in=4)

LAYERS = """
int8_t motes_input_0[64];
int32_t motes_output_0[2];
NOINLINE void first(void) {
    int32_t sum = 0;
    for (int i = 0; i < 64; i++) sum += motes_input_0[i] * (i % 5);
    motes_output_0[0] = sum;
}
NOINLINE void second(void) { motes_output_0[1] = motes_output_0[0] * 3 + 1; }
int main(void) {
    for (int i = 0; i < 64; i++) motes_input_0[i] = (int8_t)i;
    START;
    first();
    second();
    first();
    END;
    *(volatile uint8_t *)0xE0000000u = 'k';
    EXIT(-3);
}
"""

# Each page is met first inside an IT block, by a load and by a store; what follows the block is no part of it.
PAGES = """
int main(void) {
    START;
    uint32_t passed = 0;
    for (uint32_t page = 0x20002000u; page < 0x20020000u; page += 2048u) {
        uint32_t seen = 0;
        __asm volatile("cmp %0, %0; ite eq; ldreq %1, [%2]; movne %1, #0; movs %1, #1; b 1f; 1: adds %0, #1;"
                       "cmp %0, #0; ite ne; strne %1, [%2, #1024]; moveq %1, #0; movs %1, #0; b 2f; 2: adds %0, #1"
                       : "+l"(passed), "+l"(seen) : "l"(page) : "cc", "memory");
    }
    END;
    EXIT(passed);
}
"""

BRANCHES = """
int32_t motes_output_0[8];
NOINLINE int32_t fibonacci(int32_t n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
NOINLINE int32_t pick(int32_t i) {
    switch (i & 7) {
    case 0: return fibonacci(7);
    case 1: return i * 3;
    case 2: return i / 7;
    case 3: return -i;
    case 4: return i ^ 0x55;
    case 5: return (int32_t)((uint32_t)i >> 3);
    default: return i % 11;
    }
}
int main(void) {
    START;
    for (int32_t i = 0; i < 100; i++) motes_output_0[i & 7] += pick(i * 37);
    END;
    EXIT(0);
}
"""

FLOATS = """
float motes_output_0[16];
NOINLINE void blend(const float *x, float *y, int n) {
    for (int i = 0; i < n; i++) {
        float v = x[i] * 1.25f - (float)i;
        y[i] = v < 0.0f ? -v / 3.0f : __builtin_sqrtf(v);
    }
}
int main(void) {
    float x[16];
    for (int i = 0; i < 16; i++) x[i] = (float)(i * i % 23);
    START;
    blend(x, motes_output_0, 16);
    END;
    EXIT(0);
}
"""

# Instructions that compilers use rarely: multiple and double loads, DSP, division, IT blocks with a branch, tables.
ASSEMBLY = """
uint32_t motes_output_0[4];
static uint32_t data[16] __attribute__((aligned(8)));
__attribute__((noinline, naked)) void mixed(uint32_t *p __attribute__((unused)), uint32_t n __attribute__((unused))) {
    __asm volatile(
        "push {r4-r11, lr}\\n"
        "vpush {s16-s19}\\n"
        "1:\\n"
        "ldmia r0, {r2-r5}\\n"
        "ldrd r6, r7, [r0, #16]\\n"
        "ldr r8, [r0, #24]\\n"
        "ldr r9, [r0, #28]\\n"
        "ldrb r10, [r0, r2]\\n"
        "str r10, [r0, #32]\\n"
        "ldr r11, [r0, #36]\\n"
        "ldr r11, [r0, r11]\\n"
        "smlad r2, r3, r4, r5\\n"
        "sxtb16 r3, r6, ror #8\\n"
        "smmulr r3, r3, r8\\n"
        "ssat r4, #8, r3, asr #2\\n"
        "umull r5, r6, r7, r8\\n"
        "udiv r5, r5, r9\\n"
        "vldr d8, [r0]\\n"
        "vmov s18, s19, r2, r3\\n"
        "vmov r2, r3, d9\\n"
        "vfma.f32 s16, s17, s17\\n"
        "vldmia r0, {s16-s18}\\n"
        "strd r2, r3, [r0, #40]\\n"
        "cmp r1, #3\\n"
        "itee eq\\n"
        "moveq r2, #1\\n"
        "movne r2, #2\\n"
        "strne r2, [r0, #48]\\n"
        "adr r3, 3f\\n"
        "and r4, r1, #1\\n"
        "tbb [pc, r4]\\n"
        "3: .byte 1, 3\\n"
        "add r2, r2, #1\\n"
        "subs r1, r1, #1\\n"
        "bne 1b\\n"
        "cmp r2, #0\\n"
        "it ne\\n"
        "strne r2, [r0, #52]\\n"
        "vpop {s16-s19}\\n"
        "pop {r4-r11, pc}\\n");
}
int main(void) {
    data[0] = 4; data[7] = 3; data[9] = 8;
    START;
    mixed(data, 9);
    motes_output_0[0] = data[13];
    END;
    EXIT(0);
}
"""


REFERENCE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import m4sim
(region,) = m4sim.run(sys.argv[2]).regions
print(json.dumps([region.insns, region.cycles, {n: [i, c] for n, i, c in region.functions()}]))
"""


@pytest.fixture(scope="module")
def m4sim(shared: Path) -> Callable[[Path], tuple[int, int, dict[str, list[int]]]]:
    """The reference simulator: instructions, cycles and functions of the region of an image."""
    if shutil.which("cc") is None:
        pytest.skip("m4sim counts slowly without a host compiler (cc)")

    def run(image: Path) -> tuple[int, int, dict[str, list[int]]]:
        command = [sys.executable, "-B", "-c", REFERENCE, str(shared / "tools"), str(image)]
        told = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
        instructions, cycles, functions = json.loads(told)
        return instructions, cycles, functions

    return run


@pytest.mark.cores(only="virt-m4")
@pytest.mark.parametrize("compiler", ["zig", "gcc"])
@pytest.mark.parametrize("text", [LAYERS, BRANCHES, FLOATS, ASSEMBLY], ids=["layers", "branches", "floats", "assembly"])
def test_counts_equal_the_reference(
    text: str, compiler: str, m4sim: Callable[[Path], Any], profile_image: Build, virt: Board
) -> None:
    if compiler == "gcc" and shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    image = profile_image(text, compiler=compiler)
    found = measure(image, virt)
    instructions, cycles, functions = m4sim(image)
    assert (found.instructions, found.cycles) == (instructions, cycles)
    assert {n: list(s) for n, s in found.functions.items()} == functions
    assert found.instructions > 100


@pytest.mark.cores(one_in=4, needs=("dsp",), unicorn=True)  # the others have no such blocks
def test_pages_met_inside_it_blocks(profile_image: Build, virt: Board) -> None:
    assert measure(profile_image(PAGES), virt).exit_status == 2 * 60


def test_layers_sum_to_the_whole(profile_image: Build, virt: Board) -> None:
    found = measure(profile_image(LAYERS), virt, {"first": "conv", "second": "dense"})
    assert list(found.layers) in (["", "conv", "dense"], ["conv", "dense"])
    assert sum(s.cycles for s in found.layers.values()) == found.cycles
    assert sum(s.instructions for s in found.layers.values()) == found.instructions
    assert sum((s.cycles for s in found.functions.values()), 0) == found.cycles
    # What follows the mark is the layer's, main's calls included: at most a few instructions here.
    assert 0 <= found.layers["conv"].cycles - found.functions["first"].cycles < 20
    assert found.layers["dense"].cycles >= found.functions["second"].cycles


def test_marks_of_one_name_are_one_layer(profile_image: Build, virt: Board) -> None:
    found = measure(profile_image(LAYERS), virt, {"first": "all", "second": "all"})
    assert found.layers["all"] == Spent(found.instructions, found.cycles) or "" in found.layers


def test_console_status_symbols_and_overwriting(profile_image: Build, virt: Board) -> None:
    image = profile_image(LAYERS)
    plain = measure(image, virt, read=("motes_output_0", "motes_input_0"))
    assert (plain.console, plain.exit_status) == (b"k", -3)
    assert plain.symbols["motes_input_0"] == bytes(range(64))
    expected = sum(i * (i % 5) for i in range(64))
    assert plain.symbols["motes_output_0"] == expected.to_bytes(4, "little") + (expected * 3 + 1).to_bytes(4, "little")
    ones = measure(image, virt, overwrite={"motes_input_0": b"\x01" * 64}, read=("motes_output_0",))
    assert int.from_bytes(ones.symbols["motes_output_0"][:4], "little") == sum(i % 5 for i in range(64))
    assert (ones.instructions, ones.cycles) == (plain.instructions, plain.cycles)


def test_stack_is_measured_from_its_top(profile_image: Build, virt: Board) -> None:
    deep = """
    NOINLINE uint32_t dig(uint32_t n) {
        uint32_t hole[32];
        hole[n & 31] = n;
        __asm volatile("" : : "r"(hole) : "memory");
        return n ? dig(n - 1) + hole[n & 31] : 0;
    }
    int main(void) { START; PORT(1) = dig(%d); END; EXIT(0); }
    """
    used = [measure(profile_image(deep % n), virt).stack_high_water for n in (2, 5)]
    assert used[0] >= 3 * 128
    assert used[1] - used[0] == (used[1] - used[0]) // 3 * 3 >= 3 * 128


def test_two_runs_are_equal(profile_image: Build, virt: Board) -> None:
    image = profile_image(BRANCHES)
    assert measure(image, virt) == measure(image, virt)


def test_memory_is_not_zero_at_power_on(profile_image: Build, virt: Board) -> None:
    text = """
    uint32_t motes_output_0[1];
    int main(void) { START; motes_output_0[0] = *(volatile uint32_t *)0x2003FFF0u; END; EXIT(0); }
    """
    found = measure(profile_image(text), virt, read=("motes_output_0",))
    assert found.symbols["motes_output_0"] == b"\xa5" * 4


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        ("EXIT(0);", BadInput, "ended without a measured region; is this a profile image?"),
        ('START; __asm volatile("wfi"); EXIT(0);', BadInput, "went to sleep before it ended"),
        ("END; EXIT(0);", BoardFault, "closed a measured region that it had not opened"),
        ("START; for (;;) {}", BoardFault, "endless loop in main (main.c:8): the profile image has not ended after"),
    ],
)
def test_what_is_no_profile_image(
    body: str, error: type[Exception], words: str, profile_image: Build, virt: Board
) -> None:
    image = profile_image(f"int main(void) {{ {body} }}")
    with pytest.raises(error) as caught:
        measure(image, virt, limit_cycles=1_000_000)
    assert words in str(caught.value)


def test_bad_arguments(profile_image: Build, virt: Board, tmp_path: Path) -> None:
    image = profile_image(LAYERS)
    with pytest.raises(BadInput, match="has no symbol 'third'; build the image again"):
        measure(image, virt, {"third": "x"})
    with pytest.raises(BadInput, match="motes_input_0 holds 64 bytes in RAM, not the 3 that would overwrite it"):
        measure(image, virt, overwrite={"motes_input_0": b"abc"})
    with pytest.raises(BadInput, match=r"has no code at 0x20000000"):
        measure(image, virt, {0x20000000: "x"})
    with pytest.raises(BadInput, match=r"missing.elf: cannot be read \(No such file or directory\)"):
        measure(tmp_path / "missing.elf", virt)
    (tmp_path / "text.elf").write_text("hello")
    with pytest.raises(BadInput, match=r"text.elf: not an ELF file that can be read .*; give the .elf that"):
        measure(tmp_path / "text.elf", virt)


def test_startup_copies_data_and_clears_bss(profile_image: Build, virt: Board) -> None:
    text = """
    uint32_t motes_output_0[2];
    volatile uint32_t initial = 0x12345678u, zero;
    int main(void) { START; motes_output_0[0] = initial; motes_output_0[1] = zero; END; EXIT(0); }
    """
    found = measure(profile_image(text), virt, read=("motes_output_0",))
    assert found.symbols["motes_output_0"] == bytes.fromhex("7856341200000000")
