"""What a model asks for, before anything is built: `motes check`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from motes import operands
from motes.errors import MotesError, Unsupported
from motes.ir import Graph, Node, Tensor
from motes.names import printable
from motes.tflite import Attempted, attempt
from motes.wellformed import verify


@dataclass(frozen=True)
class Port:
    """An input or output of the model, under the user's own name."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    quantization: str

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"name": self.name, "dtype": self.dtype, "shape": list(self.shape), "quantization": self.quantization}


@dataclass(frozen=True)
class Operator:
    """One operator of the file.

    `shape`, `dtype` and `quantization` are its first output's; `macs` is None where it is not supported; `weights` are
    the bytes of its constants, and `scales` counts the scales of the largest: more than one is per channel.
    """

    index: int
    op: str
    dtype: str
    shape: tuple[int, ...]
    quantization: str
    macs: int | None
    weights: int
    scales: int
    supported: bool

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "index": self.index,
            "op": self.op,
            "dtype": self.dtype,
            "shape": list(self.shape),
            "quantization": self.quantization,
            "macs": self.macs,
            "weights": self.weights,
            "scales": self.scales,
            "supported": self.supported,
        }


@dataclass(frozen=True)
class Problem:
    """Something that stands in the way of a build, and the operators it concerns: none for the model as a whole."""

    what: str
    way_out: str
    operators: tuple[int, ...]

    def __str__(self) -> str:
        many = "s" if len(self.operators) > 1 else ""
        return self.what + (f" (operator{many} {', '.join(map(str, self.operators))})" if self.operators else "")

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"what": self.what, "way_out": self.way_out, "operators": list(self.operators)}


@dataclass(frozen=True)
class Check:
    """What was found; it shows as tables in a terminal.

    Attributes:
        macs: multiply-accumulates of one execution of the operators that are supported.
        weights: bytes of their constants, each counted once.
        activations: bytes of the largest sum of an operator's inputs and outputs: less RAM than this is never enough
            unless operators are fused.
    """

    model: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    operators: tuple[Operator, ...]
    problems: tuple[Problem, ...]
    macs: int
    weights: int
    activations: int

    @property
    def supported(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """As a JSON object; sizes in bytes."""
        return {
            "model": self.model,
            "supported": self.supported,
            "macs": self.macs,
            "weights": self.weights,
            "activations": self.activations,
            "inputs": [p.to_json() for p in self.inputs],
            "outputs": [p.to_json() for p in self.outputs],
            "operators": [o.to_json() for o in self.operators],
            "problems": [p.to_json() for p in self.problems],
        }

    def table(self) -> RenderableType:
        """Operators, totals, inputs, outputs and problems, for a terminal."""
        table = Table(box=None, pad_edge=False)
        for column in ("", "operator", "output", "quantization"):
            table.add_column(column, justify="left" if column else "right")
        for column in ("MACs", "weights", "scales"):
            table.add_column(column, justify="right")
        for o in self.operators:
            table.add_row(
                str(o.index),
                Text(o.op) if o.supported else Text(f"{o.op} ✗", style="red"),
                f"{o.dtype} {'x'.join(map(str, o.shape))}",
                o.quantization,
                "" if o.macs is None else f"{o.macs:,}",
                f"{o.weights:,}" if o.weights else "",
                str(o.scales or ""),
            )
        table.add_section()
        table.add_row("", "total", "", "", f"{self.macs:,}", f"{self.weights:,}", "", style="bold")
        ports = [
            Text(
                "  ".join(
                    (
                        f"{kind:<6} {p.dtype} {'x'.join(map(str, p.shape))}",
                        *filter(None, [p.quantization]),
                        repr(p.name),
                    )
                )
            )
            for kind, found in (("input", self.inputs), ("output", self.outputs))
            for p in found
        ]
        return Group(Text(printable(self.model), "bold"), table, Text(), *ports, Text(), *self._verdict())

    def _verdict(self) -> list[Text]:
        if self.supported:
            return [Text.assemble(("supported", "green"), ": motes build makes an image of it")]
        lines = [Text.assemble(("not supported", "red"), f": {len(self.problems)} to solve")]
        for way_out in dict.fromkeys(p.way_out for p in self.problems):
            lines += [Text(f"- {p}") for p in self.problems if p.way_out == way_out]
            lines += [Text(f"  way out: {way_out}")] if way_out else []
        return lines

    def __rich__(self) -> RenderableType:
        return self.table()


def check(model: Path | str) -> Check:
    """What a .tflite file asks for, and everything in it that Motes does not do.

    Raises:
        BadInput: the file cannot be read, is no .tflite file, or is damaged.
        Unsupported: its structure cannot be read at all.
    """
    found = attempt(model)
    rows: list[Operator] = []
    errors = [(error, -1) for error in found.problems]
    for index, tried in enumerate(found.operators):
        error = _error(tried.made)
        if error:
            errors.append((error, index))
        rows.append(_operator(index, tried, error is None))
    if not errors:
        try:
            verify(found.graph)
        except MotesError as error:
            errors.append((error, -1))
    graph = found.graph
    return Check(
        str(model),
        tuple(map(_port, graph.inputs)),
        tuple(map(_port, graph.outputs)),
        tuple(rows),
        _problems(str(model), errors),
        sum(r.macs or 0 for r in rows),
        sum(t.nbytes for part in graph.within for t in part.tensors if t.data is not None),
        _activations(graph),
    )


def _error(made: Node | MotesError | None) -> MotesError | None:
    """What stands in the way of an operator, its own check included."""
    if made is None or isinstance(made, MotesError):
        return made
    try:
        operands.check(made)
    except MotesError as error:
        return error
    return None


def _operator(index: int, tried: Attempted, supported: bool) -> Operator:
    node = tried.made
    if not isinstance(node, Node):
        return Operator(index, tried.name, tried.type, tried.shape, "", 0 if supported else None, 0, 0, supported)
    constants = [t for t in node.inputs if t is not None and t.data is not None]
    weights = max(constants, key=lambda t: t.nbytes, default=None)
    return Operator(
        index,
        tried.name,
        tried.type,
        node.outputs[0].shape if node.outputs else (),
        _quantization(node.outputs[0]) if node.outputs else "",
        node.op.macs(node) if supported else None,
        sum(t.nbytes for t in constants),
        len(weights.quant.scale) if weights is not None and weights.quant is not None else 0,
        supported,
    )


def _port(tensor: Tensor) -> Port:
    return Port(tensor.origin, tensor.dtype.value, tensor.shape, _quantization(tensor))


def _quantization(tensor: Tensor) -> str:
    """In words, such as "0.0039 * (q + 128)"."""
    if tensor.quant is None:
        return ""
    if not tensor.quant.per_tensor:
        return f"per channel ({len(tensor.quant.scale)})"
    sign = "+" if tensor.zero_point < 0 else "-"
    return f"{tensor.scale:.4g} * " + (f"(q {sign} {abs(tensor.zero_point)})" if tensor.zero_point else "q")


def _problems(model: str, errors: Sequence[tuple[MotesError, int]]) -> tuple[Problem, ...]:
    """Each problem once, with all the operators it concerns."""
    grouped: dict[tuple[str, str], list[int]] = {}
    for error, index in errors:
        key = (str(error), "")
        if isinstance(error, Unsupported):
            key = (error.what if index >= 0 or error.where == model else f"{error.where} {error.what}", error.way_out)
        grouped.setdefault(key, []).append(index)
    return tuple(Problem(what, out, tuple(i for i in at if i >= 0)) for (what, out), at in grouped.items())


def _activations(graph: Graph) -> int:
    """Bytes of the largest working set of a single node."""
    sets = ({t for t in (*n.inputs, *n.outputs) if t is not None and t.data is None} for n in graph.nodes)
    return max((sum(t.nbytes for t in found) for found in sets), default=0)
