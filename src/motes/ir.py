"""The words Motes is built from: operators, graphs and what serves them on a chip; tensors are in `tensors.py`.

Every value is frozen. Nodes are compared by identity.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from motes.errors import BadInput
from motes.intervals import Interval
from motes.sliding import Rows as Rows
from motes.tensors import Array as Array
from motes.tensors import DType as DType
from motes.tensors import Quant as Quant
from motes.tensors import Tensor as Tensor
from motes.tensors import quant as quant

ALIGN = 8
"""Bytes of which the places of tensors are multiples."""


# ------------------------------------------------------------------------------------------------ operators

Params = Mapping[str, "int | float | Array"]
"""The fields of a kernel's parameter struct, by name: numbers, or arrays that the image keeps in flash."""

Option = Literal["byte", "bool", "int", "float", "ints", "text"]


@dataclass(frozen=True)
class Builtin:
    """How one builtin operator of TensorFlow Lite stores its options: field names in schema order.

    `fields` maps each name to its type and default: `{"stride_w": ("int", 0), ...}`. A removed field still holds
    its place. A custom operator of TensorFlow Lite Micro stores a map instead: its fields are found by name, and each
    is "bool", "int", "float" or "text".
    """

    name: str
    fields: Mapping[str, tuple[Option, Any]] = field(default_factory=dict)
    custom: bool = False


Flow = Literal["mixed", "by channel", "moved"]
"""Every channel of an output may depend on every channel of the inputs. Or channel c of the only output depends on
channel c of the inputs that have as many, and on all of those that have one, and would do so if there were fewer. Or
every element of the outputs is one of the inputs that are not folded, or a constant: as `Op.fold` says."""


class Op:
    """What a node computes. Subclasses are frozen dataclasses of attributes, and live one folder a family.

    An operator answers what the rest of the house asks. Each answer has a safe default.
    """

    tflite: ClassVar[tuple[Builtin, ...]] = ()
    """The builtin operators that `from_tflite` accepts."""

    kernels: ClassVar[tuple[Kernel, ...]] = ()
    """What can serve it, the portable one first: it defines the meaning, and fits every node that passes `check`."""

    folded: ClassVar[tuple[int, ...]] = ()
    """Inputs (by index) that become kernel parameters: they must be constant, and no pointer to them is passed."""

    freeze: ClassVar[str] = "freeze the model, convert again"
    """The way out where one of these is computed."""

    sizing: ClassVar[tuple[int, ...]] = ()
    """Inputs (by index) that only say how large the output is."""

    subgraphs: ClassVar[Mapping[str, bool]] = {}
    """Its options that name subgraphs, and whether these may change variables. `from_tflite` gets the graphs, in this
    order, as one more argument. What they use of memory are further inputs of theirs and of the operator; and where
    they may change it, further outputs."""

    updates: ClassVar[tuple[int, ...]] = ()
    """Inputs (by index) that are variables, whose value it replaces: its nodes have one more output for each, of the
    same kind, behind the outputs in the file."""

    extends: ClassVar[bool] = False
    """Its only output is a variable, whose value before is an input, too: the last one, behind those in the file."""

    types: ClassVar[tuple[DType, ...]] = ()
    """Element types of its first input that it serves; its cases try each."""

    typed: ClassVar[int] = 0
    """The input that `types` is about, where it is not the first."""

    limits: ClassVar[str] = ""
    """What it does not do, in a few words, for the table of operators."""

    ulp: ClassVar[int] = 0
    """How far float results may be from TFLM's, in units in the last place: 0 where it only adds, multiplies, divides
    and takes square roots, in TFLM's order."""

    view: ClassVar[bool] = False
    """The output is the first input's bytes under another shape: where both share an address there is nothing to do."""

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Op:
        """The operator that the builtin `name` with these options means between these tensors."""
        raise NotImplementedError(cls)

    def check(self, node: Node) -> None:
        """Raise `Unsupported` or `BadInput` unless every kernel may rely on shapes, dtypes and quantization of `node`.

        This is the one gate before C is generated from a file: shapes that do not agree must not pass it.
        """

    def possible(self, node: Node) -> Iterable[Mapping[int, Array]]:
        """Where `folded` inputs are computed: the values that they may have, of any shape, by input. None: they must be
        constant. Not all of them need to fit: `check` is asked about each.

        `node` is not checked yet. Shapes and counts must leave few values.
        """
        return ()

    def memory(self, node: Node) -> tuple[Array, ...]:
        """The first values of what it keeps from one execution to the next, where the file has no variable for it: its
        nodes have one more input and one more output for each, behind all others.

        `node` is as in the file, and not checked yet: raises as `check` does where that says how much there is.
        """
        return ()

    def params(self, node: Node) -> Params:
        """The parameter struct of the portable kernel; a kernel with a struct of its own says so in `Kernel.params`."""
        return {}

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        """The outputs of a node, exactly as its kernels compute them, where they are known now; None: left to them.

        Every node is asked, so that one whose inputs are not all constants looks at `Tensor.data` first: SHAPE knows
        its output all the same.
        """
        return None

    def copies(self, node: Node) -> int | None:
        """The input whose elements, all of them and in their order, make up its only output; None: it does more."""
        return 0 if self.view else None

    def flow(self, node: Node) -> Flow:
        """How the channels of its outputs depend on those of its inputs, channels being counted along the last axis."""
        return "mixed"

    def interval(self, node: Node, inputs: Sequence[Interval | None]) -> Interval | None:
        """Between which values its only output lies, whatever the inputs within theirs; None: any of its type.

        Only asked of outputs that are integers of one or two bytes, and by whom `flow` is not "moved".

        Args:
            inputs: of `node.inputs`; None for one that is absent, or of another type.
        """
        return None

    def rows(self, node: Node) -> Rows | None:
        """How its output's rows follow from its inputs'; None: it needs all of them.

        Where it answers, the operator serves inputs of other numbers of rows, too: `padded` and between tensors of as
        many rows as `Rows.made` says, it gives the same rows.
        """
        return None

    def padded(self, node: Node, before: int, behind: int) -> Op:
        """The same operator with this many rows of padding in front of its input and behind it, instead of its own.

        Only asked of nodes that `rows` answers for.
        """
        assert not before and not behind, node
        return self

    def joined(self, node: Node, reader: Node) -> Node | None:
        """This node and the only one that reads its only output as one node, which some kernel serves without that
        tensor; None: there is none."""
        return None

    def part(self, node: Node) -> int | None:
        """How many bytes behind the start of its first input its only output lies as it is; None: it does not.

        Where the output may lie there, there is nothing to do.
        """
        return 0 if self.view else None

    def macs(self, node: Node) -> int:
        """Multiply-accumulates of one execution, padding not counted as skipped."""
        return 0

    @property
    def title(self) -> str:
        """Its name in reports: the builtin operator's, or the block's."""
        return self.tflite[0].name if self.tflite else type(self).__name__.removesuffix("Op")


@dataclass(frozen=True)
class Kernel:
    """A C function that computes a node.

    The C side, in the header `source` beside the operator's `op.py`, or in `c/` where several families share it::

        typedef struct { ... } <function>_params;
        static inline void <function>(const <function>_params *p, <inputs>, <outputs> [, void *scratch]);

    Inputs are the node's inputs that are present and not `folded`, outputs its outputs, each a pointer to the first
    element; `scratch` is there when `scratch(node)` can be positive, 8-byte aligned. A kernel without parameters has no
    struct and no `p`. The struct's pointers refer to constant arrays in flash.
    """

    function: str
    source: str
    needs: frozenset[str] = frozenset()
    """Core features without which it does not compile, as in `cores/*.toml`: "dsp", "fpu", "mve"."""
    fits: Callable[[Node], bool] = lambda node: True
    """Whether it serves this node."""
    pays: Callable[[Node], bool] = lambda node: True
    """Whether it is worth its flash and memory where nobody has measured and weighed them."""
    params: Callable[[Node], Params] | None = None
    """The fields of its struct; None: the operator's own `params`."""
    together: Callable[[Sequence[Node]], Sequence[Params] | None] | None = None
    """For loops whose rounds differ, and for nothing else: the fields in each round, from the node as it is in each,
    such that little differs between them; None where it does not serve them."""
    scratch: Callable[[Node], int] | None = None
    """Bytes of working memory it needs while it runs; None: it takes no scratch pointer."""
    scratch_over: Callable[[Node], int | None] = lambda node: None
    """The pointer input that scratch may start at the address of, that input being dead afterwards."""
    in_place: Callable[[Node], tuple[tuple[int, int], ...]] = lambda node: ()
    """Pairs (output, pointer input) that may start at one address, each input being dead afterwards."""
    ahead: Callable[[Node], tuple[tuple[Tensor, Tensor, int], ...]] = lambda node: ()
    """(one, other, bytes), an output and an input or the other way round: where one starts this many bytes before the
    other, or more, both may overlap, the input being dead afterwards."""
    rows_at_once: Callable[[Node], int] = lambda node: 1
    """Rows of its output that it computes together: fewer take it as long."""
    mac_cycles: float = 1.1
    """About how long a multiply-accumulate takes: to compare ways to run a graph before any is measured."""
    call_cycles: Callable[[Node], float] = lambda node: 0.0
    """About how long it takes, however few rows it computes: such as rows of its input that it has to prepare."""
    form: Literal["shared", "specialised"] = "specialised"
    """One copy for all nodes, parameters by pointer; or one copy a node, parameters as constants."""
    constants: Callable[[Node], tuple[int, ...]] | None = None
    """Of a shared kernel: numbers from 0 that its code is made for, such as immediates of assembly. There is a copy for
    each set of them; a macro of the header makes it: `<function>_COPY(name, constants...)` defines `name`."""
    like: str = ""
    """The function of a kernel before it whose code this one is, with other parameters and scratch."""
    untyped: bool = False
    """It takes `const void *` and `void *`, so that one shared copy serves tensors of every type."""
    listed: Literal["", "inputs", "outputs"] = ""
    """Takes these as one array of pointers, `const T *const *x` or `T *const *y`: operators of any number of them."""

    @property
    def code(self) -> str:
        """The function that the header defines."""
        return self.like or self.function


@dataclass(frozen=True, eq=False)
class Node:
    """An operator between tensors. An absent optional input is None."""

    name: str
    op: Op
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    sources: tuple[int, ...] = ()  # indices of the operators in the user's file it came from

    @property
    def pointers(self) -> tuple[Tensor, ...]:
        """The inputs that a kernel receives as pointers: present, and not folded into its parameters."""
        return tuple(t for i, t in enumerate(self.inputs) if t is not None and i not in self.op.folded)

    def input(self, index: int) -> Tensor:
        """Input `index`.

        Raises:
            BadInput: the file leaves it out.
        """
        tensor = self.inputs[index] if index < len(self.inputs) else None
        if tensor is None:
            raise BadInput(f"{self}: its input {index} is missing; the file is damaged: convert the model again")
        return tensor

    @property
    def output(self) -> Tensor:
        """Its only output.

        Raises:
            BadInput: it has none, or more.
        """
        if len(self.outputs) != 1:
            raise BadInput(
                f"{self}: has {len(self.outputs)} outputs, not 1; the file is damaged: convert the model again"
            )
        return self.outputs[0]

    def __str__(self) -> str:
        where = f" (operator {', '.join(map(str, self.sources))})" if self.sources else ""
        return f"{self.op.title} {self.name}{where}"


@dataclass(frozen=True, eq=False)
class State:
    """Memory that outlives one execution: `read` holds it at entry, what `write` holds at exit is kept."""

    name: str
    initial: Array
    read: Tensor
    write: Tensor


@dataclass(frozen=True, eq=False)
class Graph:
    """Straight-line work: nodes in an order in which they can run."""

    name: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    nodes: tuple[Node, ...]
    states: tuple[State, ...] = ()

    @property
    def tensors(self) -> Iterator[Tensor]:
        """Every tensor once, in order of first appearance."""
        found = [*self.inputs, *(s.read for s in self.states)]
        for node in self.nodes:
            found += [t for t in (*node.inputs, *node.outputs) if t is not None]
        yield from dict.fromkeys((*found, *self.outputs, *(s.write for s in self.states)))

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one execution."""
        return sum(node.op.macs(node) for node in self.nodes)

    @property
    def within(self) -> Iterator[Graph]:
        """This graph, and all that its operators run."""
        yield self
        for node in self.nodes:
            if isinstance(node.op, Control):
                for body in node.op.bodies:
                    yield from body.within


@dataclass(frozen=True)
class Place:
    """Where a tensor of a body lies: in `tensor`, which is around the body or another of its own, `offset` bytes behind
    its start, and in round i of a loop i * `step` or `steps[i]` bytes further."""

    tensor: Tensor
    offset: int = 0
    step: int = 0
    steps: tuple[int, ...] = ()
    """Where it is not the same from each round to the next; multiples of `ALIGN`."""


@dataclass(frozen=True)
class Control(Op):
    """An operator that runs graphs of its own, as often as its `structure` says.

    The memory of a body is scratch of the node. A state of a body is a variable of the loop: its place is that of a
    tensor around the body.
    """

    bodies: tuple[Graph, ...]

    names_inside: ClassVar[bool] = True
    """The nodes of its bodies have names that others outside may have, too."""

    structure: ClassVar[Literal["choice", "loop", "repeat"]]
    """Body 0 or body 1; body 1 as long as body 0 says so; body 0 a number of times."""

    def places(self, node: Node) -> Mapping[Tensor, Place]:
        """The tensors of the bodies that lie where a tensor around them does: at least all inputs, and what states
        read. What lies in a tensor around is written only where that is an output of `node`."""
        raise NotImplementedError(self)

    def variables(self, node: Node) -> tuple[tuple[Tensor, Tensor], ...]:
        """(output, input) pairs of `node`: the output begins as a copy of the input, and may start at its address."""
        return ()

    def condition(self, node: Node) -> Tensor | None:
        """The boolean that a choice or a loop depends on."""
        return None

    def slides(self, node: Node) -> Mapping[Tensor, int]:
        """Tensors of the body of a loop whose bytes are moved to their start before each round but the first: how far
        behind it they begin."""
        return {}

    def ahead(self, node: Node) -> tuple[tuple[Tensor, Tensor, int], ...]:
        """(output, input, bytes) of `node`: where the output starts this many bytes before the input, or more, both may
        overlap; what is written over the input has been read by then."""
        return ()

    def rounds_of(self, node: Node) -> tuple[Node, ...]:
        """A node of the body of a loop as it is in each round; none where all rounds are alike."""
        return ()

    @property
    def fixed(self) -> bool:
        """Whether something is known about the nodes of the bodies, so that no pass may change these."""
        return False

    def runs(self, body: int) -> int:
        """How often a body runs in one execution; 1 where nobody knows."""
        return 1


def replace_node(graph: Graph, old: Node, *new: Node) -> Graph:
    """The graph with `new` in the place of `old`."""
    nodes = [m for n in graph.nodes for m in (new if n is old else (n,))]
    return dataclasses.replace(graph, nodes=tuple(nodes))
