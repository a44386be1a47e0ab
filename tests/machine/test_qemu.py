"""The core that QEMU executes: counts as Unicorn's, the protocol of profile images, and faults in the same words."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import emulator_of
from motes.build import image
from motes.errors import BadInput, BoardFault, DoesNotFit, MotesError
from motes.machine import execute, measure
from motes.target import Region, board

Build = Callable[..., Path]

M55 = board("virt-m55")
pytestmark = pytest.mark.cores(only="virt-m4")

WORK = """
int8_t motes_input_0[64];
int32_t motes_output_0[4];
NOINLINE int32_t fibonacci(int32_t n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
NOINLINE int32_t sum(void) {
    int32_t sum = 0;
    for (int i = 0; i < 64; i++) sum += motes_input_0[i] * (i % 5);
    return sum;
}
NOINLINE float thirds(float x) {
    for (int i = 0; i < 20; i++) x = x / 3.0f + 1.0f;
    return x;
}
int main(void) {
    START;
    motes_output_0[0] = sum();
    motes_output_0[1] = fibonacci(9);
    motes_output_0[2] = (int32_t)(thirds((float)motes_input_0[3]) * 1000.0f);
    END;
    *(volatile uint8_t *)0xE0000000u = 'k';
    EXIT(-3);
}
"""

BAD = (
    'NOINLINE void bad(uint32_t x) { %s __asm volatile("nop" : : "r"(x)); } int main(void) { START; bad(0); EXIT(0); }'
)

FAULTS = {
    "read nowhere": (
        "(void)*(volatile uint32_t *)(0x60000000u + x);",
        r"bus fault in bad \(main\.c:\d+\): it read 4 bytes at 0x60000000, where the board has nothing; ",
    ),
    "write nowhere": (
        "*(volatile uint16_t *)(0x20080000u + x) = 1;",
        r"bus fault in bad \(main\.c:\d+\): it wrote 2 bytes at 0x20080000, where the board has nothing",
    ),
    "write to flash": (
        "*(volatile uint32_t *)(0x01000100u + x) = 1;",
        r"write to flash in bad \(main\.c:\d+\): it wrote 4 bytes at 0x01000100; constants cannot be written; copy",
    ),
    "jump nowhere": (
        "((void (*)(void))(0x70000001u + x))();",
        r"execution outside flash in bad \(main\.c:\d+\): it jumped to 0x70000000; look for a function pointer",
    ),
    "run from RAM": (
        "((void (*)(void))(0x20001001u + x))();",
        r"execution outside flash in bad \(main\.c:\d+\): it jumped to 0x20001000",
    ),
    "no Thumb": (
        "((void (*)(void))(0x01000100u + x))();",
        r"usage fault in bad \(main\.c:\d+\): it jumped to an address without the Thumb bit; look for a function",
    ),
    "erased flash": (
        "((void (*)(void))(0x01080001u + x))();",
        r"usage fault in bad \(main\.c:\d+\): the instruction is undefined on this core",
    ),
    "breakpoint": (
        '__asm volatile("bkpt #1");',
        r"usage fault in bad \(main\.c:\d+\): it executed BKPT without a debugger",
    ),
    "supervisor call": (
        '__asm volatile("svc #1");',
        r"usage fault in bad \(main\.c:\d+\): it executed SVC, which nothing handles",
    ),
    "unaligned exclusive": (
        '__asm volatile("ldrex r1, [%0]" : : "r"(0x20001001u + x) : "r1");',
        r"usage fault in bad \(main\.c:\d+\): an access that must be aligned is not",
    ),
    "undefined": (
        '__asm volatile("udf #1");',
        r"usage fault in bad \(main\.c:\d+\): the instruction is undefined on this core; look for a trap",
    ),
    "unaligned": (
        '__asm volatile("ldrd r2, r3, [%0]" : : "r"(0x20001001u + x) : "r2", "r3");',
        r"usage fault in bad \(main\.c:\d+\): a load or store of words, or of the FPU, at an address",
    ),
}


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    emulator_of(M55)


@pytest.fixture
def where(tmp_path: Path) -> Path:
    return tmp_path


def built(where: Path, text: str, *peripherals: str) -> Path:
    """An application of this C."""
    sources = {"main.c": '#include "board.h"\n' + text}
    return image.link(sources, M55, where, name="image", prefix="p", peripherals=peripherals, interrupts=1).elf


def test_an_image_does_and_counts_what_it_does_in_unicorn(profile_image: Build) -> None:
    # The code of a Cortex-M33, in the memory of the Cortex-M55's board.
    m33 = replace(board("virt-m33"), chip=M55.chip)
    image = profile_image(WORK, on=m33)
    given = {"motes_input_0": bytes(range(100, 164))}
    marks = {name: name for name in ("sum", "fibonacci", "thirds")}
    here, there = (
        measure(image, where, marks, overwrite=given, read=["motes_output_0"])
        for where in (m33, replace(M55, core=replace(M55.core, timing=m33.core.timing)))
    )
    assert here == there
    assert here.instructions > 1000 and here.console == b"k" and here.exit_status == -3
    assert measure(image, M55, marks, overwrite=given).instructions == here.instructions


@pytest.mark.parametrize("name", FAULTS)
def test_faults(name: str, profile_image: Build) -> None:
    body, words = FAULTS[name]
    with pytest.raises(BoardFault, match=words):
        measure(profile_image(BAD % body, on=M55), M55)


def test_stack_overflow(profile_image: Build) -> None:
    text = """
    NOINLINE uint32_t dig(uint32_t n) {
        uint32_t hole[32];
        hole[n & 31] = n;
        __asm volatile("" : : "r"(hole) : "memory");
        return n ? dig(n - 1) + hole[n & 31] : 0;
    }
    int main(void) { START; PORT(1) = dig(1000); END; EXIT(0); }
    """
    with pytest.raises(BoardFault, match=r"stack overflow in dig \(main\.c:\d+\): it .* below the end of the stack"):
        measure(profile_image(text, on=M55), M55)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("*(volatile uint32_t *)0x21101008u = 1;", "it wrote 4 bytes at offset 0x8 of the led, which has words only"),
        (
            "(void)*(volatile uint8_t *)0x21101000u;",
            "it read 1 bytes at offset 0x0 of the led, which has words only: STATE",
        ),
    ],
)
def test_misused_peripherals(where: Path, text: str, words: str) -> None:
    with pytest.raises(BoardFault, match=rf"bus fault in main \(.*\): {words}"):
        execute(built(where, f"int main(void) {{ {text} board_exit(0); return 0; }}"), M55, {})


def test_an_instruction_on_two_pages_is_counted_once(profile_image: Build) -> None:
    # QEMU has pages of 1 KiB here: a block ends before an instruction of 32 bits that begins at their last halfword.
    work = '__asm volatile(".balign 1024\\n.rept 511\\nnop\\n.endr\\nmovw r0, #1\\nnop" : : : "r0");'
    m33 = replace(board("virt-m33"), chip=M55.chip)
    image = profile_image(
        f"NOINLINE void work(void) {{ {work} }} int main(void) {{ START; work(); END; EXIT(0); }}", on=m33
    )
    here, there = (measure(image, b) for b in (m33, replace(M55, core=replace(M55.core, timing=m33.core.timing))))
    assert here == there


@pytest.mark.parametrize(
    "store",
    [
        "strd %1, %2, [%0]",
        "stmia %0, {%1, %2}",
        "str %1, [%0]\\nvmov s0, %2\\nvstr s0, [%0, #4]",
        "vmov d0, %1, %2\\nvstr d0, [%0]",
    ],
)
def test_two_words_stored_to_a_peripheral(store: str, where: Path) -> None:
    text = f"""int main(void) {{
        register const char *text __asm("r1") = "hello\\n";
        __asm volatile("{store}" : : "r"(0x21100000u), "r"(text), "r"(6) : "memory", "d0");
        board_exit(0);
        return 0;
    }}"""
    assert [line.text for line in execute(built(where, text), M55, {}).lines] == ["hello"]


def test_a_store_of_several_words_to_the_core_itself(profile_image: Build) -> None:
    image = profile_image(
        'int main(void) { __asm volatile("stm %0, {r4, r5}" : : "r"(0xE0000074u)); EXIT(0); }', on=M55
    )
    with pytest.raises(
        BoardFault, match=r"bus fault in main .*: it stored to 0xe0000074 by stm.w; registers of the core"
    ):
        measure(image, M55)


@pytest.mark.parametrize(
    ("flash", "ram", "error", "words"),
    [
        (
            0x0800_0000,
            0x2000_0000,
            BadInput,
            "its flash begins at 0x08000000, where QEMU's mps3-an547, which runs a cortex",
        ),
        (
            0x0100_0000,
            0x2400_0000,
            BadInput,
            "its RAM begins at 0x24000000, where QEMU's mps3-an547, which runs a cortex",
        ),
        (
            0x0100_0000,
            0x2007_FFF0,
            DoesNotFit,
            r"bytes from 0x2007fff0 on, where QEMU's mps3-an547 has 16; choose anoth",
        ),
    ],
)
def test_boards_with_memory_where_qemu_has_none(
    flash: int, ram: int, error: type[MotesError], words: str, profile_image: Build
) -> None:
    assert M55.chip is not None
    chip = replace(M55.chip, flash=Region(flash, 0x10000), ram=Region(ram, 0x10000))
    other = replace(M55, chip=chip)
    with pytest.raises(error, match=words):
        measure(profile_image("int main(void) { EXIT(0); }", on=other), other)


def test_an_image_that_does_not_end(profile_image: Build) -> None:
    image = profile_image("int main(void) { START; for (;;) {} }", on=M55)
    with pytest.raises(BoardFault, match=r"endless loop in main .*: the profile image has not ended after 100,000 cyc"):
        measure(image, M55, limit_cycles=100_000)


def test_an_image_that_sleeps(profile_image: Build) -> None:
    image = profile_image('int main(void) { START; __asm volatile("wfi"); EXIT(0); }', on=M55)
    with pytest.raises(BadInput, match="it went to sleep before it ended; is this a profile image"):
        measure(image, M55)


@pytest.mark.skipif(sys.platform != "linux", reason="only there QEMU is told")
def test_qemu_asleep_ends_with_the_process_that_started_it(profile_image: Build) -> None:
    image = profile_image('int main(void) { __asm volatile("wfi"); EXIT(0); }', on=M55)
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom motes.machine.cpu import Stop\n"
        "from motes.machine.firmware import read_firmware\nfrom motes.machine.qemu_cpu import QemuCpu\n"
        "from motes.target import board\ncpu = QemuCpu(read_firmware(Path(sys.argv[1])), board('virt-m55'))\n"
        "assert cpu.run(1 << 62) is Stop.SLEEP\nprint(cpu._qemu._process.pid, flush=True)\nos._exit(0)\n"
    )
    command = [sys.executable, "-c", script, str(image)]
    started = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    process = Path("/proc") / started.stdout.strip()
    patience = time.monotonic() + 60
    while process.exists() and "State:\tZ" not in (process / "status").read_text():
        assert time.monotonic() < patience, f"{process} is still there"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            None,
            "this board is run by QEMU, but qemu-system-arm is not on the path; install it (Debian and Ubuntu: apt ",
        ),
        ("QEMU emulator version 6.2.0", "qemu-system-arm is version 6.2; 7.2 or newer is needed; install it (Debian "),
        ("what?", "qemu-system-arm does not tell its version; 7.2 or newer is needed; install it"),
        (
            "QEMU emulator version 10.0.1",
            "qemu-system-arm does not start (status 9): qemu: no; Motes needs one with plugins: install it (Debian",
        ),
    ],
)
def test_what_is_said_without_a_working_qemu(
    told: str | None, words: str, profile_image: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = profile_image("int main(void) { EXIT(0); }", on=M55)
    if told is not None:
        program = tmp_path / "qemu-system-arm"
        program.write_text(
            f"#!{sys.executable}\nimport sys\n"
            f"if '--version' in sys.argv: print({told!r})\nelse: print('qemu: no', file=sys.stderr); sys.exit(9)\n"
        )
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises((BadInput, BoardFault)) as caught:
        measure(image, M55)
    assert words in str(caught.value)
