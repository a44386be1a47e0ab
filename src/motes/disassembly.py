"""Capstone's decoders for the instructions that images are made of."""

from __future__ import annotations

import sys

# Whenever a decoder is made, capstone tries to import a faster half of itself, which no wheel has, and swallows all
# that comes of it: a Ctrl-C at that moment, too, and the lock of the import stays held for good.
sys.modules.setdefault("capstone.ccapstone", None)  # type: ignore[arg-type]

import capstone  # noqa: E402


def thumb() -> capstone.Cs:
    """For Thumb, as Cortex-M has it. A decoder serves one thread at a time."""
    return capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)


def riscv() -> capstone.Cs:
    """For RV32 with compressed instructions. A decoder serves one thread at a time."""
    return capstone.Cs(capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV32 | capstone.CS_MODE_RISCVC)
