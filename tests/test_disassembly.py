"""Capstone's decoders."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest

from motes import disassembly


def test_instructions() -> None:
    assert [(i.mnemonic, i.op_str) for i in disassembly.thumb().disasm(b"\x0c\x20\x05\x30", 0)] == [
        ("movs", "r0, #0xc"),
        ("adds", "r0, #5"),
    ]
    assert [i.mnemonic for i in disassembly.riscv().disasm(b"\x82\x80", 0)] == ["c.jr"]


def test_making_one_imports_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Watching:
        @staticmethod
        def find_spec(name: str, path: Sequence[str] | None, target: object = None) -> None:
            raise KeyboardInterrupt(name)

    monkeypatch.setattr(sys, "meta_path", [Watching, *sys.meta_path])
    with pytest.raises(KeyboardInterrupt, match="no_such_module"):
        import no_such_module  # noqa: F401
    for make in (disassembly.thumb, disassembly.riscv):
        assert make().disasm(b"", 0) is not None
    assert sys.modules["capstone.ccapstone"] is None
