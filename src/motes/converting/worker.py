"""The process that converts: reads `job` in its current folder, writes `answer` there. It may end at any time."""

from __future__ import annotations

import pickle
from pathlib import Path

from motes.converting import keras, onnx, torch
from motes.converting.asking import Answer, Job, Refusal, last_word, point
from motes.errors import MotesError

CONVERT = {"keras": keras.convert, "onnx": onnx.convert, "torch": torch.convert}


def main() -> None:
    """Convert, or say why not."""
    job = pickle.loads(Path("job").read_bytes())
    assert isinstance(job, Job)
    found: Answer | Refusal
    try:
        found = CONVERT[job.kind](job)
    except MotesError as error:
        found = Refusal(str(error), bad_input=True)
    except SystemExit:  # how some end
        found = Refusal(last_word(Path("log").read_text("utf-8", errors="replace")))
    except Exception as error:
        found = Refusal(point(error))
    Path("answer").write_bytes(pickle.dumps(found))


if __name__ == "__main__":
    main()
