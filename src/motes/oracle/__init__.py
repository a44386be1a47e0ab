"""Other people's interpreters, asked for a model's outputs: TensorFlow Lite Micro, and LiteRT where that refuses.

They end the whole process on some models, so each is asked in a process of its own (`worker.py`).
"""

from __future__ import annotations

import importlib.util
import pickle
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import Literal, TypeAlias

from motes.errors import BadInput
from motes.ir import Array

Oracle: TypeAlias = Literal["tflm", "litert"]

PACKAGES: dict[Oracle, str] = {"tflm": "tflite_micro", "litert": "ai_edge_litert"}
WORKER = (sys.executable, "-P", "-m", "motes.oracle.worker")  # -P: nothing in the working folder is imported
PATIENCE_S = 600
LONGEST_REASON = 300


@dataclass(frozen=True)
class Question:
    """A model, and runs of inputs: each run begins afresh, and keeps its states from one step to the next.

    Attributes:
        runs: for each run, for each step, one array for each input.
        tensors: so many tensors of the main subgraph, from the first, are wanted after the last step of each run, too.
        stepwise: of LiteRT, only for what TensorFlow Lite Micro lacks: operator by operator, either is asked.
    """

    oracle: Oracle
    model: bytes
    runs: tuple[tuple[tuple[Array, ...], ...], ...]
    tensors: int = 0
    stepwise: bool = False


@dataclass(frozen=True)
class Answer:
    """What an oracle gave.

    Attributes:
        outputs: for each run, for each step, one array for each output.
        tensors: for each run, every tensor by its index in the file; empty unless asked for.
        weights_widened: the model is hybrid, and ran on float copies of its int8 weights.
    """

    oracle: Oracle
    outputs: tuple[tuple[tuple[Array, ...], ...], ...]
    tensors: tuple[dict[int, Array], ...] = ()
    weights_widened: bool = False


@dataclass(frozen=True)
class Refusal:
    """Why an oracle gave no answer."""

    oracle: Oracle
    reason: str


def installed(oracle: Oracle) -> bool:
    """Whether the oracle's package is there."""
    return importlib.util.find_spec(PACKAGES[oracle]) is not None


def ask(question: Question) -> Answer | Refusal:
    """The oracle's answer, or why it has none: it may refuse the model, stop the process or take too long.

    Raises:
        BadInput: the oracle is not installed.
    """
    package = PACKAGES[question.oracle]
    if not installed(question.oracle):
        raise BadInput(f"{package} is not installed; it is what outputs are compared with: pip install 'motes[verify]'")
    with tempfile.TemporaryFile() as answers, tempfile.TemporaryFile() as complaints:
        try:
            done = subprocess.run(
                WORKER, input=pickle.dumps(question), stdout=answers, stderr=complaints, timeout=PATIENCE_S, check=False
            )
        except subprocess.TimeoutExpired:
            return Refusal(question.oracle, f"{package} has not answered after {PATIENCE_S} s")
        answers.seek(0)
        if done.returncode == 0:
            found = pickle.load(answers)
            assert isinstance(found, Answer | Refusal), found
            return found
        complaints.seek(0)
        words = complaints.read().decode(errors="replace").split("\n")
    said = "; ".join(line.strip() for line in words if line.strip() and "INFO" not in line)
    reason = f"{package} ended with status {done.returncode}" + (f": {said}" if said else "")
    return Refusal(question.oracle, reason[:LONGEST_REASON])
