"""The process that holds an oracle: one pickled `Question` on standard input, one answer on standard output."""

from __future__ import annotations

import os
import pickle
import signal
import sys

from motes.oracle import Answer, Question, Refusal, litert, stepwise, tflm


def main() -> None:
    """Serve one question."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C ends
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the oracles print
    question = pickle.load(sys.stdin.buffer)
    assert isinstance(question, Question)
    found: Answer | Refusal
    try:
        found = (stepwise if question.stepwise else tflm if question.oracle == "tflm" else litert).answer(question)
    except (RuntimeError, ValueError) as error:
        found = Refusal(question.oracle, " ".join(str(error).split()))
    pickle.dump(found, answers)
    answers.flush()


if __name__ == "__main__":
    main()
