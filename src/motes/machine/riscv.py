"""RISC-V of 32 bits, in machine mode (The RISC-V Instruction Set Manual, volume II, version 20211203)."""

from __future__ import annotations

from unicorn import riscv_const as riscv
from unicorn import unicorn_const as uc_const

from motes.machine.architecture import Architecture
from motes.machine.faults import UNDEFINED

MIE, MPIE = 1 << 3, 1 << 7  # of mstatus: interrupts are enabled, and were before the trap
MPP = 3 << 11  # of mstatus: the privilege before the trap
_NAMES = (
    "pc",
    "ra",
    "sp",
    "mstatus",
    *(f"a{i}" for i in range(8)),
    *(f"t{i}" for i in range(7)),
    *(f"s{i}" for i in range(12)),
)

RISCV = Architecture(
    number=uc_const.UC_ARCH_RISCV,
    mode=uc_const.UC_MODE_RISCV32,
    models={"rv32imc": riscv.UC_CPU_RISCV32_BASE32},
    pc=riscv.UC_RISCV_REG_PC,
    sp=riscv.UC_RISCV_REG_SP,
    lr=riscv.UC_RISCV_REG_RA,
    status=riscv.UC_RISCV_REG_MSTATUS,
    needed=0,
    shown={name: getattr(riscv, f"UC_RISCV_REG_{name.upper()}") for name in _NAMES},
    relied=(),
    code_bit=0,
    mask=riscv.UC_RISCV_REG_MSTATUS,
    mask_bit=MIE,
    masked=0,
    conditions=0,
    conditions_bits=0,
    hints=(b"\x73\x00\x50\x10",),  # WFI
    leaves_by=None,
    exceptions={
        2: UNDEFINED,
        3: "it executed EBREAK without a debugger",
        4: "a load that must be aligned is not",
        6: "a store that must be aligned is not",
        8: "it executed ECALL, which nothing handles",
        11: "it executed ECALL, which nothing handles",
    },
)
