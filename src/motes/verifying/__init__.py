"""`motes verify`: a model's image against the interpreters that others trust, on many inputs, every element.

Integer and boolean outputs must be equal. Floats are `within` where they lie no further apart than 1e-5 of the output's
range, or 4 units in the last place, whichever is more.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from motes.build import host
from motes.emit import prefix_for
from motes.errors import BadInput, DoesNotFit, Unsupported
from motes.ir import Array, Graph
from motes.names import printable
from motes.oracle import Answer, Oracle, Question, Refusal, ask
from motes.passes import prepare
from motes.progress import Progress, silent
from motes.proving import compile_program
from motes.target import Board
from motes.target import board as find_board
from motes.tflite import load
from motes.tflite.schema import read_bytes, read_model
from motes.tuning import Goal, tuned
from motes.verifying.comparing import compare, ranges, wrong
from motes.verifying.layers import Difference, Runner, difference, first_difference
from motes.verifying.stimuli import Run, draw, read_folder

COUNT, STEPS = 16, 10
MOST_STEPS_IN_ALL = 1_000_000

Status = Literal["equal", "within", "differs", "unsupported", "oracle_refuses", "does_not_fit"]
EXIT: dict[Status, int] = {
    "equal": 0,
    "within": 0,
    "differs": 1,
    "unsupported": 2,
    "oracle_refuses": 2,
    "does_not_fit": 3,
}


@dataclass(frozen=True)
class Verified:
    """What came of a comparison.

    Attributes:
        inputs: how many runs were tried; `steps` of each, states being kept.
        max_abs: the largest difference of two elements; 0 where every byte is equal.
        max_ulp: the same in units in the last place, for float outputs.
        first: where the model first leaves its oracle.
        reason: why nothing could be compared, or what a reader should know.
    """

    model: str
    board: str
    oracle: Oracle | None
    status: Status
    inputs: int = 0
    steps: int = 0
    max_abs: float = 0.0
    max_ulp: int = 0
    first: Difference | None = None
    reason: str = ""

    @property
    def exit_status(self) -> int:
        """Of the command: 0 good, 1 differs, 2 nothing could be compared, 3 does not fit."""
        return EXIT[self.status]

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        found = vars(self) | {"first": self.first.to_json() if self.first else None}
        return found | {"max_abs": self.max_abs if np.isfinite(self.max_abs) else str(self.max_abs)}

    def table(self) -> RenderableType:
        """For a terminal."""
        names = {"tflm": "TensorFlow Lite Micro", "litert": "LiteRT", None: "nothing"}
        tried = f"{self.inputs} inputs" + (f" of {self.steps} steps" if self.steps > 1 else "")
        words = {
            "equal": f"every byte of {tried} equals {names[self.oracle]}",
            "within": f"{tried}: within {self.max_abs:.3g}, {self.max_ulp} ulp, of {names[self.oracle]}",
            "differs": f"{tried}: differs from {names[self.oracle]}, by up to {self.max_abs:.6g}",
            "unsupported": "not supported",
            "oracle_refuses": "nothing to compare with",
            "does_not_fit": "does not fit",
        }[self.status]
        colour = "green" if self.exit_status == 0 else "red"
        parts = [Text.assemble((printable(self.model), "bold"), f" on {self.board}: ", (words, colour))]
        parts += [Text(f"first: {printable(str(self.first))}")] if self.first else []
        parts += [Text(printable(self.reason))] if self.reason else []
        return Group(*parts)


def verify(
    model: Path,
    board: str = "virt-m4",
    *,
    folder: Path | None = None,
    count: int = COUNT,
    seed: int = 0,
    steps: int | None = None,
    toolchain: str = "zig",
    progress: Progress = silent,
) -> Verified:
    """Compare a model's outputs with those of TensorFlow Lite Micro, or of LiteRT where that refuses the model.

    Args:
        board: whose image is run; "host": this machine.
        folder: of inputs to try instead of drawn ones.
        count: runs to draw from `seed`.
        steps: of each run; None: 1, or 10 where the model keeps states.

    Raises:
        BadInput: the file, the folder or a number makes no sense, or the oracle is not installed.
        BuildFailed, BoardFault: the image could not be made or run.
    """
    if count < 1 or (steps is not None and steps < 1) or count * (steps or STEPS) > MOST_STEPS_IN_ALL:
        raise BadInput(
            f"{count} inputs of {steps or STEPS} steps: give positive numbers, at most a million steps in all"
        )
    if seed < 0:
        raise BadInput(f"seed {seed}: give a number that is not negative")
    target = find_board(board)
    data = read_bytes(model)
    say = functools.partial(Verified, str(model), board)
    try:
        progress("reading the model", None)
        graph = load(model)
        each = steps or (STEPS if graph.states else 1)
        runs = read_folder(graph, folder) if folder else draw(graph, count, each, seed)
        each = max(map(len, runs))
        progress("running the image", None)
        execute = _runner(target, toolchain)
        ours = execute(graph, runs)
    except Unsupported as error:
        return say(None, "unsupported", reason=str(error))
    except DoesNotFit as error:
        return say(None, "does_not_fit", reason=str(error))
    progress("asking TensorFlow Lite Micro", None)
    answer = _ask(data, runs, progress)
    if isinstance(answer, Refusal):
        return say(None, "oracle_refuses", len(runs), each, reason=answer.reason)
    found, stepwise = compare(ours, answer), False
    if not found.good and answer.oracle == "litert":
        progress("asking operator by operator", None)
        again = ask(Question("litert", data, runs, stepwise=True))
        if isinstance(again, Answer):
            answer, found, stepwise = again, compare(ours, again), True
    reason = "; ".join(
        ["hybrid: compared with the model on float copies of its int8 weights"] * answer.weights_widened
        + ["operator by operator: compared with TensorFlow Lite Micro where it has the operator"] * stepwise
    )
    say = functools.partial(say, answer.oracle, inputs=len(runs), steps=each)
    if found.kind:
        return say(status="differs", reason=found.kind)
    say = functools.partial(say, max_abs=found.max_abs, max_ulp=found.max_ulp, reason=reason)
    if found.wrong_at is None:
        return say(status="equal" if found.equal else "within")
    progress("looking for the first tensor that differs", None)
    r, s, o = found.wrong_at
    span, x, y = ranges(answer)[o], ours[r][s][o], answer.outputs[r][s][o]
    question = Question(answer.oracle, data, (runs[r][: s + 1],), stepwise=stepwise)
    first = _first(graph, question, execute, span)
    first = first or difference("output", graph.outputs[o], x, y, wrong(x, y, span))
    return say(status="differs", first=first)


def _runner(board: Board, toolchain: str) -> Runner:
    """What runs graphs on a board."""

    def on_host(graph: Graph, runs: tuple[Run, ...]) -> list[list[tuple[Array, ...]]]:
        (made,) = host.load([graph], optimise="-O1")
        found = []
        for run in runs:
            made.reset()
            stacked = made.run_many(*(np.stack(values) for values in zip(*run, strict=True)))
            found.append(list(zip(*stacked, strict=True)))
        return found

    def on_board(graph: Graph, runs: tuple[Run, ...]) -> list[list[tuple[Array, ...]]]:
        program = tuned(prepare(graph), board, Goal(), toolchain)
        return compile_program(program, board, prefix_for(graph.name), toolchain=toolchain).replay(runs)

    return on_host if board.name == "host" else on_board


def _ask(model: bytes, runs: tuple[Run, ...], progress: Progress) -> Answer | Refusal:
    """TensorFlow Lite Micro's answer; where it refuses, LiteRT's."""
    first = ask(Question("tflm", model, runs))
    if isinstance(first, Answer):
        return first
    progress("asking LiteRT", None)
    second = ask(Question("litert", model, runs))
    if isinstance(second, Answer):
        return second
    return Refusal("litert", f"TensorFlow Lite Micro: {first.reason}; LiteRT: {second.reason}")


def _first(graph: Graph, question: Question, execute: Runner, span: float) -> Difference | None:
    names = [tensor.name for tensor in read_model(question.model, graph.name).subgraphs[0].tensors]
    (run,) = question.runs
    answer = ask(replace(question, tensors=len(names)))
    if isinstance(answer, Refusal):
        return None
    try:
        return first_difference(graph, names, run, answer.tensors[0], execute, lambda x, y: wrong(x, y, span))
    except DoesNotFit:  # with every tensor kept to the end
        return None
