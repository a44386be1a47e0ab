"""Names that would like to be code: shown as they are, and never more than text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motes.emit import prefix_for
from motes.emit.text import comment, string
from motes.names import KEYWORDS, Names, identifier
from small_app import GOOD
from tflite_small import WEIGHTS, X, Y, changed
from tflite_writer import Operator, write_model

EVIL = {
    "ends a comment": "*/ int injected; /*",
    "ends it by a backslash": "*\\\n#error injected\n",
    "ends it by a trigraph": "*??/\n/\n#error injected\n",
    "begins one": "a/*b",
    "quotes": '"\' \\" %s%n %d',
    "lines": "a\n#error injected\r\nb",
    "keyword": "int",
    "no ASCII": "größe 🎉 ключ",
    "terminal": "\x1b[31m\x07\x00",
    "markup": "[bold]<script>alert(1)</script>[/red] &amp; {{ 7 * 7 }}",
    "path": "../../etc/passwd",
    "long": "x" * 5000,
    "nothing": "",
}


def test_tensors_of_a_model(motes_: Any, tmp_path: Path) -> None:
    """All of them in one model, as inputs and as outputs: it compiles, and says nothing that a terminal would obey."""
    inputs = [changed(X, name=name) for name in EVIL.values()]
    outputs = [changed(X, name=name) for name in EVIL.values()]
    adds = [Operator("ADD", (x, x), (y,), {}) for x, y in zip(inputs, outputs, strict=True)]
    path = tmp_path / "m.tflite"
    path.write_bytes(write_model(adds, inputs, outputs))
    ended = motes_("profile", path, "-o", tmp_path / "out", "--json")
    assert ended.status == 0, ended.err
    names = [o["name"] for o in ended.json["outputs"]]
    assert names[:-1] == list(EVIL.values())[:-1]
    assert names[-1].startswith("tensor")
    code = (tmp_path / "out/src/m.c").read_text() + (tmp_path / "out/src/m.h").read_text()
    assert not any(line.startswith("#error") for line in code.splitlines())
    assert "int injected" not in "".join(part.split("*/", 1)[-1] for part in code.split("/*"))
    for verb in ("profile", "check"):
        table = motes_(verb, path)
        assert table.status == 0
        assert "\x1b" not in table.out


@pytest.mark.parametrize(
    "stem",
    [
        "int",
        "main",
        "3 quotes\"'%s",
        "größe",
        "a\nb",
        "motes",
        "motes_ring",
        "ring",
        "board",
        "inputs",
        "int32_t",
        "-o",
    ],
)
def test_files_and_applications_of_any_name(motes_: Any, tmp_path: Path, recording: Path, app: Any, stem: str) -> None:
    path = tmp_path / f"{stem}.tflite"
    path.write_bytes(write_model([Operator("FULLY_CONNECTED", (X, WEIGHTS, None), (Y,), {})], [X], [Y]))
    assert motes_("profile", path, "-o", tmp_path / "out").status == 0
    source = app(GOOD.replace('"small", mt', f"{stem!r}, mt"))
    ended = motes_("run", source, "-i", recording, "--board", "host", "--json", "-o", tmp_path / "app")
    assert ended.status == 0, ended.err
    assert ended.json["app"] == stem
    made = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert all(p.parent in (tmp_path, *(tmp_path / f for f in ("out", "app", "out/src", "app/src"))) for p in made)


def test_labels_and_an_application_of_any_name(motes_: Any, app: Any, recording: Path, tmp_path: Path) -> None:
    """In one image, on the board: what it prints is what was given, on one line, and the page holds no tag of it."""
    labels = [v for k, v in EVIL.items() if k not in ("long", "nothing")]
    text = f"""
import motes as mt
features = mt.MicroFrontend(channels={len(labels)})(mt.Microphone(rate=16_000))
heard = mt.Threshold(0.05, {labels!r})(features)
app = mt.App({EVIL["ends it by a backslash"]!r}, mt.Print(heard))
"""
    said = tmp_path / "labels.txt"
    said.write_text("".join(f"0\t3\t{' '.join(v.split())}\n" for v in labels if v.strip() and "\0" not in v))
    out = tmp_path / "out"
    arguments = ("run", app(text), "-i", recording, "--labels", said, "-o", out)
    board = motes_(*arguments, "--json")
    assert board.status == 0, board.err
    assert "\x1b" not in board.err
    heard = {e["label"] for e in board.json["events"]}
    assert heard
    assert heard <= set(labels)
    table = motes_(*arguments, "--board", "host")
    assert table.status == 0, table.err
    assert "\x1b" not in table.out
    page = (out / "report.html").read_text("utf-8")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


# ------------------------------------------------------------------------------------------------ pieces


@given(st.text() | st.text("*/\\?\n ab"))
def test_nothing_ends_a_comment(text: str) -> None:
    shown = comment(text)
    assert shown.isascii()
    assert shown.isprintable() or not shown
    for hostile in ("*/", "/*", "\\", "??"):
        assert hostile not in f" {shown} "


def test_comments_keep_what_can_be_read() -> None:
    assert comment("conv 1/2: int8[1x8]") == "conv 1/2: int8[1x8]"
    assert comment("*\\\n/ ???") == "*|?/ ? ? ?"


@given(st.text() | st.text('"\\?%\n01x'))
def test_strings_mean_what_they_were_given(text: str) -> None:
    if any(0xD800 <= ord(c) < 0xE000 for c in text):
        return
    literal = string(text)
    assert literal[0] == literal[-1] == '"'
    inside = literal[1:-1]
    assert not set(inside) & set('"%?\n')
    assert inside.encode("ascii").decode("unicode_escape").encode("latin-1").decode("utf-8") == text


@given(st.text() | st.sampled_from(sorted(KEYWORDS)) | st.from_regex(r"\A[A-Z_]{1,60}\Z"))
def test_prefixes_are_identifiers_that_stay(name: str) -> None:
    prefix = prefix_for(name)
    assert prefix.isascii()
    assert prefix.isidentifier()
    assert prefix == prefix.lower() == identifier(prefix)
    assert prefix not in KEYWORDS


def test_thousands_of_names_alike_are_told_apart_soon() -> None:
    names = Names()
    made = [names(text) for text in ["t"] * 20_000 + ["T_7", "t_7", "", "9"]]
    assert len({name.lower() for name in made}) == len(made)
    assert made[:3] == ["t", "t_2", "t_3"]
    assert made[-1] == "x_9"
