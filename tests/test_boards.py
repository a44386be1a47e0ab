"""Every virtual board: the same application gives the same events, the same model the same bytes; what reports say."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

import motes as mt
from bursts import application, classifier, noise
from cores import CORES, MAIN
from motes.built import Build, Run
from motes.profiling import Profile, profile
from motes.target import Board


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, mt.App]:
    folder = tmp_path_factory.mktemp("boards")
    model = classifier(folder / "model.tflite", size=8, layers=1, channels=4)
    return model, noise(folder / "noise.wav"), application(model, 8, hop_ms=20, stride=4)


@pytest.fixture(scope="module")
def built(small: tuple[Path, Path, mt.App], virt: Board) -> Build:
    _, _, app = small
    return app.build(virt.name)


@pytest.fixture(scope="module")
def run(small: tuple[Path, Path, mt.App], built: Build) -> Run:
    _, recording, _ = small
    return built.run(recording)


@pytest.fixture(scope="module")
def profiled(small: tuple[Path, Path, mt.App], virt: Board) -> Profile:
    model, _, _ = small
    return profile(model, virt.name, input="lcg")


def test_events_are_those_of_the_host(small: tuple[Path, Path, mt.App], run: Run) -> None:
    _, recording, app = small
    here = app.build("host").run(recording)
    assert len(run.events) >= 3
    assert [(e.time_s, e.label, e.score) for e in run.events] == [(e.time_s, e.label, e.score) for e in here.events]
    found = run.to_json()
    assert (found["missed_deadlines"], found["dropped_samples"]) == (0, 0)
    assert 0 < found["stack_high_water"] <= found["ram"]["stack"]


def test_models_give_the_bytes_that_they_give_elsewhere(small: tuple[Path, Path, mt.App], profiled: Profile) -> None:
    model, _, _ = small
    usual = profile(model, MAIN, input="lcg")
    assert [o.sha256 for o in profiled.outputs] == [o.sha256 for o in usual.outputs]
    assert profiled.cycles >= profiled.instructions / 2  # no core begins more than two instructions in a cycle


def test_a_profile_says_how_near_to_silicon_this_core_is(profiled: Profile, virt: Board, tmp_path: Path) -> None:
    tells_the_caveat([profiled], virt, tmp_path)


def test_an_application_says_how_near_to_silicon_this_core_is(
    built: Build, run: Run, virt: Board, tmp_path: Path
) -> None:
    tells_the_caveat([built, run], virt, tmp_path)


def tells_the_caveat(reports: Sequence[Build | Run | Profile], virt: Board, tmp_path: Path) -> None:
    """On the terminal, in JSON, on the page and in a notebook; and of no other core."""
    assert virt.core.caveat
    others = {core.caveat for core in CORES.values()} - {virt.core.caveat}
    for report in reports:
        told = report.to_json()["caveat"]
        assert told == virt.core.caveat
        page = report.save(tmp_path / "page.html").read_text("utf-8")
        for text in (shown(report.table()), page, report._repr_html_()):
            assert told in text
            assert not [caveat for caveat in others if caveat in text]


def shown(table: RenderableType) -> str:
    text = io.StringIO()
    Console(width=400, file=text).print(table)
    return text.getvalue()
