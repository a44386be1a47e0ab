"""Cycle models, on blocks of machine code whose cost the sources give."""

from __future__ import annotations

import pytest

from motes.machine.timing import BlockCost, block_cost
from motes.target import boards

LDR, LDR_NEXT, USE = "0868", "4968", "4018"  # ldr r0, [r1]; ldr r1, [r1, #4]; adds r0, r0, r1
ADDS, MULS, SHIFTED = "9b1c", "6343", "02eb8303"  # adds r3, r3, #2; muls r3, r4, r3; add.w r3, r2, r3, lsl #2
STR, PUSH, POP_PC = "0860", "30b5", "30bd"  # str r0, [r1]; push {r4, r5, lr}; pop {r4, r5, pc}
SMLAD = "26fb0456"  # smlad r6, r6, r4, r5
LW, LW_USE, SW = "0441", "3305c500", "08c1"  # c.lw s1, 0(a0); add a0, a0, a2; c.sw a0, 0(a0)
DIV, BEQ, RET = "3345c502", "6300b500", "8280"  # div a0, a0, a2; beq a0, a1; ret
SUMS, SXTB16, PKHBT = (
    "20fb0466",
    "2ffa85f2",
    "c5ea0042",
)  # smlad r6, r0, r4, r6; sxtb16 r2, r5; pkhbt r2, r5, r0, lsl #16
SSAT, STRB, LDRB = "06f30702", "0c70", "0878"  # ssat r2, #8, r6; strb r4, [r1]; ldrb r0, [r1]
VMOV, VMOV_USE, LDM = "10ee102a", "521c", "91e81c00"  # vmov r2, s0; adds r2, r2, #1; ldm r1, {r2, r3, r4}
BNE, BL, BX = "fcd1", "fff7fcff", "7047"
SDIV = "93fbf4f3"  # sdiv r3, r3, r4

BLOCKS = {
    "cortex_m0plus": [
        ((LDR, LDR_NEXT), (4, 0, 0)),
        ((STR,), (2, 0, 0)),
        ((ADDS, MULS), (2, 0, 0)),
        ((PUSH,), (4, 0, 0)),
        ((BNE,), (0, 2, 1)),
        ((BL,), (0, 3, 3)),
        ((BX,), (0, 2, 2)),
        ((POP_PC,), (0, 6, 6)),
    ],
    "cortex_m4": [
        ((LDR, LDR_NEXT), (3, 0, 0)),
        ((STR, LDR), (2, 0, 0)),
        ((ADDS, SMLAD, SHIFTED), (3, 0, 0)),
        ((PUSH,), (4, 0, 0)),
        ((SDIV,), (6, 0, 0)),
        ((BNE,), (0, 3, 1)),
        ((POP_PC,), (0, 6, 6)),
    ],
    "cortex_m33": [
        ((LDR, ADDS), (2, 0, 0)),
        ((LDR, USE), (3, 0, 0)),
        ((ADDS, SMLAD, SHIFTED), (3, 0, 0)),
        ((SDIV,), (4, 0, 0)),
        ((BNE,), (0, 3, 1)),
    ],
    "hazard3": [
        ((LW, LW_USE), (2, 0, 0)),
        (("1041", LW_USE), (3, 0, 0)),  # c.lw a2, 0(a0)
        ((DIV,), (18, 0, 0)),
        ((BEQ,), (0, 2, 1)),
        ((RET,), (0, 2, 2)),
    ],
    "cortex_m7": [
        ((LDR, ADDS), (1, 0, 0)),
        ((LDR, STR), (1, 0, 0)),  # what is loaded is stored in the same cycle
        ((LDR, LDR_NEXT), (1, 0, 0)),  # an even and an odd word
        ((LDR, LDR), (2, 0, 0)),
        ((LDR, USE), (2, 0, 0)),  # a sum waits for a word a cycle
        ((LDRB, USE), (3, 0, 0)),  # and for a byte two
        ((LDR, PKHBT), (3, 0, 0)),  # as what is shifted does for a word
        ((LDR, SUMS), (3, 0, 0)),  # and a factor
        ((LDR_NEXT, LDR_NEXT), (4, 0, 0)),  # an address waits for three
        ((LDM,), (2, 0, 0)),
        ((ADDS, ADDS), (1, 0, 0)),  # the second is done a stage behind the first
        ((ADDS, ADDS, SHIFTED), (3, 0, 0)),  # what is shifted is needed a stage before
        ((ADDS, SMLAD), (1, 0, 0)),
        ((SMLAD, SMLAD), (3, 0, 0)),  # the second multiplies what the first gives
        ((SUMS, SUMS), (2, 0, 0)),  # here it adds to that
        ((SUMS, SSAT), (4, 0, 0)),
        ((SUMS, LDR), (1, 0, 0)),
        ((SUMS, STRB), (2, 0, 0)),
        ((SXTB16, SUMS), (1, 0, 0)),
        ((SUMS, SXTB16), (2, 0, 0)),  # it must be the first
        ((SXTB16, SXTB16), (2, 0, 0)),
        ((PKHBT, SHIFTED), (2, 0, 0)),
        ((VMOV, VMOV_USE), (3, 0, 0)),
        ((BNE,), (0, 1, 1)),
    ],
}


LOAD, LOAD_2 = "b0ec101e", "b1ec103e"  # vldrb.u8 q0, [r0], #16; vldrb.u8 q1, [r1], #16
MAC, VADD, VMUL = "f2ee20cf", "04ef4608", "04ef5609"  # vmladava.s8 r12, q1, q0; vadd.i8 q0, q2, q3; vmul.i8 q0, q2, q3
BLOCKS["cortex_m55"] = [
    ((LDR, USE), (3, 0, 0)),  # the second waits for what the first loads
    ((LDR, ADDS), (1, 0, 0)),
    ((ADDS, ADDS), (2, 0, 0)),  # the second needs the first
    ((ADDS, SMLAD), (2, 0, 0)),
    ((SMLAD, SMLAD), (3, 0, 0)),
    ((LOAD, LOAD_2), (3, 0, 0)),  # one pipeline
    ((LOAD, VADD), (2, 0, 0)),  # two pipelines
    ((LOAD, LOAD_2, MAC), (4, 0, 0)),
    ((VMUL, VMUL), (3, 0, 0)),
    ((BNE,), (0, 3, 1)),
    (("42f001e0",), (3, 0, 0)),  # dls lr, r2: with the first time that the loop goes back
    (("0ff001e0",), (1, 0, 0)),  # lctp
    ((LOAD, LOAD_2, MAC, "0ff009c0"), (4, 0, 0)),  # le lr, to the first: the next load waits for the pipeline
    ((LOAD, "0ff005c0"), (2, 0, 0)),  # le lr
]


@pytest.mark.parametrize(
    ("timing", "block", "expected"),
    [(timing, block, expected) for timing, rows in BLOCKS.items() for block, expected in rows],
)
def test_what_a_block_costs(timing: str, block: tuple[str, ...], expected: tuple[int, int, int]) -> None:
    found = block_cost(timing, bytes.fromhex("".join(block)), 0x1000)
    assert (found.cycles, found.taken, found.fallen) == expected
    assert found.instructions == len(block)


def test_every_core_with_an_emulator_has_a_cycle_model_and_says_how_good_it_is() -> None:
    cores = {b.core.name: b.core for b in boards() if b.core.model}
    assert set(cores) >= {"cortex-m0plus", "cortex-m33", "cortex-m4", "cortex-m7"}
    for core in cores.values():
        assert isinstance(block_cost(core.timing, bytes.fromhex(ADDS), 0), BlockCost)
        assert core.caveat.startswith("Cycles are modelled ")
