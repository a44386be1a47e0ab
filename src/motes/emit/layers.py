"""The part of the C that models and applications share: constants, parameters, and one function a layer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from motes.emit.text import COMMON, array, comment, narrowed, struct_value, templates
from motes.ir import ALIGN, Array, Kernel, Node, State, Tensor
from motes.names import identifier
from motes.plan import Plan, round_up
from motes.program import Block, Call, Program


def layer_symbol(prefix: str, node: str) -> str:
    """The C function of a node: it holds all the cycles that the node takes."""
    return f"{prefix}_l_{node}"


def params_symbol(prefix: str, node: str) -> str:
    """The parameters of a node's kernel, where they are the same in each round."""
    return f"{prefix}_p_{node}"


@dataclass(frozen=True)
class Layer:
    """A call as C: `function` is its symbol, or empty where there is nothing to do (a view of its input).

    `rounds` are the counters of the loops around it that it is told, `inner` the layers that a block runs. In a loop,
    `until` is the round from which on there is nothing to do; 0: it has something to do in each.
    """

    call: Call | Block
    function: str
    title: str
    body: str
    rounds: tuple[str, ...] = ()
    inner: tuple[Layer, ...] = ()
    until: int = 0


@dataclass(frozen=True)
class Store:
    """A copy: of a state whose next value was computed elsewhere, to its place at the end of a run."""

    to: str
    source: str
    bytes: int


@dataclass(frozen=True)
class Slide:
    """`bytes` bytes moved to where they follow the start of a buffer, from `by` bytes behind it."""

    to: str
    by: int
    bytes: int


@dataclass(frozen=True)
class Reset:
    """What a state holds before the first run: the array at `source`, or where that is empty, `byte` everywhere."""

    to: str
    source: str
    byte: int
    bytes: int


@dataclass
class Code:
    """What the templates print; built up by `add`, program by program."""

    prefix: str
    plan: Plan
    headers: dict[str, Path] = field(default_factory=dict)
    includes: dict[str, None] = field(default_factory=dict)
    constants: list[str] = field(default_factory=list)
    shared: dict[str, str] = field(default_factory=dict)
    _names: dict[tuple[str, str, bytes], str] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _round: dict[Tensor, str] = field(default_factory=dict)
    """The counter of the loop whose rounds a tensor's place depends on."""

    def constant(self, kind: str, hint: str, data: Array) -> str:
        """The name of a flash array with this content; equal content is stored once.

        Args:
            kind: "w" for weights and biases, "t" for tables: the image's size is told apart by it.
        """
        data = np.ascontiguousarray(data)
        key = (kind, str(data.dtype), hashlib.sha256(data.tobytes()).digest() + str(data.size).encode())
        if key not in self._names:
            name = base = f"{self.prefix}_{kind}_{identifier(hint)}"
            serial = 1
            while name in self._used:
                serial += 1
                name = f"{base}_{serial}"
            self._used.add(name)
            self._names[key] = name
            self.constants.append(array(name, data))
        return self._names[key]

    def address(self, tensor: Tensor) -> str:
        """C for a tensor's place, as uint8_t *."""
        behind = ""
        while tensor in self.plan.same:
            place = self.plan.same[tensor]
            behind += f" + {place.offset}" if place.offset else ""
            if place.steps:
                behind += (
                    f" + {self._by_round('offsets', np.array(place.steps) // ALIGN, self._round[tensor])} * {ALIGN}u"
                )
            if place.step:
                behind += f" {'+' if place.step > 0 else '-'} {self._round[tensor]} * {abs(place.step)}u"
            tensor = place.tensor
        if tensor.data is not None:
            return f"(const uint8_t *){self.constant('w', tensor.name, tensor.data)}{behind}"
        if tensor in self.plan.kept:
            return f"s->kept + {self.plan.kept[tensor]}{behind}"
        return f"s->arena + {self.plan.offsets[tensor]}{behind}"

    def pointer(self, tensor: Tensor, *, const: bool) -> str:
        """C for a tensor's first element."""
        if tensor.data is not None:
            return self.constant("w", tensor.name, tensor.data)
        address = self.address(tensor)
        moving = tensor in self._round and self.plan.same[tensor].tensor.data is None
        address = f"motes_opaque({address})" if moving else f"({address})"
        return f"({'const ' if const else ''}{tensor.dtype.c} *){address}"

    def add(self, program: Program) -> tuple[list[Layer], list[Store], list[Reset]]:
        """The program's layers, and what its states need at the end of a run and before the first."""
        layers = [self._layer(call, call.node.name) for call in program.calls]
        stores = self._stores((s.read, s.write) for s in program.graph.states)
        return layers, stores, [self._reset(s) for s in program.graph.states]

    def _stores(self, pairs: Iterable[tuple[Tensor, Tensor]]) -> list[Store]:
        """Copies into the first of each pair, where that is another place."""
        found = [Store(self.address(to), self.address(source), to.nbytes) for to, source in pairs]
        return [store for store in found if store.to != store.source]

    def _reset(self, state: State) -> Reset:
        held = np.frombuffer(state.initial.tobytes(), np.uint8)
        even = bool(np.all(held == held[0]))
        return Reset(
            self.address(state.read),
            "" if even else self.constant("t", f"{state.name}_initial", state.initial),
            int(held[0]) if even else 0,
            state.read.nbytes,
        )

    def _layer(self, call: Call | Block, name: str, around: tuple[str, ...] = ()) -> Layer:
        """A call, under a name that no other has; `around` are the counters of the loops around it."""
        node = call.node
        reads = ", ".join(f"{t.dtype.value}[{'x'.join(map(str, t.shape))}]" for t in node.pointers)
        makes = ", ".join(f"{t.dtype.value}[{'x'.join(map(str, t.shape))}]" for t in node.outputs)
        title = comment(f"{node}: {reads} -> {makes}")
        if isinstance(call, Block):
            return self._block(call, name, title, around)
        kernel = call.kernel
        if self._lies(node):
            return Layer(call, "", title, "")
        self._need(call.header)
        self.includes[kernel.source] = None
        lists, arguments = self._params(call, name, around)
        has_params = bool(arguments)
        for kind, side, tensors in (("inputs", "x", node.pointers), ("outputs", "y", node.outputs)):
            pointers = [self.pointer(t, const=side == "x") for t in tensors]
            if kernel.listed == kind:
                lists += f"    {_element(kernel, tensors[0], side)}*const {side}[] = {{{', '.join(pointers)}}};\n"
                pointers = [side]
            arguments += pointers
        if kernel.scratch is not None:
            offset = self.plan.scratch.get(call)
            arguments.append("(void *)0" if offset is None else f"s->arena + {offset}")
        function = self._share(call, has_params) if kernel.form == "shared" else kernel.code
        lines = ",\n        ".join(arguments)
        body = f"{lists}    {function}({lines});"
        rounds = tuple(i for i in around if re.search(rf"\b{i}\b", body))
        return Layer(call, layer_symbol(self.prefix, name), title, body, rounds, until=len(call.rounds))

    def _lies(self, node: Node) -> bool:
        """Whether the output is a part of the input, and lies there."""
        part = node.op.part(node) if node.pointers and len(node.outputs) == 1 else None
        if part is None or node.pointers[0].data is not None:
            return False
        to, (start, *rest) = self._place(node.output), self._place(node.pointers[0])
        return to == (start + part, *rest)

    def _place(self, tensor: Tensor) -> tuple[int, bool, tuple[tuple[Tensor, int], ...]]:
        """Where a tensor lies: bytes behind the start of the memory of states, or else of the arena; and the tensors on
        the way that move in each round."""
        behind, moving = 0, []
        while tensor in self.plan.same:
            place = self.plan.same[tensor]
            behind += place.offset
            if place.step or place.steps:
                moving.append((tensor, place.step))
            tensor = place.tensor
        kept = tensor in self.plan.kept
        return (self.plan.kept if kept else self.plan.offsets)[tensor] + behind, kept, tuple(moving)

    def _params(self, call: Call, name: str, around: tuple[str, ...]) -> tuple[str, list[str]]:
        """What comes before the call of a kernel, and the pointer to its parameters, if it has any.

        Where the rounds of a loop differ, the struct is made anew in each, from tables with a row a round.
        """
        kernel = call.kernel
        kind = "w" if call.node.op.folded else "t"
        params = dict(call.params)
        columns = {k: np.asarray([np.asarray(v).ravel() for v in values]) for k, values in call.columns.items()}
        lines = []
        for field_name, rows in columns.items():
            if np.ndim(params[field_name]):
                row = f"{self.constant('t', f'{name}_{field_name}', rows)} + {around[-1]} * {rows.shape[1]}"
            else:
                row = self._by_round(f"{name}_{field_name}", rows[:, 0], around[-1])
            lines.append(f"    p.{field_name} = {row};\n")
        names = {
            k: "0" if k in columns else self.constant(kind, f"{name}_{k}", v)
            for k, v in params.items()
            if isinstance(v, np.ndarray)
        }
        value = struct_value(call.header, f"{kernel.code}_params", params, names)
        if value is None:
            return "", []
        struct = params_symbol(self.prefix, name)
        self.constants.append(f"static const {kernel.code}_params {struct} = {value};\n")
        if not columns:
            return "", [f"&{struct}"]
        return f"    {kernel.code}_params p = {struct};\n{''.join(lines)}", ["&p"]

    def _by_round(self, hint: str, values: Array, counter: str) -> str:
        """C for a number that is another one in each round; mostly, only the first and the last differ."""
        first, *middle, last = (str(v) for v in values)
        if values.dtype.kind not in "iu" or len({*middle}) > 1:
            return f"{self.constant('t', hint, narrowed(values))}[{counter}]"
        inner = middle[0] if middle else last
        behind = inner if inner == last else f"{counter} < {len(middle) + 1} ? {inner} : {last}"
        return f"({behind})" if inner == first else f"({counter} ? {behind} : {first})"

    def _block(self, block: Block, name: str, title: str, around: tuple[str, ...]) -> Layer:
        """A block: its control structure as a function that calls the layers of its bodies."""
        node, op = block.node, block.op
        counter = f"i{len(around)}" if op.structure == "repeat" else ""
        self._round |= {t: counter for t, place in op.places(node).items() if place.step or place.steps}
        inside = (*around, counter) if counter else around
        inner = [
            [self._layer(call, block.within(name, i) + call.node.name, inside) for call in body.calls]
            for i, body in enumerate(block.bodies)
        ]
        condition = op.condition(node)
        slides = [Slide(self.address(t), by, round_up(t.nbytes - by)) for t, by in op.slides(node).items()]
        if slides:
            self.needs("slide.h")
            self.includes["slide.h"] = None
        body = (
            templates()
            .get_template("block.j2")
            .render(
                structure=op.structure,
                counter=counter,
                count=op.runs(0),
                condition="" if condition is None else self.pointer(condition, const=True),
                slides=slides,
                loads=self._stores(op.variables(node)),
                bodies=[
                    {"layers": layers, "stores": self._stores((s.read, s.write) for s in program.graph.states)}
                    for layers, program in zip(inner, block.bodies, strict=True)
                ],
            )
        )
        layers = tuple(layer for layers in inner for layer in layers)
        rounds = tuple(i for i in around if re.search(rf"\b{i}\b", body))
        return Layer(block, layer_symbol(self.prefix, name), title, body.rstrip(), rounds, layers)

    def _share(self, call: Call, has_params: bool) -> str:
        """The one noinline copy of a shared kernel; where it is made for constants, the one for those."""
        node, kernel = call.node, call.kernel
        if kernel.constants is not None:
            numbers = [str(n) for n in kernel.constants(node)]
            name = "_".join((self.prefix, "k", kernel.code, *numbers))
            self.shared[name] = f"{kernel.code}_COPY({', '.join((name, *numbers))})\n"
            return name
        typed = [f"const {kernel.code}_params *p"] if has_params else []
        for kind, name, tensors in (("inputs", "x", node.pointers), ("outputs", "y", node.outputs)):
            if kernel.listed == kind:
                typed.append(f"{_element(kernel, tensors[0], name)}*const *{name}")
            else:
                typed += [f"{_element(kernel, t, name)}*{name}{i}" for i, t in enumerate(tensors)]
        typed += ["void *scratch"] if kernel.scratch is not None else []
        name = f"{self.prefix}_k_{kernel.code}"
        names = ", ".join(re.findall(r"\w+$", t)[0] for t in typed)
        text = (
            f"static MOTES_NOINLINE MOTES_FLATTEN void {name}({', '.join(typed)}) {{\n    {kernel.code}({names});\n}}\n"
        )
        assert self.shared.setdefault(name, text) == text, f"{name} is shared between different types"
        return name

    def needs(self, *common: str) -> None:
        """Take headers of the common folder."""
        for name in common:
            self._need(COMMON / name)

    def _need(self, header: Path) -> None:
        """Take a header, and those it includes: from its own folder, or from the common ones."""
        known = self.headers.setdefault(header.name, header)
        assert known == header, f"two headers are called {header.name}: {known} and {header}"
        for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', header.read_text("utf-8"), flags=re.M):
            if name not in self.headers:
                beside = header.parent / name
                self._need(beside if beside.exists() else COMMON / name)

    def files(self) -> Mapping[str, str]:
        """The headers to put beside the C, by name."""
        self._need(COMMON / "motes.h")
        return {name: path.read_text("utf-8") for name, path in sorted(self.headers.items())}


def _element(kernel: Kernel, tensor: Tensor, side: str) -> str:
    """The C type, with a space behind it, that a kernel's pointer to an input ("x") or an output ("y") points to."""
    return ("const " if side == "x" else "") + ("void " if kernel.untyped else f"{tensor.dtype.c} ")
