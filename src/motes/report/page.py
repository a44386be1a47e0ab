"""A run or a profile as one HTML page that needs nothing else: pictures are inline SVG, and nothing is fetched."""

from __future__ import annotations

import functools

import jinja2

from motes.profiling import Profile
from motes.report import charts
from motes.report.data import to_json
from motes.running import Outcome


def html(outcome: Outcome, whole_page: bool = True) -> str:
    """The report of a run.

    Args:
        whole_page: a document; otherwise a fragment for a notebook, with a style of its own scope.
    """
    made = outcome.made
    sizes = {what: parts for what, parts in (("flash", made.flash), ("RAM", made.ram)) if parts is not None}
    return (
        _templates()
        .get_template("run.html.j2")
        .render(
            whole_page=whole_page,
            data=to_json(outcome),
            outcome=outcome,
            made=made,
            layers=made.layers,
            energy=outcome.energy,
            timeline=charts.timeline(outcome),
            arena=charts.arena(made.plan.lives, made.plan.arena),
            sizes=charts.bars(sizes) if sizes else "",
            cycles=charts.cycles([(f"{c.stage} / {c.name} ({c.kernel})", c.cycles) for c in made.layers]),
        )
    )


def profile_page(found: Profile) -> str:
    """The report of a profile."""
    return (
        _templates()
        .get_template("profile.html.j2")
        .render(
            data=found.to_json(),
            arena=charts.arena(found.lives, found.ram["arena"]),
            sizes=charts.bars({"flash": found.flash, "RAM": found.ram}),
            cycles=charts.cycles([(f"{layer.name} ({layer.kernel})", layer.cycles) for layer in found.layers]),
        )
    )


@functools.cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("motes.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
