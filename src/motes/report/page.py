"""A run as one HTML page that needs nothing else: pictures are inline SVG, and nothing is fetched."""

from __future__ import annotations

import jinja2

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
    env = jinja2.Environment(
        loader=jinja2.PackageLoader("motes.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return env.get_template("run.html.j2").render(
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
