"""What a program must not do, each with the words that a user reads."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from motes.errors import BoardFault
from motes.machine import execute, measure
from motes.target import Board

Build = Callable[..., Path]
pytestmark = pytest.mark.cores(one_in=4, unicorn=True)  # test_qemu.py has those of QEMU

NOWHERE = 0x90000000
"""Where no board has anything."""

BAD = """
NOINLINE void bad_%d(uint32_t x) {
    %s
    __asm volatile("nop" : : "r"(x)); // so that no call above is the last thing it does
}
"""
MAIN = """
uint32_t motes_input_0[1];
int main(void) {
    START;
    switch (motes_input_0[0]) { %s }
    EXIT(0);
}
"""

FAULTS = {
    "read nowhere": (
        "(void)*(volatile uint32_t *)(NOWHERE + x);",
        r"bus fault in bad_\d+ \(main\.c:\d+\): it read 4 bytes at NOWHERE, where the board has nothing; "
        r"look for a wild pointer or an index",
    ),
    "write nowhere": (
        "*(volatile uint16_t *)(BEYOND + x) = 1;",
        r"bus fault in bad_\d+ \(main\.c:\d+\): it wrote 2 bytes at BEYOND, where the board has nothing",
    ),
    "write across the end of RAM": (
        "*(volatile uint32_t *)(ACROSS + x) = 1;",
        r"bus fault in bad_\d+ \(main\.c:\d+\): it wrote 1 bytes at BEHIND, where the board has nothing",
    ),
    "read across the end of RAM": (
        "(void)*(volatile uint32_t *)(ACROSS + x);",
        r"bus fault in bad_\d+ \(main\.c:\d+\): it read 4 bytes at BEYOND, where the board has nothing",
    ),
    "read across the start of RAM": (
        "(void)*(volatile uint32_t *)(0x1ffffffeu + x);",
        r"it read 4 bytes at 0x1ffffffe, below the end of the stack at 0x20000000",
    ),
    "write to flash": (
        "*(volatile uint32_t *)(IN_FLASH + x) = 1;",
        r"write to flash in bad_\d+ \(main\.c:\d+\): it wrote 4 bytes at IN_FLASH; "
        r"constants cannot be written; copy them to RAM first",
    ),
    "run from RAM": (
        "((void (*)(void))((INTO_RAM | CODE) + x))();",
        r"execution outside flash in bad_\d+ \(main\.c:\d+\): it jumped to INTO_RAM; "
        r"look for a function pointer or a return address that was overwritten",
    ),
    "jump nowhere": (
        "((void (*)(void))((NOWHERE | CODE) + x))();",
        r"execution outside flash in bad_\d+ \(main\.c:\d+\): it jumped to NOWHERE",
    ),
    "no Thumb": (
        "((void (*)(void))(IN_FLASH + x))();",
        r"usage fault in bad_\d+ \(main\.c:\d+\): it jumped to an address without the Thumb bit; look for a function",
    ),
    "erased flash": (
        "((void (*)(void))((ERASED | CODE) + x))();",
        r"usage fault in bad_\d+ \(main\.c:\d+\): the instruction is undefined on this core",
    ),
    "undefined": (
        '__asm volatile("udf #1");',
        r"usage fault in bad_\d+ \(main\.c:\d+\): the instruction is undefined on this core; look for a trap",
    ),
    "breakpoint": (
        '__asm volatile("bkpt #1");',
        r"usage fault in bad_\d+ \(main\.c:\d+\): it executed BKPT without a debugger",
    ),
    "supervisor call": (
        '__asm volatile("svc #1");',
        r"usage fault in bad_\d+ \(main\.c:\d+\): it executed SVC, which nothing handles",
    ),
    "unaligned exclusive": (
        '__asm volatile("ldrex r1, [%0]" : : "r"((INTO_RAM | 1) + x) : "r1");',
        r"usage fault in bad_\d+ \(main\.c:\d+\): an access that must be aligned is not",
    ),
}


RISCV_FAULTS = {
    "undefined": ('__asm volatile("unimp");', FAULTS["undefined"][1]),
    "breakpoint": ('__asm volatile("ebreak");', FAULTS["undefined"][1]),  # the emulator tells them not apart
    "supervisor call": (
        '__asm volatile("ecall");',
        r"usage fault in bad_\d+ \(main\.c:\d+\): it executed ECALL, which nothing handles",
    ),
}
"""What is said in other words on RISC-V; None: what it does not have."""
NOT_ON = {"rv32imc": ("no Thumb", "unaligned exclusive"), "cortex-m0plus": ("unaligned exclusive",)}


def faults(on: Board) -> dict[str, tuple[str, str]]:
    """The C of each fault on a board, and the words."""
    left_out = NOT_ON.get(on.core.name, ())
    return {name: fault for name, fault in (FAULTS | own(on)).items() if name not in left_out}


def own(on: Board) -> dict[str, tuple[str, str]]:
    return RISCV_FAULTS if on.core.zig_target.startswith("riscv") else {}


def places(on: Board) -> dict[str, int]:
    """The addresses that FAULTS names."""
    assert on.chip is not None
    flash, ram = on.chip.flash, on.chip.ram
    return {
        "NOWHERE": NOWHERE,
        "IN_FLASH": flash.start + 0x100,
        "ERASED": flash.start + 0x80000,
        "INTO_RAM": ram.start + 0x1000,
        "BEYOND": ram.end,
        "ACROSS": ram.end - 2,
        "BEHIND": ram.end + 1,
    }


@pytest.fixture(scope="module")
def faulty(profile_image: Build, virt: Board) -> Path:
    """An image that does what its input says: the faults in order."""
    functions = "".join(BAD % (i, body) for i, (body, _) in enumerate(faults(virt).values()))
    cases = " ".join(f"case {i}: bad_{i}(0); break;" for i in range(len(faults(virt))))
    defines = "".join(f"#define {name} {at:#x}u\n" for name, at in places(virt).items())
    code = int(not virt.core.zig_target.startswith("riscv"))
    return profile_image(f"#define CODE {code}u\n{defines}{functions}{MAIN % cases}")


@pytest.mark.parametrize("name", FAULTS)
def test_faults(name: str, faulty: Path, virt: Board) -> None:
    if name not in faults(virt):
        pytest.skip("this core has no such fault")
    chosen = list(faults(virt)).index(name).to_bytes(4, "little")
    words = re.sub(
        r"\b(" + "|".join(places(virt)) + r")\b", lambda m: f"{places(virt)[m[0]]:#010x}", faults(virt)[name][1]
    )
    with pytest.raises(BoardFault, match=words) as caught:
        measure(faulty, virt, overwrite={"motes_input_0": chosen})
    first, *rows = str(caught.value).splitlines()
    assert not first.endswith(";")
    names = re.findall(r"(\w+) 0x[0-9a-f]{8}", "\n".join(rows))
    assert names == (
        ["pc", "lr", "sp", "xpsr", *(f"r{i}" for i in range(13))]
        if "no Thumb" in faults(virt)
        else [
            "pc",
            "ra",
            "sp",
            "mstatus",
            *(f"{kind}{i}" for kind, count in (("a", 8), ("t", 7), ("s", 12)) for i in range(count)),
        ]
    )
    assert re.search(r"sp 0x20000[78][0-9a-f]{2}", rows[0])
    assert caught.value.exit_code == 1


def test_stack_overflow(profile_image: Build, virt: Board) -> None:
    text = """
    NOINLINE uint32_t dig(uint32_t n) {
        uint32_t hole[32];
        hole[n & 31] = n;
        __asm volatile("" : : "r"(hole) : "memory");
        return n ? dig(n - 1) + hole[n & 31] : 0;
    }
    int main(void) { START; PORT(1) = dig(1000); END; EXIT(0); }
    """
    words = (
        r"stack overflow in dig \(main\.c:\d+\): it wrote 4 bytes at 0x1fffff[0-9a-f]{2}, below the end of the stack "
        r"at 0x20000000; the image reserves 2048 bytes for the stack; reserve more, or keep large arrays off it"
    )
    with pytest.raises(BoardFault, match=words):
        measure(profile_image(text), virt)


def test_interrupt_that_overflows_the_stack(application: Build, virt: Board) -> None:
    text = """
    #ifdef __riscv
    #define DEEPEN "addi sp, sp, -2000"
    #else
    #define DEEPEN "movs r0, #250\\n lsls r0, r0, #3\\n mov r1, sp\\n subs r1, r1, r0\\n mov sp, r1"
    #endif
    void app_on_timer(void) {}
    int main(void) {
        board_init();
        board_timer_start(1000);
        __asm volatile(DEEPEN);
        for (;;) {}
    }
    """
    words = r"stack overflow in main .*: an interrupt stacked 32 bytes at 0x1f"
    if own(virt):  # there the handler itself saves what it uses
        words = r"stack overflow in timer_interrupt .*: it wrote 4 bytes at 0x1f"
    with pytest.raises(BoardFault, match=words):
        execute(application(text, "timer", stack=1024), virt, {})


RETURN = """
#ifdef __riscv
    __asm volatile("li t0, 0xfffff000\\n jr t0");
#else
    __asm volatile("movs r0, #6\\n mvns r0, r0\\n bx r0");
#endif
"""
PERIPHERALS = {
    "unknown register": (
        "*(volatile uint32_t *)0x40001008u = 1;",
        r"bus fault in bad \(.*\): it wrote 4 bytes at offset 0x8 of the led, which has words only: STATE at 0x0; "
        r"docs/virt-m4.md lists the registers",
    ),
    "byte access": (
        "(void)*(volatile uint8_t *)0x40001000u;",
        r"bus fault in bad \(.*\): it read 1 bytes at offset 0x0 of the led, which has words only",
    ),
    "console from nowhere": (
        "board_write((const char *)0x90000000u, 3);",
        r"bus fault in .*: it asked the console for 3 bytes at 0x90000000, where there is no memory",
    ),
    "print without end": (
        "for (;;) board_write((const char *)0x20000000u, 0x40000u);",
        r"bus fault in .*: it printed more than 16777216 bytes",
    ),
    "return to nothing": (
        RETURN,
        r"it returned from an (exception to 0xfffffff8|interrupt that it was not in)",
    ),
}


@pytest.mark.parametrize("name", PERIPHERALS)
def test_misused_peripherals(name: str, application: Build, virt: Board) -> None:
    body, words = PERIPHERALS[name]
    text = f"__attribute__((noinline)) void bad(void) {{\n{body}\n}}\nint main(void) {{ bad(); for (;;) {{}} }}"
    with pytest.raises(BoardFault, match=words):
        execute(application(text), virt, {})


@pytest.mark.cores(only="virt-m4")  # 10 s are long on others
def test_endless_loop(application: Build, virt: Board) -> None:
    words = r"endless loop in spin \(main\.c:2\): the application has worked for 10 s without sleep"
    text = "__attribute__((noinline)) void spin(void) { for (;;) {} }\nint main(void) { spin(); for (;;) {} }"
    with pytest.raises(BoardFault, match=words):
        execute(application(text), virt, {})


def test_sleep_that_a_masked_interrupt_refuses(application: Build, virt: Board) -> None:
    text = """
    void app_on_timer(void) {}
    int main(void) { board_timer_start(1000); board_lock(); for (;;) board_sleep(); }
    """
    words = "endless loop in .*: it has tried to sleep 10,000 times while an interrupt waits that it holds back"
    with pytest.raises(BoardFault, match=words):
        execute(application(text, "timer"), virt, {})


def test_an_emulator_that_crashes(faulty: Path, virt: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    crash = "import os, sys; print('a trace\\nlast words', file=sys.stderr, flush=True); os.abort()"
    monkeypatch.setattr("motes.machine.WORKER", (sys.executable, "-c", crash))
    words = r"the emulator stopped unexpectedly \(status -6\): last words; this is a fault of Motes or of the emul"
    with pytest.raises(BoardFault, match=words):
        measure(faulty, virt)


def test_a_file_in_the_working_folder_is_not_imported(
    profile_image: Build, virt: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "unicorn.py").write_text("raise SystemExit(9)")
    image = profile_image("int main(void) { START; END; EXIT(0); }")
    monkeypatch.chdir(tmp_path)
    assert measure(image, virt).exit_status == 0
