"""What the disassembler does not know of Armv8.1-M: vector instructions (MVE, "Helium") and low-overhead loops.

Only what timing and the stack's bound ask: which pipeline an instruction takes, how long its result takes, and which
registers it reads and writes. Encodings: Armv8-M Architecture Reference Manual (DDI 0553), section C2; floats are left
out, for the compiler makes none. Pipelines and latencies: LLVM's scheduling model of the Cortex-M55, by Arm
(ARMScheduleM55.td).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Pipe = Literal["memory", "integer", "multiply", "control"]

LINK = 14
NO_REGISTER = 15
"""Where others name a register: zero, or none."""
VECTORS = 16
"""Registers are numbered: r0 to r14 as themselves, q0 to q7 from here on."""
PREDICATE = 24
BEATS = 2
"""Halves of a vector, one a cycle."""
LANES = 16
"""Bytes of a vector."""


@dataclass(frozen=True)
class Vector:
    """A vector instruction, or one of a low-overhead loop; each takes 32 bits."""

    name: str
    """Of its family, as its mnemonics begin."""
    pipe: Pipe
    latency: int
    """Cycles from its beginning until an instruction that reads its result may begin."""
    reads: frozenset[int] = frozenset()
    writes: frozenset[int] = frozenset()
    beats: int = BEATS
    """Cycles in which it occupies its pipeline."""
    target: int | None = None
    """Where an instruction of a loop goes if it does not go on."""


def decode(first: int, second: int, address: int = 0) -> Vector | None:
    """The instruction of these two halfwords at this address, or None where it is none of these."""
    if first & 0xFF80 == 0xF000:
        return _loop(first, second, address)
    opcode = first & 0xEF00
    if opcode == 0xEF00:
        return _immediate(first, second) if first & 0x80 else _lanes(first, second)
    if opcode in (0xEC00, 0xED00) and second & 0x0E00 == 0x0E00:
        return _memory(first, second)
    if opcode == 0xEE00 and second & 0x0E00 == 0x0E00:
        return _across(first, second) if first & 0x80 else _other(first, second)
    if first & 0xFFB1 == 0xEEA0 and second & 0x0F5F == 0x0B10:
        return Vector("vdup", "integer", 1, frozenset((second >> 12,)), _q(first >> 1))
    return None


def _q(*fields: int) -> frozenset[int]:
    """The vectors of these fields."""
    return frozenset(VECTORS + (f & 7) for f in fields)


def _loop(first: int, second: int, address: int) -> Vector | None:
    """The beginnings and ends of low-overhead loops, and VCTP."""
    register = first & 15
    if second == 0xE801:
        return Vector("vctp", "control", 1, frozenset((register,)), frozenset((PREDICATE,)))
    if second == 0xE001:
        name = "lctp" if register == NO_REGISTER else "dls"
        return Vector(name, "control", 1, frozenset((register,)), frozenset((LINK,)), beats=1)
    if second & 0xF001 != 0xC001:
        return None
    distance = (second & 0x7FE) << 1 | (second >> 11 & 1) << 1
    if register == 15:
        return Vector("le", "control", 1, frozenset((LINK,)), frozenset((LINK,)), 1, address + 4 - distance)
    return Vector("wls", "control", 1, frozenset((register,)), frozenset((LINK,)), 1, address + 4 + distance)


def _memory(first: int, second: int) -> Vector:
    """VLDR and VSTR, in lanes, interleaved (VLD2, VLD4) and scattered; and VMOV of two lanes."""
    vector, base = _q(second >> 13), frozenset((first & 15,))
    if first & 0xFFE0 == 0xEC00:
        pair = frozenset((first & 15, second & 15))
        return (
            Vector("vmov", "integer", 1, pair, vector) if first & 0x10 else Vector("vmov", "multiply", 1, vector, pair)
        )
    loads, changed = bool(first & 0x10), base if first & 0x20 else frozenset[int]()
    beats, latency, address = BEATS, 1, base
    if first & 0x1000 and second & 0x1000:
        if first & 0x100:  # a vector of addresses
            address = _q(first >> 1)
            changed, latency, beats = address if first & 0x20 else frozenset(), 2, 2 if second & 0x100 else 4
        else:  # VLD2, VLD4 and their stores
            vector = _q(*(range(n := second >> 13, n + (4 if second & 1 else 2))))
            latency = 2
    elif not second & 0x1000 and not first & 0x120:  # a vector of offsets
        address, latency, beats = base | _q(second >> 1), 2, LANES >> (second >> 7 & 3)
    elif not second & 0x1000:  # lanes are widened, or narrowed
        address = frozenset((first & 7,))
        changed = address if first & 0x20 else changed
    if loads:
        return Vector("vldr", "memory", latency, address, vector | changed, beats)
    return Vector("vstr", "memory", 1, address | vector, changed, beats)


def _lanes(first: int, second: int) -> Vector:
    """Three vectors, lane by lane."""
    kind, odd = second >> 8 & 15, second >> 4 & 1
    into, sources = _q(second >> 13), _q(first >> 1, second >> 1)
    if kind in (9, 11):
        return Vector("vmul", "multiply", 2, sources, into)
    if kind >= 12:
        return Vector("vfloat", "multiply", 2, sources | into, into)
    slow = (kind, odd) in ((4, 1), (5, 0), (5, 1))
    return Vector("vshl" if kind in (4, 5) else "vadd", "integer", 2 if slow else 1, sources, into)


def _immediate(first: int, second: int) -> Vector:
    """One vector, lane by lane, or two with a constant."""
    into, source = _q(second >> 13), _q(second >> 1)
    if not second & 0x10:
        return Vector("vone", "integer", 1, source, into)
    if not first & 0x38 and not second & 0x80:
        return Vector("vmov", "multiply", 2, frozenset(), into)
    kind = second >> 8 & 15
    inserts = kind == 4 or (kind == 5 and first & 0x1000)
    return Vector("vshift", "integer", 2 if kind in (2, 6, 7) else 1, source | into if inserts else source, into)


def _across(first: int, second: int) -> Vector:
    """Sums over lanes into core registers, and shifts that change the width of lanes."""
    into, source = _q(second >> 13), _q(second >> 1)
    low = second >> 12 & 14
    if second & 0x40:
        if first & 0xFFA0 == 0xEEA0 and second & 0x1FF0 == 0x0FC0:
            carry = frozenset((second & 15,))
            return Vector("vshlc", "integer", 1, into | carry, into | carry)
        if not second & 0x80 and first & 0x20:
            return Vector("vshll", "integer", 1, source, into)
        return Vector("vshrn", "integer", 3, source | into, into)
    adds = second & 0x20
    if second & 0x0F00 == 0x0F00:
        if first & 0xEFF1 == 0xEEE0:
            sum_ = frozenset((second >> 12,))
            return Vector("vmaxv", "integer", 2 + (first >> 2 & 3), source | sum_, sum_)
        if first & 0xEFC1 == 0xEE80 and second & 1:
            sum_ = frozenset((second >> 12,))
            return Vector("vabav", "integer", 3, source | _q(first >> 1) | sum_, sum_)
        if first & 0xEFF3 == 0xEEF1:
            sum_ = frozenset((low,))
            return Vector("vaddv", "multiply", 2, source | (sum_ if adds else frozenset()), sum_)
        if first & 0xEF8F == 0xEE89:
            sum_ = frozenset((low, (first >> 3 & 14) + 1))
            return Vector("vaddlv", "multiply", 2, source | (sum_ if adds else frozenset()), sum_)
    high = first >> 4 & 7
    sum_ = frozenset((low,)) if high == 7 else frozenset((low, 2 * high + 1))
    return Vector("vmladav", "multiply", 2, source | _q(first >> 1) | (sum_ if adds else frozenset()), sum_)


def _other(first: int, second: int) -> Vector:
    """Products, comparisons, a vector and a core register, and what narrows lanes."""
    into, left, right = _q(second >> 13), _q(first >> 1), _q(second >> 1)
    number, widest, odd = frozenset((second & 15,)), first & 0x30 == 0x30, first & 1
    predicate = frozenset((PREDICATE,))
    if second & 0x0F00 == 0x0F00:
        if first & 0x1000 and odd:
            if second & 0x1FFF == 0x0F4D and widest:
                return Vector("vpst", "control", 1, frozenset(), predicate)
            if second & 0x1F51 == 0x0F01 and widest:
                return Vector("vpsel", "integer", 1, left | right | predicate, into)
            return Vector("vcmp", "multiply", 1, left | (number if second & 0x40 else right), predicate)
        if odd and second & 0x60 == 0x60:
            start = frozenset((first & 14,))
            return Vector("vidup", "integer", 1, start, into | start)
        multiplies = widest and not odd and (second & 0x70 == 0x60 or second & 1)
        if second & 0x40:
            return Vector("vmul" if multiplies else "vadd", *_pipe(multiplies), left | number, into)
        if widest and not multiplies:
            return Vector("vadc", "integer", 2, left | right, into)
        return Vector("vmul" if multiplies else "vadd", *_pipe(bool(multiplies)), left | right, into)
    if second & 0x40:
        if widest:  # shifts by a core register: of the vector itself
            return Vector("vshl", "integer", 2 if second & 0x80 or first & 2 else 1, into | number, into)
        if first & 0x1000 and odd and second & 0x1070 == 0x1060:
            return Vector("vbrsr", "integer", 1, left | number, into)
        keeps = odd and second & 0x20
        return Vector(
            "vmul" if keeps else "vmla", "multiply", 2, left | number | (frozenset() if keeps else into), into
        )
    if widest and second & 1:
        if first & 3 == 1 and not second & 0x80:
            return Vector("vshll", "integer", 1, right, into)
        return Vector("vmovn", "integer", 3, right | into, into)
    return Vector("vmul", "multiply", 2, left | right | (frozenset() if odd else into), into)


def _pipe(multiplies: int | bool) -> tuple[Pipe, int]:
    return ("multiply", 2) if multiplies else ("integer", 1)
