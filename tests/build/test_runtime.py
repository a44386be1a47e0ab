"""The functions that compilers call of their own accord, on the core: right for sizes and numbers of all kinds."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from motes.build import image
from motes.machine import measure
from motes.target import Board

SOURCE = Path(__file__).with_name("runtime_cases.c")


def cases() -> str:
    rng = random.Random(0)

    def draw(bits: int) -> int:
        return rng.choice((rng.getrandbits(rng.randint(1, bits)), (1 << rng.randint(0, bits)) - rng.randint(0, 1)))

    whole = [(0, 1), (1, 1), (2**64 - 1, 1), (2**64 - 1, 2**64 - 1), (2**63, 2**32), (2**32, 2**32 - 1), (5, 7)]
    whole += [(draw(64) % 2**64, draw(64) % 2**64 or 1) for _ in range(300)]
    signed = [(-1, 1), (-(2**63), 1), (-(2**63), 2), (2**63 - 1, -1), (-7, 2), (7, -2), (-7, -2)]
    signed += [(rng.choice((-1, 1)) * draw(62), rng.choice((-1, 1)) * (draw(62) or 1)) for _ in range(300)]
    towards_zero = [abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1) for x, y in signed]
    rows = [f"{{{x}u, {y}u, {x // y}u, {x % y}u}}," for x, y in whole]
    text = "static const uint64_t unsigned_cases[][4] = {" + "\n".join(rows) + "};\n"
    rows = [
        "{" + ", ".join(f"(int64_t){v % 2**64}u" for v in (x, y, q, x - q * y)) + "},"
        for (x, y), q in zip(signed, towards_zero, strict=True)
    ]
    text += "static const int64_t signed_cases[][4] = {" + "\n".join(rows) + "};\n"
    return text + "static const uint32_t float_cases[][3] = {" + "\n".join(quotients(rng)) + "};\n"


def quotients(rng: random.Random) -> list[str]:
    """Bits of floats and of their quotients: of all sizes, subnormal ones and those that round to normal among them."""
    ends = [0, 1, 0x7FFFFF, 0x800000, 0x800001, 0x3F800000, 0x40400000, 0x7F7FFFFF, 0x7F800000, 0x7FC00000]
    pairs = [(x | sign, by) for x in ends for by in ends for sign in (0, 0x80000000)]
    pairs += [(rng.getrandbits(32), rng.getrandbits(32)) for _ in range(300)]
    pairs += [(rng.getrandbits(25), rng.randint(0x3F000000, 0x4A000000)) for _ in range(300)]
    pairs += [(rng.getrandbits(27), rng.randint(60 << 23, 254 << 23) & 0xFFF00000) for _ in range(300)]
    x, by = (np.array(side, np.uint32).view(np.float32) for side in zip(*pairs, strict=True))
    with np.errstate(all="ignore"):
        found = (x / by).view(np.uint32)
    return [f"{{{a}u, {b}u, {q}u}}," for (a, b), q in zip(pairs, found, strict=True)]


def test_the_runtime_functions_do_what_they_should(tmp_path: Path, compiler: str, virt: Board) -> None:
    if compiler == "gcc" and not virt.core.gcc_flags:
        pytest.skip("that compiler does not know the core")
    sources = {"main.c": SOURCE.read_text("utf-8"), "cases.inc": cases()}
    made = image.link(sources, virt, tmp_path, name="runtime", prefix="p", compiler=compiler)
    assert measure(made.elf, virt).exit_status == 0
