"""IF, WHILE, and Repeat: operators that run graphs of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from motes.errors import BadInput, Unsupported
from motes.ir import Builtin, Control, DType, Graph, Node, Place, Tensor
from motes.ops.common import CONVERT_AGAIN
from motes.ops.control.bodies import alike, computed, with_constants, with_variables
from motes.ops.control.rounds import rounds_of


@dataclass(frozen=True)
class If(Control):
    """Runs body 0 where the condition, a single boolean, holds, else body 1; each computes all outputs.

    The inputs behind the condition are those of both bodies, the same tensors.
    Source: TFLM's IF.
    """

    tflite = (Builtin("IF", {"then_subgraph_index": ("int", 0), "else_subgraph_index": ("int", 0)}),)
    subgraphs: ClassVar[Mapping[str, bool]] = {"then_subgraph_index": True, "else_subgraph_index": True}
    types = (DType.BOOL,)
    structure = "choice"

    @classmethod
    def from_tflite(
        cls,
        name: str,
        options: Mapping[str, Any],
        inputs: Sequence[Tensor | None],
        outputs: Sequence[Tensor],
        bodies: Sequence[Graph] = (),
    ) -> If:
        return cls(tuple(bodies)).settled(inputs)

    def settled(self, inputs: Sequence[Tensor | None]) -> If:
        """The operator between these inputs."""
        return If(tuple(computed(with_constants(b, inputs[1:], b.inputs)) for b in self.bodies))

    def check(self, node: Node) -> None:
        _check_present(node)
        if not node.inputs or node.input(0).dtype is not DType.BOOL or node.input(0).elements != 1:
            raise BadInput(f"{node}: its condition is not one boolean; {CONVERT_AGAIN}")
        for what, body in zip(("then", "else"), self.bodies, strict=True):
            _check_ends(node, f"inputs of its {what} branch", body.inputs, [t for t in node.inputs[1:] if t])
            _check_ends(node, f"outputs of its {what} branch", body.outputs, node.outputs)

    def places(self, node: Node) -> Mapping[Tensor, Place]:
        inputs = [node.input(i) for i in range(1, len(node.inputs))]
        return {
            inside: Place(around)
            for body in self.bodies
            for inside, around in zip((*body.inputs, *body.outputs), (*inputs, *node.outputs), strict=True)
        }

    def condition(self, node: Node) -> Tensor:
        return node.input(0)

    def macs(self, node: Node) -> int:
        return max(body.macs for body in self.bodies)


@dataclass(frozen=True)
class While(Control):
    """As long as body 0 of the variables says so, body 1 computes their next values; the outputs are the last ones.

    Body 1 has the variables as states, in order. A loop that never ends is the model's own fault: nothing bounds it.
    Source: TFLM's WHILE.
    """

    tflite = (Builtin("WHILE", {"cond_subgraph_index": ("int", 0), "body_subgraph_index": ("int", 0)}),)
    subgraphs: ClassVar[Mapping[str, bool]] = {"cond_subgraph_index": False, "body_subgraph_index": True}
    types = tuple(d for d in DType if d not in (DType.UINT16, DType.FLOAT16))
    limits = "its condition changes no variables; nothing bounds it"
    structure = "loop"

    @classmethod
    def from_tflite(
        cls,
        name: str,
        options: Mapping[str, Any],
        inputs: Sequence[Tensor | None],
        outputs: Sequence[Tensor],
        bodies: Sequence[Graph] = (),
    ) -> While:
        condition, body = bodies
        if not len(inputs) == len(condition.inputs) == len(body.inputs) == len(body.outputs) == len(outputs):
            raise BadInput(
                f"WHILE of {len(inputs)} inputs and {len(outputs)} outputs: its condition has {len(condition.inputs)} "
                f"inputs, its body {len(body.inputs)} and {len(body.outputs)} outputs; {CONVERT_AGAIN}"
            )
        return cls((condition, with_variables(body))).settled(inputs)

    def settled(self, inputs: Sequence[Tensor | None]) -> While:
        """The operator between these inputs."""
        condition, step = self.bodies
        fixed = [x if s.read is s.write else None for x, s in zip(inputs, step.states, strict=False)]
        return While(
            (
                computed(with_constants(condition, fixed, condition.inputs)),
                with_constants(step, fixed, [s.read for s in step.states]),
            )
        )

    def check(self, node: Node) -> None:
        _check_present(node)
        condition, step = self.bodies
        variables = [s.read for s in step.states]
        _check_ends(node, "outputs", node.outputs, [t for t in node.inputs if t])
        _check_ends(node, "inputs of its condition", condition.inputs, node.outputs)
        _check_ends(node, "inputs of its body", variables, node.outputs)
        if len(condition.outputs) != 1 or condition.outputs[0].dtype is not DType.BOOL:
            raise BadInput(f"{node}: its condition does not compute one boolean; {CONVERT_AGAIN}")
        if condition.outputs[0].elements != 1:
            raise BadInput(f"{node}: its condition computes more than one boolean; {CONVERT_AGAIN}")

    def places(self, node: Node) -> Mapping[Tensor, Place]:
        condition, step = self.bodies
        reads = [s.read for s in step.states]
        return {
            inside: Place(around)
            for tensors in (condition.inputs, reads)
            for inside, around in zip(tensors, node.outputs, strict=True)
        }

    def variables(self, node: Node) -> tuple[tuple[Tensor, Tensor], ...]:
        return tuple((y, node.input(i)) for i, y in enumerate(node.outputs))

    def condition(self, node: Node) -> Tensor:
        return self.bodies[0].outputs[0]

    def macs(self, node: Node) -> int:
        condition, step = self.bodies
        rounds = rounds_of(condition, step, node.inputs)
        return condition.macs + step.macs if rounds is None else (rounds + 1) * condition.macs + rounds * step.macs


@dataclass(frozen=True)
class Part:
    """A part of a tensor that a round of a loop reads or writes: `offset` bytes behind its start, each further round
    `step` bytes further; a step of 0 is the same part each time."""

    offset: int = 0
    step: int = 0


@dataclass(frozen=True)
class Repeat(Control):
    """Runs its body `count` times. No builtin operator: passes make it, of unrolled recurrence and of counted loops.

    The states of the body are its variables: the first inputs of the node are their values before the first round, its
    first outputs those after the last. The inputs of the body are parts of the further inputs, one each; its outputs
    are parts of the further outputs.
    """

    structure = "repeat"

    count: int
    reads: tuple[Part, ...]
    writes: tuple[Part, ...]
    rounds: Mapping[Node, tuple[Node, ...]] = field(default_factory=dict)
    """The nodes of the body as they are in each round, where rounds differ in scales, zero points, or constants that
    become parameters; none for one that is the same in all."""

    def check(self, node: Node) -> None:
        (body,) = self.bodies
        _check_present(node)
        states, slices = len(body.states), [t for t in (*node.inputs, *node.outputs) if t]
        if (len(node.inputs), len(node.outputs)) != (states + len(body.inputs), states + len(body.outputs)):
            raise BadInput(f"{node}: {len(node.inputs)} inputs and {len(node.outputs)} outputs do not fit its body")
        if self.count < 1 or (len(self.reads), len(self.writes)) != (len(body.inputs), len(body.outputs)):
            raise Unsupported(node, f"cannot run {self.count} times", "count the slices of its body")
        assert not self.rounds or self.rounds.keys() >= set(body.nodes), node
        _check_ends(node, "variables", [s.read for s in body.states], node.outputs[:states])
        _check_ends(node, "variables", [s.read for s in body.states], slices[:states])
        parts = [*zip(self.reads, body.inputs, slices[states : len(node.inputs)], strict=True)]
        parts += zip(self.writes, body.outputs, node.outputs[states:], strict=True)
        for part, inside, around in parts:
            ends = [part.offset + i * part.step for i in (0, self.count - 1)]
            if min(ends) < 0 or max(ends) + inside.nbytes > around.nbytes:
                raise BadInput(f"{node}: round {self.count - 1} of {inside} lies outside of {around}")

    def places(self, node: Node) -> Mapping[Tensor, Place]:
        (body,) = self.bodies
        states = len(body.states)
        found = {s.read: Place(around) for s, around in zip(body.states, node.outputs, strict=False)}
        for i, (part, inside) in enumerate(zip(self.reads, body.inputs, strict=True)):
            found[inside] = Place(node.input(states + i), part.offset, part.step)
        for part, inside, around in zip(self.writes, body.outputs, node.outputs[states:], strict=True):
            found[inside] = Place(around, part.offset, part.step)
        return found

    def variables(self, node: Node) -> tuple[tuple[Tensor, Tensor], ...]:
        (body,) = self.bodies
        return tuple((node.outputs[i], node.input(i)) for i in range(len(body.states)))

    @property
    def fixed(self) -> bool:
        return bool(self.rounds)

    def rounds_of(self, node: Node) -> tuple[Node, ...]:
        return self.rounds.get(node, ())

    def runs(self, body: int) -> int:
        return self.count

    def macs(self, node: Node) -> int:
        return self.count * self.bodies[0].macs


def _check_present(node: Node) -> None:
    """No input is left out."""
    if None in node.inputs:
        raise BadInput(f"{node}: input {node.inputs.index(None)} is left out; {CONVERT_AGAIN}")


def _check_ends(node: Node, what: str, inside: Sequence[Tensor], around: Sequence[Tensor]) -> None:
    """As many tensors on both sides, each pair of one type and size."""
    if len(inside) != len(around):
        raise BadInput(f"{node}: there are {len(inside)} {what}, not {len(around)}; {CONVERT_AGAIN}")
    for a, b in zip(inside, around, strict=True):
        if a.data is not None:
            raise BadInput(f"{node}: {a} among the {what} is a constant; {CONVERT_AGAIN}")
        if not alike(a, b):
            raise BadInput(f"{node}: {a} among the {what} cannot hold {b}; {CONVERT_AGAIN}")
