"""What a user writes: a model between blocks, actions, and the application they make."""

from __future__ import annotations

import contextvars
import dataclasses
import os
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from motes import bounded
from motes.application import Action, Application, trace
from motes.built import Build
from motes.emit import prefix_for
from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import DType, Graph, Node, Op, Tensor, quant
from motes.making import make
from motes.ops.quantize.op import Dequantize, Quantize
from motes.ops.reshape.op import Reshape
from motes.progress import Progress, silent
from motes.stream import Step, Stream
from motes.tflite import load
from motes.tuning import Goal

MAX_APP_BYTES = 1 << 20

_folder: contextvars.ContextVar[Path | None] = contextvars.ContextVar("folder of the app.py being loaded", default=None)

SAME_SCALE = 0.01
"""Relative difference of scales up to which quantized features go into a model as they are, as is usual with TFLM: a
converter's range estimate never meets the features' exact one."""


class Model:
    """A quantized TensorFlow Lite model, as a step of an application.

    Args:
        path: a .tflite file, or what `convert` returned; relative to the app.py that names it, or to the current
            folder.
        name: for reports and C; None: the file's name.

    Raises:
        BadInput, Unsupported: the file cannot be read, or asks for what Motes does not do.
    """

    def __init__(self, path: str | os.PathLike[str], name: str | None = None) -> None:
        base = _folder.get()
        found = base / path if base is not None and os.path.exists(base / path) else Path(path)
        self.graph: Graph = load(found, name)

    def __call__(self, stream: Stream) -> Stream:
        """The model's output for every item of `stream`, whose elements become its input, requantized if need be.

        What the model keeps from one execution to the next, it keeps from item to item. An output of uint8 becomes
        int8: blocks take that.

        Args:
            stream: items with as many elements as the model's input, in the same order.

        Raises:
            BadInput: the model has several inputs or outputs, or items do not fit.
        """
        graph = self.graph
        if len(graph.inputs) != 1 or len(graph.outputs) != 1:
            raise BadInput(
                f"{graph.name}: has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs; "
                "an application takes models with one of each"
            )
        fed = _fit(stream, graph.inputs[0], graph.name)
        # Tensors of its own for every use of the model; constants stay what they are, and are stored once.
        own = {t: dataclasses.replace(t) for t in graph.tensors if t.data is None} | {graph.inputs[0]: fed.tensor}
        nodes = tuple(
            dataclasses.replace(
                n,
                inputs=tuple(None if t is None else own.get(t, t) for t in n.inputs),
                outputs=tuple(own[t] for t in n.outputs),
            )
            for n in graph.nodes
        )
        states = tuple(dataclasses.replace(s, read=own[s.read], write=own[s.write]) for s in graph.states)
        return _as_int8(Stream(own[graph.outputs[0]], Step(nodes, (fed,), states, graph.name), stream.period))

    def __repr__(self) -> str:
        shapes = (", ".join(map(str, tensors)) for tensors in (self.graph.inputs, self.graph.outputs))
        return f"Model({self.graph.name!r}: {' -> '.join(shapes)})"


def _fit(stream: Stream, wanted: Tensor, name: str) -> Stream:
    """The stream as items of the wanted tensor's shape, type and quantization."""
    have = stream.tensor
    if have.elements != wanted.elements:
        raise BadInput(
            f"{name}: its input {wanted} has {wanted.elements} elements, but {have} brings {have.elements}; "
            "take a window of the length the model was trained with"
        )
    op: Op | None = None
    if wanted.dtype is not have.dtype or not _alike(have, wanted):
        if wanted.dtype is DType.FLOAT32:
            op = Dequantize()
        elif wanted.quant is not None:
            op = Quantize()
        else:
            raise BadInput(f"{name}: its input is {wanted}, and nothing turns {have} into that; quantize the model")
    if op is not None:
        stream = _through(stream, op, dataclasses.replace(wanted, name=f"{have.name}_as_input", shape=have.shape))
    if stream.tensor.shape != wanted.shape:
        shaped = dataclasses.replace(stream.tensor, name=wanted.name, shape=wanted.shape, quant=wanted.quant)
        stream = _through(stream, Reshape(), shaped)
    return stream


def _as_int8(stream: Stream) -> Stream:
    """The same values as int8, where they are quantized as uint8."""
    tensor = stream.tensor
    if tensor.dtype is not DType.UINT8 or tensor.quant is None or not tensor.quant.per_tensor:
        return stream
    moved = quant(tensor.scale, tensor.zero_point - 128)
    output = dataclasses.replace(tensor, name=f"{tensor.name}_as_int8", dtype=DType.INT8, quant=moved)
    return _through(stream, Quantize(), output)


def _alike(have: Tensor, wanted: Tensor) -> bool:
    """Whether two quantizations mean the same, for all that matters."""
    if have.quant is None or wanted.quant is None:
        return True
    close = abs(have.scale - wanted.scale) <= SAME_SCALE * wanted.scale
    return close and have.zero_point == wanted.zero_point


def _through(stream: Stream, op: Op, output: Tensor) -> Stream:
    node = Node(output.name, op, (stream.tensor,), (output,))
    return Stream(output, Step((node,), (stream,)), stream.period, stream.labels)


class Print(Action):
    """Writes each detection to the console, as a line: seconds, score, number of the action, of the label, label."""

    def __init__(self, decision: Stream) -> None:
        super().__init__("print", decision)


class LED(Action):
    """Lights the board's LED for `ms` milliseconds at each detection, or until a stage that is at work then has ended.

    Args:
        decision: as `Detect` or `Threshold` makes.
        ms: whole milliseconds, 1 to 3,600,000. Where several last at once, the LED stays on to the end of the last.

    Raises:
        BadInput: another duration.
    """

    def __init__(self, decision: Stream, ms: int = 500) -> None:
        if isinstance(ms, bool) or not isinstance(ms, int) or not 0 < ms <= 3_600_000:
            raise BadInput(f"LED: ms is {ms!r}; give whole milliseconds, 1 to 3600000")
        super().__init__("led", decision, {"ms": ms})


class App:
    """An application: what to do about which decisions.

    Args:
        name: for reports, files and C.
        actions: such as `Print(decision)` and `LED(decision)`.

    Raises:
        BadInput, Unsupported: the streams behind the actions do not make an application.
    """

    def __init__(self, name: str, *actions: Action) -> None:
        if not isinstance(name, str) or not name.strip() or len(name) > 200:
            raise BadInput(f"App: its name is {name!r}; give a text of 1 to 200 characters")
        self.name = name
        self.application: Application = trace(name, actions)

    def __repr__(self) -> str:
        stages = ", ".join(f"{s.name} every {float(s.period) * 1000:g} ms" for s in self.application.stages)
        return f"App({self.name!r}: {stages})"

    @property
    def prefix(self) -> str:
        """The name as the prefix of its C."""
        return prefix_for(self.name)

    def build(
        self,
        board: str = "virt-m4",
        out: str | Path | None = None,
        toolchain: str = "zig",
        progress: Progress = silent,
        *,
        optimize: str = "balanced",
        flash: int | None = None,
        ram: int | None = None,
    ) -> Build:
        """An image of the application for a board; it ends with the self-check.

        Args:
            board: a name that `motes boards` lists, or a folder with a `board.toml`; "host": this machine.
            out: the folder for .elf, .bin, .hex, .map, the C sources and report.json; None: below the user's cache.
            toolchain: "zig", or "gcc" for arm-none-eabi-gcc.
            optimize: "speed", "size" or "balanced": how cycles and memory are weighed, see `motes.tuning.WEIGHTS`.
            flash, ram: bytes that the image may take; None: what the board has.

        Raises:
            DoesNotFit: too large for the board.
            BuildFailed: the compiler refused, or the image disagrees with the portable code.
            BadInput: an unknown board or toolchain, a folder that cannot be written.
        """
        folder = None if out is None else Path(out)
        return Build(
            make(self.application, self.prefix, board, folder, toolchain, progress, Goal(optimize, flash, ram))
        )


# ------------------------------------------------------------------------------------------------ app.py files


def load_app(path: str | Path) -> App:
    """The one App that an app.py makes.

    Args:
        path: the file, or the folder that holds an app.py.

    Raises:
        BadInput: the file is missing, raises, or makes no App or several; the message has the line.
    """
    file = Path(path) / "app.py" if os.path.isdir(path) else Path(path)
    remedy = "give an app.py or the folder that holds one"
    if file.suffix.lower() == ".tflite":
        raise BadInput(f"{file}: is a model, not an application; {remedy}, or use motes profile, which takes models")
    try:
        source = bounded.read(file, MAX_APP_BYTES, "application", remedy).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{file}: cannot be read (it is not UTF-8 text); {remedy}") from error
    names: dict[str, object] = {"__name__": "__motes_app__", "__file__": str(file)}
    with _loading(file.resolve().parent):
        try:
            exec(compile(source, str(file), "exec"), names)
        except MotesError as error:
            kind = BadInput if isinstance(error, Unsupported) else type(error)
            raise kind(f"{_where(file, error)}: {error}") from error
        except SyntaxError as error:
            line = f", line {error.lineno}" if error.lineno else ""
            raise BadInput(f"{file}{line}: {error.msg}; mend the line") from error
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # nothing that a stranger's file raises may pass for an end of our own
            raise BadInput(f"{_where(file, error)}: it raises {_described(error)}; mend the line") from error
    apps = list({id(v): v for v in names.values() if isinstance(v, App)}.values())
    if len(apps) != 1:
        found = "no App" if not apps else f"{len(apps)} Apps ({', '.join(repr(a.name) for a in apps)})"
        raise BadInput(f"{file}: makes {found}; end it with one line such as app = mt.App('name', mt.Print(heard))")
    return apps[0]


@contextmanager
def _loading(folder: Path) -> Iterator[None]:
    """Models are looked for in `folder`; a current folder that is left meanwhile is returned to."""
    token, here = _folder.set(folder), os.getcwd()
    try:
        yield
    finally:
        _folder.reset(token)
        os.chdir(here)


def _described(error: BaseException) -> str:
    """Its kind and its words, where it can say them."""
    try:
        words = str(error)
    except Exception:
        words = ""
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _where(file: Path, error: BaseException) -> str:
    """The file, and the line of it that the error passed through last."""
    lines: Sequence[int] = [
        f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(file) and f.lineno
    ]
    return f"{file}, line {lines[-1]}" if lines else str(file)
