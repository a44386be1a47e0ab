"""A streaming form step by step on the virtual board: what each step takes, and that it gives what windows give."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.build import host
from motes.errors import BadInput, BuildFailed, Unsupported
from motes.ir import Array, Graph, Tensor
from motes.machine import Measurement
from motes.passes import repair
from motes.passes.streaming import Streamed, rows_of, stream
from motes.proving import Proved, lcg

WINDOWS = 3
"""Windows of frames that a profile runs over."""


@dataclass(frozen=True)
class Stepped:
    """What the steps of a streaming form took. `cycles` are those of each step, warm-up included; `digests` the SHA-256
    of the outputs of each step that ends a full window."""

    streamed: Streamed
    cycles: tuple[int, ...]
    digests: tuple[str, ...]

    @property
    def dearest(self) -> int:
        """The step that took most."""
        return int(np.argmax(self.cycles))

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        warmup = self.streamed.warmup
        return {
            "steps": len(self.cycles),
            **self.streamed.to_json(),
            "cycles_per_step": {"mean": round(sum(self.cycles) / len(self.cycles)), "max": max(self.cycles)},
            "outputs": [{"step": warmup + i, "sha256": digest} for i, digest in enumerate(self.digests)],
        }


def streaming_form(graph: Graph, step: int) -> Streamed:
    """The streaming form of a model as a file has it.

    Raises:
        BadInput, Unsupported: it cannot be streamed, or not with this step; the message says why.
    """
    if isinstance(step, bool) or not isinstance(step, int) or step < 1:
        raise BadInput(f"step is {step!r}; give the new rows of each step, a whole number, at least 1")
    if len(graph.inputs) != 1:
        raise Unsupported(graph.name, f"has {len(graph.inputs)} inputs, not one window", "run it without streaming")
    if graph.states:
        raise Unsupported(
            graph.name,
            f"keeps {graph.states[0].name} from one execution to the next, so that it is a streaming model already",
            "run it without streaming",
        )
    plain = repair(graph)
    return stream(plain, rows_of(plain), step)


def step_through(streamed: Streamed, proved: Proved) -> tuple[Stepped, tuple[Measurement, ...]]:
    """Run a streaming form over three windows of frames from `lcg`, and compare with whole windows on this machine.

    Before the first frame, where windows are no multiple of steps, lie rows of zeros.

    Raises:
        BuildFailed: an output differs from that of the whole window.
    """
    rows, step, (window, *_) = streamed.rows, streamed.step, streamed.whole.inputs
    row = window.elements // rows
    (frames,) = lcg((Tensor("frames", (WINDOWS * rows, row), window.dtype),))
    missing = -rows % step
    filled = np.concatenate([np.zeros((missing, row), frames.dtype), frames])
    count = len(filled) // step
    (run,) = proved.replayed([[(x,) for x in filled[: count * step].reshape(count, *streamed.graph.inputs[0].shape)]])
    (whole,) = host.load([streamed.whole])
    starts = range(0, len(frames) - rows + 1, step)
    expected = whole.run_many(np.stack([frames[i : i + rows].reshape(window.shape) for i in starts]))
    digests = []
    for i, measured in enumerate(run[streamed.warmup :]):
        found = proved.outputs_of(measured)
        _compare(streamed, i, found, tuple(y[i] for y in expected))
        digests.append(hashlib.sha256(b"".join(y.tobytes() for y in found)).hexdigest())
    return Stepped(streamed, tuple(m.cycles for m in run), tuple(digests)), run


def _compare(streamed: Streamed, index: int, found: tuple[Array, ...], expected: tuple[Array, ...]) -> None:
    for tensor, have, want in zip(streamed.whole.outputs, found, expected, strict=True):
        if have.tobytes() != want.tobytes():
            raise BuildFailed(
                f"{streamed.whole.name}: step {streamed.warmup + index} gives another {tensor.origin or tensor.name} "
                "than the whole window; this is a fault of Motes: please report it with the model"
            )
