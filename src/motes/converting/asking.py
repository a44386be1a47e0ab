"""The converters' process: what it is asked, what it answers, and what is told when it fails."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from motes.converting.samples import Samples
from motes.converting.sources import CONVERTERS, Kind, Source
from motes.errors import BadInput, Unsupported
from motes.ir import Array

WORKER = (sys.executable, "-P", "-m", "motes.converting.worker")  # -P: nothing in the working folder is imported
PATIENCE_S = 3600
LONGEST_REASON = 300
SURROUNDINGS = {"CUDA_VISIBLE_DEVICES": "-1", "TF_ENABLE_ONEDNN_OPTS": "0", "PYTHONHASHSEED": "0", "NO_COLOR": "1"}
"""No graphics card, and no kernels chosen by the processor: equal sources should give equal files."""

CHATTER = re.compile(
    r"^(\w* ?(warning|info|debug|note)\b|[IW]\d{4} |File \"|Traceback|\(?\d\d:\d\d\)? )", re.IGNORECASE
)
ERROR = re.compile(r"\berror: *(\S.*)", re.IGNORECASE)
COLOUR = re.compile(r"\x1b\[[\d;]*m")

WAY_OUT = (
    "leave out what TensorFlow Lite has no operator for, give recurrent layers unroll=True, try another quantize=, or "
    "convert it yourself and give Motes the .tflite file"
)


@dataclass(frozen=True)
class Job:
    """What is to be converted; files of the converter's own go into the current folder."""

    kind: Kind
    path: Path
    where: str
    samples: Samples | None
    quantize: Literal["int8", "int16"] | None


@dataclass(frozen=True)
class Answer:
    """A file, and what the source computes.

    Attributes:
        model: the .tflite file's bytes.
        inputs: the samples, float32 for quantized inputs too, in the order and the shapes of the file's inputs; each
            (samples, *shape).
        outputs: the source's outputs for them in the order of the file's, in the shapes of the source.
    """

    model: bytes
    converter: str
    inputs: tuple[Array, ...] = ()
    outputs: tuple[Array, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """Why there is no answer; `bad_input`: the words are for the user as they are."""

    words: str
    bad_input: bool = False


def ask(
    source: Source, path: Path, samples: Samples | None, quantize: Literal["int8", "int16"] | None, folder: Path
) -> Answer:
    """Have it converted.

    Raises:
        BadInput, Unsupported: it cannot be; the message has the converter's last word.
    """
    (folder / "job").write_bytes(pickle.dumps(Job(source.kind, path, source.where, samples, quantize)))
    path_of_tools = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    around = os.environ | SURROUNDINGS | {"PATH": path_of_tools}
    name = CONVERTERS[source.kind][0]
    with open(folder / "log", "wb") as log:
        try:
            done = subprocess.run(
                WORKER, cwd=folder, env=around, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=PATIENCE_S,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Unsupported(source.where, f"{name} has not ended after {PATIENCE_S} s", WAY_OUT) from None
    if done.returncode:
        said = last_word((folder / "log").read_text("utf-8", errors="replace"))
        status = _signal(-done.returncode) if done.returncode < 0 else f"with status {done.returncode}"
        raise Unsupported(source.where, f"{name} ended {status}" + (f" ({said})" if said else ""), WAY_OUT)
    found = pickle.loads((folder / "answer").read_bytes())
    if isinstance(found, Answer):
        return found
    assert isinstance(found, Refusal), found
    if found.bad_input:
        raise BadInput(found.words)
    raise Unsupported(source.where, f"{name} gives up ({found.words})", WAY_OUT)


def last_word(log: str) -> str:
    """The line of a log that says what went wrong: the first error, or else the last line."""
    lines = _lines(log)
    return (_errors(lines) or lines[-1:] or [""])[0][:LONGEST_REASON]


def point(error: Exception) -> str:
    """The line of a message that says what went wrong: the first error, or else the first line."""
    lines = _lines(str(error))
    return (_errors(lines) or lines[:1] or [f"{type(error).__name__} {error}".strip()])[0][:LONGEST_REASON]


def _lines(text: str) -> list[str]:
    """Lines of words, without what is said all the time."""
    lines = [COLOUR.sub("", line).strip() for line in text.splitlines()]
    return [line for line in lines if re.search(r"[A-Za-z]{3}", line) and not CHATTER.match(line)]


def _errors(lines: list[str]) -> list[str]:
    return [found[1] for line in lines if (found := ERROR.search(line))]


def _signal(number: int) -> str:
    try:
        return f"by {signal.Signals(number).name}"
    except ValueError:
        return f"by signal {number}"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let nothing that runs meanwhile, C++ neither, write to this process's standard output and error."""
    kept = []
    with tempfile.TemporaryFile() as nowhere:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        try:
            for number in (1, 2):
                kept.append((number, os.dup(number)))
                os.dup2(nowhere.fileno(), number)
            words = io.StringIO()  # notebooks have streams of their own
            with contextlib.redirect_stdout(words), contextlib.redirect_stderr(words):
                yield
        finally:
            for number, saved in kept:
                os.dup2(saved, number)
                os.close(saved)
