"""The page: whole, self-contained, its names only ever text, the same each time; in a browser where there is one."""

from __future__ import annotations

import html.parser
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.figure import Figure

import motes as mt
from bursts import application, classifier, noise
from motes.application import Stage
from motes.built import Run
from motes.report import build_page, run_page
from motes.report.charts import BAD, COLOURS
from motes.report.reading import responses
from motes.report.timeline import runs
from motes.running import Outcome

RUN = ("The run", "Detections", "Stages and rings", "Memory", "The arena over the calls of each stage",
       "Cycles by layer and kernel", "Current and battery life, an estimate")  # fmt: skip
ON_HOST = ("The run", "Detections", "Stages and rings", "The arena over the calls of each stage")


class Elements(html.parser.HTMLParser):
    """Headings, text and everything that might fetch something."""

    FETCHING = frozenset({"src", "href", "xlink:href", "srcset", "data", "poster", "action", "formaction", "ping"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.headings: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in self.FETCHING]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self.tags and self.tags[-1] == "h2" and data.strip():
            self.headings.append(data)


def needs_nothing_else(page: str) -> Elements:
    found = Elements(page)
    assert not {"script", "link", "iframe", "object", "embed", "base"} & set(found.tags)
    assert not found.handlers
    assert all(a.startswith(("data:image/png;base64,", "#")) for a in found.addresses)
    assert "@import" not in page and "url(" not in page.replace("url(#", "")
    assert len(page) < 1_500_000
    return found


def test_the_page_of_a_run_is_whole(on_board: Run) -> None:
    page = run_page(on_board.outcome)
    assert page.startswith("<!doctype html>")
    found = needs_nothing_else(page)
    assert tuple(found.headings) == RUN
    assert found.tags.count("svg") == 6  # the run, flash, RAM, the arena, cycles of two stages
    assert (on_board.outcome.made.folder / "report.html").read_text("utf-8") == page


def test_the_page_on_the_host_leaves_out_what_has_no_clock(on_host: Run) -> None:
    found = needs_nothing_else(run_page(on_host.outcome))
    assert tuple(found.headings) == ON_HOST
    assert not [t for t in found.texts if "latency" in t or "missed deadlines" in t or "None" in t]


@pytest.mark.parametrize("board", ["virt-m4", "host"])
def test_the_page_of_a_build_has_no_run(app: mt.App, board: str) -> None:
    build = app.build(board)
    page = build_page(build.made)
    found = needs_nothing_else(page)
    assert tuple(found.headings) == tuple(h for h in (RUN[:-1] if board != "host" else ON_HOST) if h not in RUN[:2])
    assert found.tags.count("svg") == (1 if board == "host" else 5)


def test_the_page_of_a_profile_is_whole(tmp_path: Path) -> None:
    found = mt.profile(classifier(tmp_path / "model.tflite", size=8, layers=3), out=tmp_path / "out")
    saved = found.save()
    assert saved == tmp_path / "out" / "report.html"
    page = needs_nothing_else(saved.read_text("utf-8"))
    assert page.headings == ["Cycles by layer and kernel", "Memory", "The arena over the calls", "Outputs"]
    assert found.outputs[0].sha256 in page.texts
    assert found._repr_html_() in saved.read_text("utf-8")


def test_names_and_labels_are_text(on_board: Run, app: mt.App) -> None:
    page = run_page(on_board.outcome)
    for hostile in (app.name, *app.application.sinks[0].labels):
        assert hostile not in page
        assert hostile in Elements(page).texts
    assert not {"img", "script"} & set(Elements(page).tags)


def test_a_fragment_keeps_its_style_to_itself(on_board: Run, app: mt.App) -> None:
    for shown in (on_board, app.build("virt-m4")):
        fragment = shown._repr_html_()
        assert fragment.startswith('<div class="motes">')
        assert not {"html", "head", "body", "meta", "title"} & set(Elements(fragment).tags) - {"title"}
        style = fragment[fragment.index("<style>") + 7 : fragment.index("</style>")]
        rules = re.sub(r"@media[^{]*\{", "", style)
        for selectors in re.findall(r"([^{}]+)\{", rules):
            for selector in selectors.split(","):
                assert selector.strip().startswith(".motes"), selector


def test_two_runs_draw_one_page(app: mt.App, recording: Path, labels: Path, on_board: Run, tmp_path: Path) -> None:
    again = app.build("virt-m4", out=tmp_path / "elsewhere").run(recording, labels)
    page = run_page(again.outcome)
    assert page == run_page(on_board.outcome)
    assert str(tmp_path) not in page and str(recording.parent) not in page


def test_every_inference_and_every_miss_is_drawn(tmp_path: Path, recording: Path, on_board: Run) -> None:
    for stage in on_board.outcome.made.application.stages:
        found = responses(on_board.outcome, stage)
        assert found is not None and not found.missed.any()
        assert len(found.due_s) == len([s for s in on_board.outcome.execution.spans if s.name == stage.name])
        assert found.took_s.min() > 0 and found.took_s.max() < float(stage.period)
        assert marks(on_board.outcome, stage) == (len(found.due_s), 0)


def marks(outcome: Outcome, stage: Stage) -> tuple[int, int]:
    """Runs that met their deadlines, in blue, and those that missed them, in red, as the timeline draws them."""
    axes = Figure().subplots()
    runs(outcome, stage).draw(axes)
    drawn = {line.get_color(): len(line.get_xdata()) // 3 for line in axes.lines}
    assert set(drawn) == {COLOURS[0], BAD}
    return drawn[COLOURS[0]], drawn[BAD]


def test_missed_deadlines_are_red(tmp_path: Path) -> None:
    """Inference takes longer than the two hops until the next; the recording ends before rings overflow."""
    model = classifier(tmp_path / "model.tflite", size=16, layers=6, channels=16)
    done = application(model, 16, hop_ms=10, stride=2).build("virt-m4").run(noise(tmp_path / "noise.wav", 0.35))
    hop, infer = (responses(done.outcome, s) for s in done.outcome.made.application.stages)
    assert done.outcome.dropped == 0
    assert not hop.missed.any() and infer.missed[:-1].all()
    assert infer.missed.sum() == done.outcome.missed > 3
    assert infer.took_s.max() > 0.02
    missed = int(infer.missed.sum())
    assert [marks(done.outcome, s) for s in done.outcome.made.application.stages] == [
        (len(hop.due_s), 0), (len(infer.due_s) - missed, missed)
    ]  # fmt: skip
    assert f"{missed} missed" in run_page(done.outcome)
    assert "too slow" in build_page(done.outcome.made)


def test_a_browser_shows_it(
    browse: Callable[[Path], tuple[str, list[str]]], on_board: Run, app: mt.App, tmp_path: Path
) -> None:
    document, console = browse(on_board.save(tmp_path / "report.html"))
    assert not console
    assert "<title>taken" not in document
    found = Elements(document)
    assert tuple(found.headings) == RUN
    assert found.tags.count("path") > 20 and found.tags.count("image") > 1
    for hostile in (app.name, *app.application.sinks[0].labels):
        assert hostile in found.texts
