"""The virtual boards: a test that takes `virt` runs on each of them, by the hooks in conftest.py.

A board is here by its folder alone. The mark `cores` of a test says more:

    one_in=n            keeps `make test` quick: on boards other than virt-m4, it runs one in n of these tests, the
                        others are slow. Which ones is told by their names...
    by=("parameter",)   ... or by these parameters and the board alone, where tests share what is slow to make
    needs=("dsp",)      only boards whose core has these features
    only="virt-m4"      this board alone
    unicorn=True        only boards whose core Unicorn executes
"""

from __future__ import annotations

import hashlib

from motes.machine.qemu_program import MACHINES
from motes.target import boards

MAIN = "virt-m4"
"""Where every test runs each time."""
CORES = {b.name: b.core for b in boards() if b.core.model}


def serving(needs: tuple[str, ...] = (), only: str = "", unicorn: bool = False) -> list[str]:
    """The boards that a test with such a mark runs on."""
    return [
        name
        for name, core in CORES.items()
        if core.features >= set(needs) and only in ("", name) and not (unicorn and core.model in MACHINES)
    ]


def share(name: str, of: int) -> int:
    """Which of so many equal shares this name belongs to, 0 to `of` - 1: always the same."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little") % of
