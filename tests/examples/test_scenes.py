"""The three demos, whole: the image on its scene on the virtual board, within a budget, and equal to the host."""

from __future__ import annotations

import pytest

from cores import MAIN
from motes.app import load_app
from motes.demo import scene
from motes.errors import BadInput
from motes.target import Board

BUDGETS = {
    "keywords": {"ram": 13_770, "flash": 67_700, "busy": 0.103, "false_alarms": 1},
    "vision": {"ram": 26_300, "flash": 17_500, "busy": 0.121, "false_alarms": 0},
    "machine": {"ram": 36_500, "flash": 34_800, "busy": 0.031, "false_alarms": 0},
}
"""Bytes, and the share of time at work, on virt-m4; they may only fall."""


@pytest.mark.cores(one_in=4)
@pytest.mark.parametrize("name", BUDGETS)
def test_a_demo_hears_its_scene(name: str, virt: Board) -> None:
    chosen, budget = scene(name), BUDGETS[name]
    app = load_app(chosen.app)
    done = app.build(virt.name).run(chosen.input, labels=chosen.labels)
    found = done.to_json()
    assert found["heard"] >= 0.9 * (found["heard"] + found["missed"]) > 5
    assert found["false_alarms"] <= budget["false_alarms"]
    assert (found["missed_deadlines"], found["dropped_samples"], found["exit_status"]) == (0, 0, 0)
    assert 0 < found["stack_high_water"] <= found["ram"]["stack"]
    if virt.name == MAIN:
        assert found["ram"]["total"] <= budget["ram"]
        assert found["flash"]["total"] <= budget["flash"]
        assert found["busy_share"] <= budget["busy"]
    for stage in found["stages"]:
        assert stage["worst_response_ms"]["measured"] <= stage["worst_response_ms"]["computed"]
    on_host = app.build("host").run(chosen.input)
    assert [(e.time_s, e.label, e.score) for e in done.events] == [(e.time_s, e.label, e.score) for e in on_host.events]


def test_there_is_no_other_demo():
    with pytest.raises(BadInput, match="no demo is called 'keyword'; did you mean keywords"):
        scene("keyword")
