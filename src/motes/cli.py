"""The command line. Every verb is a thin reader of arguments; what it calls is imported when it runs, not before.

Exit status: 0 good; 1 the application, its build or its board failed; 2 bad use or bad input; 3 does not fit;
130 stopped by Ctrl-C; 70 a fault of Motes itself.
"""

from __future__ import annotations

import importlib.metadata
import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from motes.build.files import FULL
from motes.errors import BadInput, MotesError
from motes.names import printable
from motes.progress import Progress
from motes.terminal import fail, progress_on, show, silence, terminal

if TYPE_CHECKING:
    from motes.app import App

BYTES = "bytes, such as 65536"

app = typer.Typer(
    name="motes",
    help="From a model and a sensor to one firmware image.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="A .tflite file.")]
AppFile = Annotated[Path, typer.Argument(metavar="APP", help="An app.py, or the folder that holds one.")]
Board = Annotated[str, typer.Option("--board", "-b", help="A name that `motes boards` lists, or a folder.")]
Toolchain = Annotated[str, typer.Option(help="zig, or gcc: arm-none-eabi-gcc where it is installed; not for host.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="The folder for image, C and reports.")]
Labels = Annotated[Path | None, typer.Option(help="What was to be heard: an Audacity label track.")]


def _integer(option: str, expected: str, about: str) -> Any:
    """An option that takes an integer; what is none is refused in a line, as all bad input is."""

    def parse(text: str) -> int:
        try:
            return int(text)
        except ValueError:
            raise BadInput(f"{option} {text}: expected {expected}") from None

    return typer.Option(option, parser=parse, metavar="<int>", help=about)


Optimize = Annotated[
    str, typer.Option(help="What counts: speed, size, or balanced. Kernels are chosen by what they cost.")
]
FlashBudget = Annotated[int | None, _integer("--flash", BYTES, "Bytes of flash that the image may take.")]
RamBudget = Annotated[int | None, _integer("--ram", BYTES, "Bytes of RAM that the image may take.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


def main() -> None:
    """The entry point: errors become one line on stderr and a status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what was begun is cleared away
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what the terminal has no letter for is no reason to end
            stream.reconfigure(errors="replace")
    try:
        app(prog_name="motes")
    except MotesError as error:
        fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever read our output has left
        silence()
        sys.exit(1)
    except OSError as error:
        if error.errno not in FULL:
            _surprise(error)
        silence()
        where = error.filename or "the output"
        fail(f"{where}: cannot be written ({error.strerror}); free space there, or write elsewhere", 2)
    except Exception as error:
        _surprise(error)


def _surprise(error: Exception) -> None:
    """End with what nobody thought of."""
    if os.environ.get("MOTES_DEBUG") == "1":
        raise error
    fail(
        f"internal error: {type(error).__name__}: {error}; this is a fault of Motes: please report it with the "
        "command, the output of `motes doctor --json`, and what MOTES_DEBUG=1 prints",
        70,
    )


@contextmanager
def _alone(out: Path | None, progress: Progress) -> Iterator[None]:
    """Nobody else builds into the folder `out` meanwhile; folders of the cache are nobody's to choose.

    A file in its place is refused at once, not when there is something to write.
    """
    if out is None:
        yield
        return
    from motes.build import cache
    from motes.build.files import check_folder

    check_folder(out)
    with cache.alone(out, lambda: progress(f"waiting for another build into {out}", None)):
        yield


def _version(asked: bool) -> None:
    if asked:
        print(f"motes {importlib.metadata.version('motes')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """From a model and a sensor to one firmware image."""


@app.command()
def check(model: ModelFile, as_json: AsJson = False) -> None:
    """Show what a model asks for, and everything in it that Motes does not do."""
    from motes.check import check as look

    found = look(model)
    show(found, as_json)
    if not found.supported:
        raise typer.Exit(2)


@app.command()
def build(
    source: Annotated[Path, typer.Argument(metavar="APP|MODEL", help="An app.py, its folder, or a .tflite file.")],
    board: Board = "virt-m4",
    out: Out = None,
    toolchain: Toolchain = "zig",
    optimize: Optimize = "balanced",
    flash: FlashBudget = None,
    ram: RamBudget = None,
    as_json: AsJson = False,
) -> None:
    """Make an image: .elf .bin .hex .map, the C sources and the report. For host: the C alone."""
    budgets: Any = {"optimize": optimize, "flash": flash, "ram": ram}
    with progress_on(terminal(stderr=True)) as progress, _alone(out, progress):
        if source.suffix.lower() == ".tflite" and board == "host":
            from motes.exporting import export
            from motes.tuning import Goal

            made: Any = export(source, out=out, progress=progress, goal=Goal(**budgets), toolchain=toolchain)
        elif source.suffix.lower() == ".tflite":
            from motes.profiling import profile as measure

            made = measure(source, board, toolchain=toolchain, out=out, progress=progress, **budgets)
        else:
            made = _load(source).build(board, out=out, toolchain=toolchain, progress=progress, **budgets)
        progress("writing the report", None)
        made.save()
    show(made, as_json)


@app.command()
def run(
    source: AppFile,
    input: Annotated[
        Path, typer.Option("--input", "-i", help="What the sensor records: .wav, .flac, .csv, .npy, or frames.")
    ],
    board: Board = "virt-m4",
    labels: Labels = None,
    out: Out = None,
    toolchain: Toolchain = "zig",
    as_json: AsJson = False,
) -> None:
    """Run an application on a recording; events appear as they happen. Ends with the application's status."""
    _run(source, input, board, labels, out, toolchain, as_json)


@app.command()
def demo(
    which: Annotated[str, typer.Argument(help="keywords, vision or machine.")] = "keywords",
    board: Board = "virt-m4",
    out: Out = None,
    toolchain: Toolchain = "zig",
    as_json: AsJson = False,
) -> None:
    """Build and run one of the examples on its recorded scene, and compare with what was in it."""
    from motes.demo import scene

    chosen = scene(which)
    _run(chosen.app, chosen.input, board, chosen.labels, out, toolchain, as_json)


def _load(source: Path) -> App:
    """The application; what its file prints is no part of our answer."""
    from motes.app import load_app

    with redirect_stdout(sys.stderr):
        return load_app(source)


def _run(
    source: Path, input: Path, board: str, labels: Path | None, out: Path | None, toolchain: str, as_json: bool
) -> None:
    from motes.judging import Event, Track
    from motes.recording import read_labels

    errors = terminal(stderr=True)
    # A terminal is one place, whatever goes there: what shares it with the progress must go through the same console.
    shared = as_json or (errors.is_terminal and sys.stdout.isatty())
    listener = errors if shared else terminal()
    track = Track(read_labels(labels) if labels else ())  # before anything is built: a bad file ends it at once

    def hear(event: Event) -> None:
        right = track.covering(event)
        verdict = "" if labels is None else "  was there" if right else "  was not there"
        listener.print(Text(printable(str(event)) + verdict))

    with progress_on(errors) as progress, _alone(out, progress):
        built = _load(source).build(board, out=out, toolchain=toolchain, progress=progress)
        done = built.run(input, labels=labels, on_event=hear, progress=progress)
    show(done, as_json)
    if done.exit_status:
        raise typer.Exit(done.exit_status)


@app.command()
def profile(
    model: ModelFile,
    board: Board = "virt-m4",
    input: Annotated[
        str | None, typer.Option("--input", "-i", help="zeros, which is the default, lcg, or an .npy file.")
    ] = None,
    toolchain: Toolchain = "zig",
    out: Out = None,
    stream: Annotated[
        bool, typer.Option("--stream", help="Profile the streaming form, over three windows of lcg frames.")
    ] = False,
    step: Annotated[
        int | None, _integer("--step", "rows, such as 1", "With --stream: new rows a step; default 1.")
    ] = None,
    optimize: Optimize = "balanced",
    flash: FlashBudget = None,
    ram: RamBudget = None,
    pareto: Annotated[
        bool,
        typer.Option("--pareto", help="Also the best choices for other weights of memory; report.html draws them."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure one inference: cycles and memory by layer, and the outputs."""
    from motes.profiling import profile as measure

    if step is not None and not stream:
        raise BadInput("--step is given without --stream; give both")
    rows = 1 if stream and step is None else step
    with progress_on(terminal(stderr=True)) as progress, _alone(out, progress):
        budgets: Any = {"optimize": optimize, "flash": flash, "ram": ram, "pareto": pareto}
        found = measure(model, board, input, toolchain, out, progress, step=rows, **budgets)
        if pareto:
            progress("drawing", None)
            page = found.save()
    show(found, as_json)
    if pareto and not as_json:
        terminal().print(Text(str(page), "dim"))


@app.command()
def verify(
    model: ModelFile,
    board: Board = "virt-m4",
    input: Annotated[
        Path | None, typer.Option("--input", "-i", help="A folder of .npy or .npz files, one a run.")
    ] = None,
    count: Annotated[
        int, _integer("--count", "a number of runs, such as 16", "Runs to draw, where no folder is given.")
    ] = 16,
    seed: Annotated[int, _integer("--seed", "an integer, such as 0", "Of what is drawn.")] = 0,
    steps: Annotated[
        int | None,
        _integer(
            "--steps",
            "a number of steps, such as 10",
            "Steps of each run, states being kept; 1, or 10 for models with states.",
        ),
    ] = None,
    toolchain: Toolchain = "zig",
    as_json: AsJson = False,
) -> None:
    """Compare every output with TensorFlow Lite Micro's; where they differ, name the first tensor that does."""
    from motes.verifying import verify as compare

    with progress_on(terminal(stderr=True)) as progress:
        found = compare(
            model, board, folder=input, count=count, seed=seed, steps=steps, toolchain=toolchain, progress=progress
        )
    show(found, as_json)
    if found.exit_status:
        raise typer.Exit(found.exit_status)


@app.command()
def convert(
    source: Annotated[
        Path, typer.Argument(metavar="MODEL", help="An .onnx, .keras, .h5 or .pt2 file, or a SavedModel.")
    ],
    data: Annotated[
        Path | None,
        typer.Option("--data", "-d", help="Typical inputs, samples first: .npy, or .npz for several inputs."),
    ] = None,
    quantize: Annotated[str, typer.Option(help="int8, int16 (activations; weights are int8) or none.")] = "int8",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The .tflite file to write.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a .tflite file of a model from Keras, ONNX or PyTorch, and compare the two."""
    from motes.converting import convert as make
    from motes.converting.samples import read_file

    with progress_on(terminal(stderr=True)) as progress:
        samples = None if data is None else read_file(data)
        kind: Any = None if quantize == "none" else quantize
        made = make(source, samples, quantize=kind, out=out, progress=progress)
    show(made, as_json)


@app.command()
def ops(
    as_json: AsJson = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table of docs/operators.md.")] = False,
) -> None:
    """List the operators that are imported: types, limits, and the cores that have fast kernels for them."""
    from motes.listing import list_operators

    if markdown:
        print(list_operators().markdown(), end="")
    else:
        show(list_operators(), as_json)


@app.command()
def boards(as_json: AsJson = False) -> None:
    """List the boards an image can be built for."""
    from motes.listing import list_boards

    show(list_boards(), as_json)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Look at what this machine has, and say what to do about what is missing."""
    from motes.doctor import doctor as look

    with progress_on(terminal(stderr=True)) as progress:
        found = look(progress)
    show(found, as_json)
    if not found.healthy:
        raise typer.Exit(1)
