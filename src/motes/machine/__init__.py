"""The virtual board: runs the very image that would be flashed, counts its cycles, and feeds its sensors.

The emulator lives in a process of its own (`worker.py`). A run depends on nothing but its arguments.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from motes.errors import BadInput, BoardFault, MotesError
from motes.machine.requests import ExecuteRequest, MeasureRequest, Place, Recording, ReplayRequest, Tap
from motes.machine.results import (
    Execution,
    LedChange,
    Line,
    Measurement,
    PeripheralUse,
    Replay,
    Span,
    Spent,
    TapRecord,
)
from motes.target import Board, boards

if TYPE_CHECKING:  # the worker imports this package, and has no use for NumPy
    import numpy.typing as npt

__all__ = [
    "Execution",
    "LedChange",
    "Line",
    "Measurement",
    "PeripheralUse",
    "Place",
    "Span",
    "Spent",
    "Tap",
    "TapRecord",
    "execute",
    "measure",
    "replay",
]

LIMIT_CYCLES = 1 << 32
MOST_COMPLAINTS = 1 << 16
"""Bytes at the end of what an emulator complains of that are looked at."""
WORKER = (sys.executable, "-P", "-m", "motes.machine.worker")  # -P: nothing in the working folder is imported
SENSORS = {
    "microphone": ("int16", 1, "(samples,)"),
    "accelerometer": ("int16", 2, "(triples, 3)"),
    "camera": ("uint8", 3, "(frames, height, width)"),
}
"""What each sensor takes: dtype, rank, shape."""

Result = TypeVar("Result", Measurement, Replay, Execution)


def measure(
    image: Path,
    board: Board,
    marks: Mapping[Place, str] | None = None,
    *,
    overwrite: Mapping[str, bytes] | None = None,
    read: Sequence[str] = (),
    limit_cycles: int = LIMIT_CYCLES,
) -> Measurement:
    """Run a profile image and measure its region.

    Args:
        image: the ELF file.
        board: a board that Motes can model.
        marks: code addresses or functions, each with the name of the layer that begins there.
        overwrite: bytes for symbols in RAM, written when the region opens.
        read: symbols whose bytes are wanted, as they are when the region closes.
        limit_cycles: the image must have ended by then.

    Raises:
        BadInput: the image is no profile image for this board, or a symbol is not there.
        BoardFault: it stopped by a fault, or did not stop.
    """
    _check_board(board)
    request = MeasureRequest(Path(image), board, dict(marks or {}), dict(overwrite or {}), tuple(read), limit_cycles)
    return _ask(request, Measurement, None)


def replay(
    image: Path,
    board: Board,
    runs: Sequence[Sequence[Mapping[str, bytes]]],
    marks: Mapping[Place, str] | None = None,
    *,
    carry: Sequence[str] = (),
    read: Sequence[str] = (),
    limit_cycles: int = LIMIT_CYCLES,
) -> tuple[tuple[Measurement, ...], ...]:
    """Run a profile image once a step of every run, and measure each.

    Args:
        image: the ELF file.
        board: a board that Motes can model.
        runs: for each step, bytes for symbols in RAM, written when the region opens.
        marks: as for `measure`.
        carry: symbols whose bytes go from a step to the next of the same run.
        read: symbols whose bytes are wanted after every step.
        limit_cycles: each step must have ended by then.

    Raises:
        BadInput, BoardFault: as `measure`.
    """
    _check_board(board)
    steps = tuple(tuple(dict(step) for step in run) for run in runs)
    request = ReplayRequest(Path(image), board, dict(marks or {}), steps, tuple(carry), tuple(read), limit_cycles)
    return _ask(request, Replay, None).runs


def execute(
    image: Path,
    board: Board,
    feeds: Mapping[str, tuple[npt.NDArray[Any], float]],
    *,
    marks: Mapping[Place, str] | None = None,
    taps: Sequence[Tap] = (),
    read: Sequence[str] = (),
    on_line: Callable[[str, int], None] | None = None,
    until_s: float | None = None,
) -> Execution:
    """Run an application in virtual time, until its input ends or it does.

    The input has ended when no sensor can fill another whole buffer; what the application is doing then, it finishes.

    Args:
        image: the ELF file.
        board: a board that Motes can model.
        feeds: what the sensors deliver, with the rate in Hz: "microphone" int16 (samples,); "accelerometer" int16
            (triples, 3); "camera" uint8 (frames, height, width), the rate being that of frames.
        marks: functions whose calls are reported as spans.
        taps: places to look at memory.
        read: symbols whose bytes are wanted, as they are at the end.
        on_line: called with each line on the console and its cycle, as it comes.
        until_s: end then at the latest; without it, an application that starts no sensor runs for 60 s.

    Raises:
        BadInput: image, feeds and board do not go together.
        BoardFault: it stopped by a fault, or went on for 10 s without sleep after its input had ended.
    """
    _check_board(board)
    if until_s is not None and not 0 < until_s < 1e6:
        raise BadInput(f"until_s is {until_s}; expected seconds, more than 0")
    recordings = {name: _recording(name, *feed) for name, feed in feeds.items()}
    request = ExecuteRequest(Path(image), board, recordings, dict(marks or {}), tuple(taps), tuple(read), until_s)
    return _ask(request, Execution, on_line)


def _check_board(board: Board) -> None:
    if board.chip is None or not board.core.model:
        runs = ", ".join(b.name for b in boards() if b.core.model)
        raise BadInput(f"board {board.name} cannot be run here; virtual boards are {runs}")


def _recording(name: str, data: npt.NDArray[Any], rate: float) -> Recording:
    """The bytes of a feed, checked."""
    if name not in SENSORS:
        raise BadInput(f"no sensor is called {name!r}; known are {', '.join(SENSORS)}")
    dtype, rank, shape = SENSORS[name]
    if data.dtype != dtype or data.ndim != rank or (name == "accelerometer" and data.shape[1] != 3):
        raise BadInput(f"the {name} takes {dtype} of shape {shape}, given is {data.dtype} of shape {data.shape}")
    if data.size == 0:
        raise BadInput(f"the recording for the {name} is empty")
    if not 1e-3 <= rate <= 4e6:
        raise BadInput(f"the {name} cannot run at {rate} Hz; expected 0.001 to 4,000,000")
    frame = (data.shape[2], data.shape[1]) if name == "camera" else None
    little = data.astype(data.dtype.newbyteorder("<"))
    return Recording(little.tobytes(), round(rate * 1000), data[0].nbytes, frame)


def _ask(
    request: MeasureRequest | ReplayRequest | ExecuteRequest,
    kind: type[Result],
    on_line: Callable[[str, int], None] | None,
) -> Result:
    """Have a worker serve the request."""
    paths = [str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)}
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(
            WORKER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=environment,
        ) as worker,
    ):
        assert worker.stdin is not None and worker.stdout is not None
        try:
            pickle.dump(request, worker.stdin)
            worker.stdin.close()
            while True:
                answer = pickle.load(worker.stdout)
                if isinstance(answer, kind):
                    return answer
                if isinstance(answer, MotesError):
                    raise answer
                if on_line is not None:
                    on_line(*answer)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            status = worker.wait()
            complaints.seek(max(0, complaints.seek(0, os.SEEK_END) - MOST_COMPLAINTS))
            last = complaints.read().decode(errors="replace").strip().splitlines()[-1:]
            raise BoardFault(
                f"the emulator stopped unexpectedly (status {status}){''.join(f': {line}' for line in last)}; "
                "this is a fault of Motes or of the emulator: please report it with the image"
            ) from None
        finally:
            worker.kill()
