"""The history of benchmarks/engines: what it says is higher than it was, and what it holds."""

from __future__ import annotations

import csv
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from motes.target import boards

ENGINES = Path(__file__).resolve().parents[1] / "benchmarks" / "engines"
MODEL = {"board": "virt-m0p", "toolchain": "zig", "model": "m", "form": ""}


@pytest.fixture(scope="module")
def history() -> ModuleType:
    """The module, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("engines_history", ENGINES / "history.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def record(commit: str, cycles: int, ram: int = 100, flash: int = 1000, **where: str) -> dict[str, str]:
    figures = {"cycles": str(cycles), "ram": str(ram), "flash": str(flash)}
    return {"date": "2026-11-23", "commit": commit, **MODEL, **where, **figures}


def row(cycles: int, ram: int = 100, flash: int = 1000, **where: str) -> Any:
    named = {**MODEL, **where}
    title = ", ".join(filter(None, (named["model"], named["form"])))
    return SimpleNamespace(**named, title=title, cycles=cycles, ram=ram, flash=flash)


def test_small_steps_add_up(history: ModuleType) -> None:
    """Each is below a hundredth: the best so far is what counts, not the last."""
    records = [record("a", 10_000), record("b", 10_090), record("c", 10_180)]
    assert history.grown([row(10_100)], records, []) == []
    assert history.grown([row(10_270)], records, []) == ["m on virt-m0p: cycles 10,270, 10,000 at commit a"]


def test_each_figure_has_its_own_best(history: ModuleType) -> None:
    records = [record("a", 10_000, ram=400, flash=3000), record("b", 9000, ram=500, flash=2000)]
    assert history.grown([row(9000, ram=404, flash=2020)], records, []) == []
    assert history.grown([row(9091, ram=405, flash=2021)], records, []) == [
        "m on virt-m0p: cycles 9,091, 9,000 at commit b",
        "m on virt-m0p: ram 405, 400 at commit a",
        "m on virt-m0p: flash 2,021, 2,000 at commit b",
    ]


@pytest.mark.parametrize(
    ("now", "title"),
    [
        ({"board": "virt-m33"}, "m on virt-m33 with zig"),
        ({"toolchain": "gcc"}, "m on virt-m0p with gcc"),
        ({"model": "n"}, "n on virt-m0p with zig"),
        ({"form": "speed"}, "m, speed on virt-m0p with zig"),
    ],
)
def test_what_has_no_record_is_told(history: ModuleType, now: dict[str, str], title: str) -> None:
    assert history.grown([row(1, **now)], [record("a", 10_000)], []) == [f"no record for {title}; run with --record"]


def test_what_fits_no_more_is_told(history: ModuleType) -> None:
    records = [record("a", 10_000), record("a", 20_000, form="speed"), record("b", 20_000, form="speed")]
    assert history.gone([row(1)], records) == ["no figures for m, speed on virt-m0p, which fitted at commit b"]
    assert history.gone([row(1), row(1, form="speed")], records) == []


def test_a_rise_that_was_meant_begins_anew(history: ModuleType) -> None:
    rise = {"board": "virt-m0p", "model": "m", "figures": ["ram"], "since": "b", "why": "speed"}
    records = [record("a", 10_000, ram=100), record("b", 5000, ram=300, flash=2000), record("c", 5000, ram=301)]
    assert history.grown([row(5000, ram=303)], records, [rise]) == []
    assert history.grown([row(5000, ram=304)], records, [rise]) == ["m on virt-m0p: ram 304, 300 at commit b"]
    assert history.grown([row(5000, flash=2000)], records, [rise]) == [
        "m on virt-m0p: flash 2,000, 1,000 at commit c"  # no rise of this one was meant
    ]
    speed = [{**r, "form": "speed"} for r in records]
    assert history.grown([row(5000, ram=300, form="speed")], speed, [rise]) == [
        "m, speed on virt-m0p: ram 300, 100 at commit a"
    ]


def test_every_board_has_a_record_of_every_model(history: ModuleType) -> None:
    measured = {board.name for board in boards() if board.core.model}
    models = {(r["model"], r["form"]) for r in history.kept()}
    assert {(r["board"], r["model"], r["form"]) for r in history.kept()} == {(b, *m) for b in measured for m in models}


def test_the_last_records_are_the_best_or_were_meant_to_rise(history: ModuleType) -> None:
    records = history.kept()
    last = {tuple(r[part] for part in history.KEY): r for r in records}
    rows = [
        row(*(int(r[figure]) for figure in history.FIGURES), **{part: r[part] for part in history.KEY})
        for r in last.values()
    ]
    assert len(rows) > 22
    assert history.grown(rows, records, history.meant()) == []


def test_rises_name_what_was_recorded(history: ModuleType) -> None:
    known = {(r["board"], r["model"], r["form"], r["commit"]) for r in history.kept()}
    rises = history.meant()
    assert rises
    for rise in rises:
        assert rise.keys() - {"form"} == {"board", "model", "figures", "since", "why"}
        assert (rise["board"], rise["model"], rise.get("form", ""), rise["since"]) in known
        assert rise["figures"] and set(rise["figures"]) <= set(history.FIGURES)


def test_records_are_added_under_their_commit(history: ModuleType, tmp_path: Path, monkeypatch: Any) -> None:
    """The file that grows is no change of the commit that is measured; any other is."""

    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=n", "-c", "user.email=n@example.org")
        return subprocess.run(
            ("git", "-C", tmp_path, *identity, *arguments), capture_output=True, text=True, check=True
        ).stdout.strip()

    (tmp_path / "in").mkdir()
    (tmp_path / "code").write_text("a")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "begin")
    monkeypatch.setattr(history, "FILE", tmp_path / "in" / "history.csv")
    history.add([row(10)])
    git("add", ".")
    git("commit", "-qm", "recorded")
    history.add([row(9), row(8, form="speed")])
    history.add([row(7)])
    (tmp_path / "code").write_text("b")
    history.add([row(6)])
    head = git("rev-parse", "--short", "HEAD")
    found = [(r["commit"], r["form"], r["cycles"]) for r in history.kept()]
    assert found[1:] == [(head, "", "9"), (head, "speed", "8"), (head, "", "7"), (f"{head}-dirty", "", "6")]
    with history.FILE.open(newline="") as file:
        assert tuple(next(csv.reader(file))) == history.COLUMNS


def test_the_history_in_short() -> None:
    command = [sys.executable, str(ENGINES), "--history", "--model", "kws_ref_model", "--board", "virt-m4"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert "one inference on virt-m4, commit by commit" in lines[0]
    assert lines[2].split() == ["kws_ref_model", "2026-11-23", "80ba174", "2,992,136", "9,904", "36,384"]
    assert lines[3].split() == ["2026-11-23", "7bb22da", "2,975,349", "-0.6%", "9,888", "34,472"]
