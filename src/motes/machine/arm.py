"""The M profile of Arm: Armv6-M, Armv7-M, Armv8-M (Armv7-M Architecture Reference Manual DDI 0403)."""

from __future__ import annotations

from unicorn import arm_const as arm
from unicorn import unicorn_const as uc_const

from motes.machine.architecture import Architecture

THUMB = 1 << 24  # the bit of xPSR that says that the core decodes Thumb
GENERAL = tuple(range(arm.UC_ARM_REG_R0, arm.UC_ARM_REG_R12 + 1))

ARM = Architecture(
    number=uc_const.UC_ARCH_ARM,
    mode=uc_const.UC_MODE_THUMB | uc_const.UC_MODE_MCLASS,
    models={
        "cortex-m0": arm.UC_CPU_ARM_CORTEX_M0,
        "cortex-m4": arm.UC_CPU_ARM_CORTEX_M4,
        "cortex-m7": arm.UC_CPU_ARM_CORTEX_M7,
        "cortex-m33": arm.UC_CPU_ARM_CORTEX_M33,
    },
    pc=arm.UC_ARM_REG_PC,
    sp=arm.UC_ARM_REG_SP,
    lr=arm.UC_ARM_REG_LR,
    status=arm.UC_ARM_REG_XPSR,
    needed=THUMB,
    shown={
        "pc": arm.UC_ARM_REG_PC,
        "lr": arm.UC_ARM_REG_LR,
        "sp": arm.UC_ARM_REG_SP,
        "xpsr": arm.UC_ARM_REG_XPSR,
        **{f"r{i}": number for i, number in enumerate(GENERAL)},
    },
    relied=(*GENERAL, arm.UC_ARM_REG_SP, arm.UC_ARM_REG_LR),
    code_bit=1,
    mask=arm.UC_ARM_REG_PRIMASK,
    mask_bit=1,
    masked=1,
    conditions=arm.UC_ARM_REG_EPSR,
    conditions_bits=0x0600FC00,
    hints=(b"\x30\xbf", b"\x20\xbf", b"\xaf\xf3\x03\x80", b"\xaf\xf3\x02\x80"),  # WFI and WFE, 16 and 32 bits
    leaves_by=8,
    exceptions={
        2: "it executed SVC, which nothing handles",
        3: "it executed BKPT without a debugger",
        4: "an access that must be aligned is not",
        7: "it executed BKPT without a debugger",
        17: "it used the FPU before switching it on",
    },
)
