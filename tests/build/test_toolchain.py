"""The compilers: how they are found, what they are told, and what they say."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from motes.build import cache, toolchain
from motes.build.compile import compile_all, reached, unit_key
from motes.errors import BadInput, BuildFailed
from motes.exporting import export
from motes.target import core

M4 = core("cortex-m4")


@pytest.fixture
def fresh() -> Iterator[None]:
    """Compilers are looked for again, now and afterwards."""
    for found in (toolchain._zig, toolchain._gcc):
        found.cache_clear()
    yield
    for found in (toolchain._zig, toolchain._gcc):
        found.cache_clear()


def test_an_unknown_toolchain_is_told() -> None:
    with pytest.raises(BadInput, match="unknown toolchain 'tcc'; known are zig and gcc"):
        toolchain.for_core(M4, "tcc")


def test_a_missing_gcc_is_told(fresh: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInput, match=r"arm-none-eabi-gcc is not on the path; install it .*apt install gcc-arm-none"):
        toolchain.for_core(M4, "gcc")


def test_a_missing_zig_is_told(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"the compiler is not installed; run: python -m pip install ziglang==0\.17\.1"):
        toolchain.for_core(M4)


def test_an_unknown_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain.platform, "machine", lambda: "mips")
    with pytest.raises(
        BadInput, match=r"this machine \(mips, \w+\) cannot run generated C; use Linux, macOS or Windows"
    ):
        toolchain.for_host()


@pytest.mark.parametrize(
    ("machine", "system", "target"),
    [
        ("x86_64", "linux", "x86_64-linux-gnu"),
        ("aarch64", "linux", "aarch64-linux-gnu"),
        ("arm64", "darwin", "aarch64-macos"),
        ("x86_64", "darwin", "x86_64-macos"),
        ("AMD64", "win32", "x86_64-windows-gnu"),
    ],
)
def test_libraries_are_made_for_every_machine(
    machine: str, system: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toolchain.for_host()  # found on this machine, before it pretends to be another
    monkeypatch.setattr(toolchain.platform, "machine", lambda: machine)
    monkeypatch.setattr(toolchain.sys, "platform", system)
    compiler = toolchain.for_host()
    assert compiler.flags[:3] == ("-target", target, "-mcpu=baseline")
    for name in ("motes.h", "host.c", "runtime.c"):
        (tmp_path / name).write_text((Path(toolchain.__file__).parents[1] / "c" / name).read_text())
    compiler.link(["host.c", "runtime.c"], "made", tmp_path)
    assert (tmp_path / "made").stat().st_size > 1000


def test_a_complaint_is_short_and_begins_with_the_error() -> None:
    text = "\n".join(["a.c: warning: first", "", "a.c:3: error: second", *(f"line {i}" for i in range(30))])
    lines = toolchain.complaint(text).splitlines()
    assert lines[0] == "  a.c:3: error: second"
    assert len(lines) == toolchain.SHOWN_LINES + 1
    assert lines[-1] == "  (19 more lines)"


def test_a_compiler_that_hangs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*args: object, **options: object) -> None:
        raise subprocess.TimeoutExpired("zig", toolchain.LONGEST_RUN)

    monkeypatch.setattr(toolchain.subprocess, "run", hang)
    with pytest.raises(BuildFailed, match=r"a\.c: zig 0\.17\.1 did not finish in 600 s"):
        toolchain.for_core(M4).compile("a.c", tmp_path)


def test_a_compiler_that_does_not_start_is_told(tmp_path: Path) -> None:
    broken = toolchain.Compiler("zig", (str(tmp_path / "nothing"),), "0", (), ())
    with pytest.raises(BuildFailed, match=r"a\.c: .*nothing does not start \(No such file or directory\)"):
        broken.compile("a.c", tmp_path)


def test_the_environment_does_not_change_what_is_made(
    cache_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "stdint.h").write_text("#error taken from CPATH\n")
    monkeypatch.setenv("CPATH", str(tmp_path))
    monkeypatch.setenv("C_INCLUDE_PATH", str(tmp_path))
    made = compile_all(toolchain.for_core(M4), {"a.c": "#include <stdint.h>\nuint8_t a;\n"})
    assert list(made) == ["a.c"]


def test_the_fpu_is_used(cache_folder: Path, compiler: str) -> None:
    source = {"a.c": "float f(float a, float b, float c);\nfloat f(float a, float b, float c) { return a * b + c; }\n"}
    made = compile_all(toolchain.for_core(M4, compiler), source)["a.c"].read_bytes()
    assert b"__aeabi_fmul" not in made
    multiply, add, fused = (bytes.fromhex(h) for h in ("20ee20", "30ee", "a0ee20"))
    assert b"fma" not in made
    assert fused not in made
    assert multiply[:2] in made
    assert add in made


# ------------------------------------------------------------------------------------------------ units


SOURCES = {
    "a.c": '#include "one.h"\nint a(void);\nint a(void) { return ONE; }\n',
    "b.c": "int b(void);\nint b(void) { return 2; }\n",
    "one.h": '#include "two.h"\n#define ONE (TWO - 1)\n',
    "two.h": "#define TWO 2\n",
    "unused.h": "",
}


def test_a_unit_reaches_what_it_includes() -> None:
    assert reached("a.c", SOURCES) == ["a.c", "one.h", "two.h"]
    assert reached("b.c", SOURCES) == ["b.c"]


def test_headers_that_include_each_other_end() -> None:
    assert reached("a.h", {"a.h": '#include "b.h"', "b.h": '#include "a.h"'}) == ["a.h", "b.h"]


@pytest.mark.parametrize(("changed", "units"), [("two.h", ["a.c"]), ("b.c", ["b.c"]), ("unused.h", [])])
def test_what_changed_is_compiled(changed: str, units: list[str], cache_folder: Path, starts: list[str]) -> None:
    compiler = toolchain.for_core(M4)
    compile_all(compiler, SOURCES)
    assert sorted(starts) == ["a.c.o", "b.c.o"]
    starts.clear()
    compile_all(compiler, {**SOURCES, changed: SOURCES[changed] + "/* changed */\n"})
    assert starts == [f"{unit}.o" for unit in units]


def test_options_and_compilers_make_other_objects() -> None:
    zig = toolchain.for_core(M4)
    keys = {
        unit_key(zig, "b.c", SOURCES),
        unit_key(zig, "b.c", SOURCES, ("-DX",)),
        unit_key(toolchain.for_host(), "b.c", SOURCES),
        unit_key(toolchain.for_host(sanitize=True), "b.c", SOURCES),
        unit_key(toolchain.for_host(optimise="-O1"), "b.c", SOURCES),
    }
    assert len(keys) == 5


def test_a_unit_that_fails_leaves_no_object(cache_folder: Path) -> None:
    with pytest.raises(BuildFailed, match=r"bad\.c: zig"):
        compile_all(toolchain.for_core(M4), {"bad.c": "int a(", "good.c": "int b;\n"})
    assert list((cache_folder / "work").iterdir()) == []
    assert cache.find(unit_key(toolchain.for_core(M4), "bad.c", {"bad.c": "int a("})) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gcc", "toolchain gcc: host is compiled by zig alone; leave out --toolchain gcc"),
        ("tcc", "unknown toolchain 'tcc'; known are zig and gcc"),
    ],
)
def test_this_machine_has_one(name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=words):
        export(tmp_path / "m.tflite", out=tmp_path / "out", toolchain=name)
    assert not (tmp_path / "out").exists()
