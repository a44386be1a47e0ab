"""Accesses that must be aligned on silicon, which the emulator itself lets pass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from motes.errors import BoardFault
from motes.machine import measure
from motes.target import Board

Build = Callable[..., Path]
pytestmark = pytest.mark.cores(one_in=4, needs=("dsp", "fpu"), unicorn=True)

ACCESS = """
__attribute__((naked, noinline)) void access_%d(
    uint32_t *p __attribute__((unused)), uint32_t n __attribute__((unused))) {
    __asm volatile("push {r4-r7, lr}\\n" "%s" "pop {r4-r7, pc}\\n");
}
"""
MAIN = """
uint32_t motes_input_0[1];
static uint32_t data[32] __attribute__((aligned(8)));
int main(void) {
    START;
    switch (motes_input_0[0]) { %s }
    END;
    EXIT(0);
}
"""

TRAPS = {
    "ldm": ("ldmia r0, {r2, r3}\\n", 1),
    "stm": ("stmia r0, {r2, r3}\\n", 2),
    "ldmdb": ("ldmdb r0, {r2, r3}\\n", 3),
    "ldrd": ("ldrd r2, r3, [r0, #8]\\n", 2),
    "strd": ("strd r2, r3, [r0]\\n", 1),
    "vldr": ("vldr s0, [r0, #4]\\n", 2),
    "vldr double": ("vldr d0, [r0]\\n", 1),
    "vstr": ("vstr s0, [r0]\\n", 3),
    "vldm": ("vldmia r0!, {s0-s3}\\n", 2),
    "behind another access": ("ldrb r3, [r0], #1\\n ldmia r0, {r2, r3}\\n", 0),
    "behind an addition": ("add r2, r0, #6\\n sub r2, r2, #4\\n ldrd r4, r5, [r2]\\n", 0),
    "behind a copy": ("mov r6, r0\\n movs r0, #0\\n ldmia r6!, {r2, r3}\\n", 1),
    "behind an index in words": ("add r4, r0, r1, lsl #2\\n vldr s0, [r4]\\n", 2),
    "behind a whole step": ("ldmia r0!, {r2, r3}\\n ldmia r0!, {r2, r3}\\n", 1),
    "in the link register": ("mov lr, r0\\n b 1f\\n 1: ldmia lr, {r2, r3}\\n", 1),
}
PASSES = {
    "aligned": ("ldmia r0!, {r2, r3}\\n ldrd r2, r3, [r0, #4]\\n vldr s0, [r0]\\n", 0),
    "single words": ("ldr r2, [r0]\\n strh r2, [r0, #2]\\n str r2, [r0], #4\\n", 1),
    "made even before": ("bic r0, r0, #3\\n ldmia r0, {r2, r3}\\n", 1),
    "added up to a word": ("add r0, r0, #3\\n ldmia r0, {r2, r3}\\n", 1),
    "stepped up to a word": ("ldrb r2, [r0], #2\\n ldrd r2, r3, [r0]\\n", 2),
    "skipped": ("cmp r1, #2\\n it ne\\n ldmiane r0, {r2, r3}\\n", 1),
    "from the flash": ("ldrd r2, r3, 1f\\n b 2f\\n .align 2\\n 1: .word 1, 2\\n 2:\\n", 1),
}


CASES = TRAPS | PASSES


@pytest.fixture(scope="module")
def image(profile_image: Build) -> Path:
    """Makes the access that its input says, at 16 bytes and the case's offset behind an aligned address."""
    functions = "".join(ACCESS % (i, code) for i, (code, _) in enumerate(CASES.values()))
    calls = (f"access_{i}((uint32_t *)((uint32_t)data + 16u + {by}u), 2)" for i, (_, by) in enumerate(CASES.values()))
    cases = " ".join(f"case {i}: {call}; break;" for i, call in enumerate(calls))
    return profile_image(functions + MAIN % cases)


def chosen(name: str) -> dict[str, bytes]:
    return {"motes_input_0": list(CASES).index(name).to_bytes(4, "little")}


@pytest.mark.parametrize("name", TRAPS)
def test_traps(name: str, image: Path, virt: Board) -> None:
    words = (
        r"usage fault in access_\d+ \(main\.c:\d+\): a load or store of words, or of the FPU, at an address "
        r"that is not a multiple of four; align the data, or load it byte by byte"
    )
    with pytest.raises(BoardFault, match=words):
        measure(image, virt, overwrite=chosen(name))


@pytest.mark.parametrize("name", PASSES)
def test_passes(name: str, image: Path, virt: Board) -> None:
    assert measure(image, virt, overwrite=chosen(name)).exit_status == 0


@pytest.mark.cores(only="virt-m0p")
@pytest.mark.parametrize("access", ["ldr r1, [r0]", "str r1, [r0, #4]", "ldm r0!, {r1, r2}"])
def test_words_must_be_aligned_on_armv6_m(access: str, profile_image: Build, virt: Board) -> None:
    text = f"""
    static uint32_t data[4];
    __attribute__((naked, noinline)) void access(void *p __attribute__((unused))) {{
        __asm volatile("{access}\\n bx lr");
    }}
    int main(void) {{ START; access((uint8_t *)data + 1); END; EXIT(0); }}
    """
    with pytest.raises(BoardFault, match=r"usage fault in access \(main\.c:\d+\): a load or store of words, or"):
        measure(profile_image(text), virt)
