"""What building and running an application give back to a user: values that show themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from motes.build.files import write_files
from motes.build.image import Image
from motes.judging import Event
from motes.making import Made
from motes.progress import Progress, silent
from motes.report import build_page, run_page, summary, to_json
from motes.running import Outcome, Trace, run


class Build:
    """A built application.

    Attributes:
        made: all that was decided for it: programs, plan, schedule, C.
    """

    def __init__(self, made: Made) -> None:
        self.made = made

    def __repr__(self) -> str:
        sizes = ((self.made.flash, "flash"), (self.made.ram, "RAM"))
        taken = "".join(f", {size['total']:,} bytes of {what}" for size, what in sizes if size)
        return f"Build({self.made.application.name!r} for {self.made.board.name}{taken})"

    @property
    def image(self) -> Image | None:
        """The image's files and sizes; None on the host."""
        return self.made.image

    @property
    def report(self) -> dict[str, Any]:
        """Sizes, stages, rings and layers, as `motes build --json` prints them."""
        return self.to_json()

    def run(
        self,
        recording: str | Path,
        labels: str | Path | None = None,
        on_event: Callable[[Event], None] | None = None,
        progress: Progress = silent,
    ) -> Run:
        """Play a recording to the application's sensor, until it ends; report.html goes to the build's folder.

        Args:
            recording: a file that the sensor can play, see `motes.recording`.
            labels: an Audacity label track of what is in it: the run is then judged.
            on_event: called with each detection as it is made; its latency is known at the end.

        Raises:
            BadInput: a file cannot be used.
            BoardFault: the image stopped.
        """
        outcome = run(self.made, Path(recording), None if labels is None else Path(labels), on_event, progress)
        done = Run(outcome)
        progress("writing the report", None)
        done.save()
        return done

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return self.made.to_json()

    def table(self) -> RenderableType:
        """For a terminal."""
        return self.made.table()

    def save(self, path: str | Path | None = None) -> Path:
        """Write the report, without a run, as one self-contained HTML page; None: report.html in the build's folder.

        Raises:
            BadInput: the file cannot be written.
        """
        return _save(build_page(self.made), path, self.made)

    def _repr_html_(self) -> str:
        """For a notebook."""
        return build_page(self.made, whole=False)


class Run:
    """A run of an application on a recording.

    Attributes:
        outcome: all that came of it.
    """

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome

    def __repr__(self) -> str:
        made, count = self.outcome.made, len(self.events)
        events = f"{count} event{'s' * (count != 1)} in {self.outcome.duration_s:g} s"
        return f"Run({made.application.name!r} on {made.board.name}: {events})"

    @property
    def events(self) -> tuple[Event, ...]:
        """What was detected."""
        return self.outcome.events

    @property
    def image(self) -> Image | None:
        """The image that ran; None on the host."""
        return self.outcome.made.image

    @property
    def traces(self) -> tuple[Trace, ...]:
        """What the stages computed, run by run: features, scores, decisions."""
        return self.outcome.traces

    @property
    def exit_status(self) -> int:
        """The application's exit status."""
        return self.outcome.exit_status

    @property
    def report(self) -> dict[str, Any]:
        """Everything measured, as `motes run --json` prints it."""
        return self.to_json()

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return to_json(self.outcome)

    def table(self) -> RenderableType:
        """For a terminal."""
        return summary(self.outcome)

    def save(self, path: str | Path | None = None) -> Path:
        """Write the report as one self-contained HTML page; None: report.html in the build's folder.

        Raises:
            BadInput: the file cannot be written.
        """
        return _save(run_page(self.outcome), path, self.outcome.made)

    def _repr_html_(self) -> str:
        """For a notebook."""
        return run_page(self.outcome, whole=False)


def _save(page: str, path: str | Path | None, made: Made) -> Path:
    to = made.folder / "report.html" if path is None else Path(path)
    write_files({to: page.encode("utf-8", "replace")})
    return to
