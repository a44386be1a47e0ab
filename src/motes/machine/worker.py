"""The process that holds the emulator: reads one request from its standard input, answers on its standard output.

Unicorn is under GPL-2.0, and a bug in an emulator takes its process down: so it has one of its own.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from typing import BinaryIO

from motes.errors import MotesError
from motes.machine.executing import execute_image
from motes.machine.measuring import measure_image, replay_image
from motes.machine.requests import MeasureRequest, ReplayRequest
from motes.machine.results import Line


def main() -> None:
    """Serve one request."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C ends
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing else may write between the answers
    request = pickle.load(sys.stdin.buffer)

    def on_line(line: Line) -> None:
        _answer(answers, line)

    try:
        if isinstance(request, MeasureRequest):
            _answer(answers, measure_image(request))
        elif isinstance(request, ReplayRequest):
            _answer(answers, replay_image(request))
        else:
            _answer(answers, execute_image(request, on_line))
    except MotesError as error:
        _answer(answers, error)


def _answer(answers: BinaryIO, value: object) -> None:
    pickle.dump(value, answers)
    answers.flush()


if __name__ == "__main__":
    main()
