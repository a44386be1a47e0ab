"""What a terminal shows of a run."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from motes.built import Run
from motes.judging import Verdict
from motes.recording import Label
from motes.report import milliseconds
from motes.running import Outcome


def shown(run: Run) -> str:
    text = io.StringIO()
    Console(width=200, file=text).print(run.table())
    return text.getvalue()


def test_a_board_shows_what_it_took(on_board: Run) -> None:
    text = shown(on_board)
    for word in ("latency", "cycles", "worst response", "busy", "deadlines  0 missed", "RAM", "flash", "battery"):
        assert word in text, word
    data = on_board.to_json()
    assert f"{data['heard']} of 2 heard, {data['false_alarms']} false alarm" in text
    assert f"{data['stack_high_water']:,} of {data['ram']['stack']:,} bytes used at most" in text


def test_the_host_has_no_columns_for_what_it_cannot_measure(on_host: Run) -> None:
    text = shown(on_host)
    for word in ("latency", "cycles", "worst response", "busy", "deadlines", "RAM", "None"):
        assert word not in text, word
    assert "samples  0 dropped" in text


def test_names_are_not_markup(on_board: Run) -> None:
    application = on_board.outcome.made.application
    for name in (application.name, *(e.label for e in on_board.events)):
        assert name in shown(on_board)


def test_names_command_no_terminal(on_host: Run) -> None:
    verdict = Verdict(((Label(0.0, 1.0, "one\x1b[2Jtwo\nthree"), None),), ())
    text = shown(Run(Outcome(**{**vars(on_host.outcome), "verdict": verdict})))
    assert "one?[2Jtwo?three" in text and "\x1b" not in text


@pytest.mark.parametrize(("ms", "words"), [(46.4899, "46.49 ms"), (0.1, "0.10 ms"), (0.00122, "0.0012 ms")])
def test_times_that_round_to_nothing_are_told(ms: float, words: str) -> None:
    assert milliseconds(ms) == words
