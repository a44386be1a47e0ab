"""What the documents show runs: their Python, their commands, their C."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

import motes as mt
from conftest import missing
from motes.build import host
from motes.cli import main
from motes.demo import examples
from motes.exporting import export
from motes.listing import list_operators
from motes.recording import read_labels
from motes.tflite import load

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SECONDS = 10
"""So much of the scene is enough."""

ARDUINO_H = """
#include <stdint.h>
struct Stream_ { void begin(long) {} void print(const char *) {} };
static Stream_ Serial;
"""
PDM_H = """
struct Pdm_ {
    int available() { return 0; }
    int read(void *, unsigned long n) { return (int)n; }
    void onReceive(void (*)()) {}
    void setBufferSize(int) {}
    int begin(int, int) { return 1; }
};
static Pdm_ PDM;
"""
SKETCH_MAIN = "\nint main() { setup(); loop(); on_sound(); }\n"


def blocks(document: Path, language: str) -> list[str]:
    return [text for name, text in BLOCK.findall(document.read_text("utf-8")) if name == language]


def having(language: str) -> list[Path]:
    return [d for d in DOCUMENTS if blocks(d, language)]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with what the documents name: an application, its model, a short scene and its labels."""
    example = examples() / "keyword_spotting"
    for name in ("app.py", "model.tflite"):
        shutil.copy(example / name, tmp_path / name)
    samples, rate = soundfile.read(example / "scene.wav", dtype="int16")
    soundfile.write(tmp_path / "scene.wav", samples[: SECONDS * rate], rate, subtype="PCM_16")
    kept = [k for k in read_labels(example / "scene.txt") if k.end < SECONDS]
    (tmp_path / "scene.txt").write_text("".join(f"{k.start}\t{k.end}\t{k.text}\n" for k in kept), "utf-8")
    monkeypatch.chdir(tmp_path)
    yield tmp_path


@pytest.mark.parametrize("document", having("python"), ids=lambda d: d.name)
def test_python(document: Path, workplace: Path) -> None:
    names: dict[str, object] = {}
    for i, text in enumerate(blocks(document, "python")):
        exec(compile(text, f"{document.name}, block {i}", "exec"), names)


@pytest.mark.parametrize("document", having("sh"), ids=lambda d: d.name)
def test_commands(
    document: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line for text in blocks(document, "sh") for line in text.splitlines()]
    for line in lines:
        monkeypatch.setattr(sys, "argv", shlex.split(line))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert not ended.value.code, f"{line}: {err}"
        assert out, line


def test_documents_name_files_that_exist() -> None:
    for document in DOCUMENTS:
        text = document.read_text("utf-8")
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert target.startswith("http") or (document.parent / target).exists(), f"{document.name}: {target}"
        for path in re.findall(r"`((?:docs|examples|src|tests|benchmarks|boards)/[\w./-]+)`", text):
            assert (ROOT / path).exists() or (ROOT / "src" / "motes" / path).exists(), f"{document.name}: {path}"


def test_the_table_of_operators_is_that_of_the_folders() -> None:
    # Made again by `motes ops --markdown`.
    _, table = (ROOT / "docs" / "operators.md").read_text("utf-8").split("<!-- motes ops --markdown -->\n")
    assert table == list_operators().markdown()


def test_the_tree_of_the_architecture_is_that_of_the_package() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    _, rest = text.split("    src/motes/\n")
    tree, _ = rest.split("    tests/ ")
    entries = [line.strip().split("  ")[0] for line in tree.splitlines() if re.match(r" {6}\S", line)]
    told = [name.split("/")[0] for entry in entries for name in entry.split(", ")]
    package = ROOT / "src" / "motes"
    there = {p.name for p in package.iterdir() if p.suffix == ".py" or (p.is_dir() and p.name != "__pycache__")}
    assert sorted(told) == sorted(there)


# ------------------------------------------------------------------------------------------------ the C


def compile_with(compiler: str, *arguments: str | Path) -> None:
    if shutil.which(compiler) is None:
        missing(f"{compiler} is not installed")
    command = [compiler, "-O1", "-Wall", "-Wextra", "-Werror", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def test_the_program_in_c_hears_what_run_hears(workplace: Path) -> None:
    program, _ = blocks(ROOT / "docs" / "c-api.md", "c")
    run = mt.load_app("app.py").build("host", out="out").run("scene.wav")
    (workplace / "hear.c").write_text(program)
    compile_with("gcc", "-std=c11", "-Iout/src", "hear.c", "out/src/keyword_spotting.c", "-o", "hear")
    samples = Path("scene.wav").read_bytes()[44:]
    done = subprocess.run([workplace / "hear"], input=samples, capture_output=True, check=True)
    heard = [line.split(" ", 4) for line in done.stdout.decode().splitlines()]
    assert [(float(t), label) for t, _, sink, _, label in heard if sink == "0"] == [
        (e.time_s, e.label) for e in run.events
    ]
    assert run.events


def test_the_program_with_a_model_runs(workplace: Path) -> None:
    _, program = blocks(ROOT / "docs" / "c-api.md", "c")
    export("model.tflite", out="out")
    (workplace / "infer.c").write_text(program)
    compile_with("gcc", "-std=c11", "-Iout/src", "infer.c", "out/src/model.c", "-o", "infer")
    (compiled,) = host.load([graph := load(Path("model.tflite"))])
    (scores,) = compiled(np.full(graph.inputs[0].shape, -128, np.int8))
    assert subprocess.run([workplace / "infer"], check=False).returncode == int(scores.ravel()[0] > 0)


def test_the_sketch_compiles(workplace: Path) -> None:
    (sketch,) = blocks(ROOT / "docs" / "c-api.md", "cpp")
    mt.load_app("app.py").build("host", out="out")
    for name, text in {"Arduino.h": ARDUINO_H, "PDM.h": PDM_H, "sketch.cpp": sketch + SKETCH_MAIN}.items():
        (workplace / name).write_text(text)
    compile_with("gcc", "-std=c11", "-Iout/src", "-c", "out/src/keyword_spotting.c", "-o", "app.o")
    compile_with("g++", "-std=c++17", "-I.", "-Iout/src", "sketch.cpp", "app.o", "-o", "sketch")
    assert os.access(workplace / "sketch", os.X_OK)
