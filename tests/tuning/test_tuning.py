"""Choosing kernels: the best together, within budgets, measured once."""

from __future__ import annotations

import itertools
import os
import random
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import motes.tuning
from motes.choose import choose
from motes.errors import BadInput, DoesNotFit
from motes.ir import DType, Graph, Node, Tensor, quant
from motes.ops.cast.op import Cast
from motes.ops.conv.op import Conv2D
from motes.plan import plan
from motes.program import Block, Call
from motes.proving import compile_program, self_check
from motes.target import board
from motes.tuning import WEIGHTS, Cost, Goal, choices, options_of, table_of, tuned, unbeaten
from motes.tuning.goal import MOST
from motes.tuning.solve import solve
from motes.tuning.table import Table, Variant, measured

VIRT = board("virt-m4")
FORMS = ("2x2", "4x4", "lean")
KERNELS = ("conv_s8_dsp", "conv_3x3_s8_dsp", *(f"conv_winograd_{form}_s8_dsp" for form in FORMS))


def convolutions(count: int = 2, channels: int = 32, size: int = 8) -> Graph:
    """3x3 convolutions one behind the other, which several kernels serve."""
    rng = np.random.default_rng(7)
    x = first = Tensor("x", (1, size, size, channels), DType.INT8, quant(0.1, 3))
    nodes = []
    for i in range(count):
        shape = (channels, 3, 3, channels)
        w = Tensor(f"w{i}", shape, DType.INT8, quant(0.25, 0), rng.integers(-127, 128, shape).astype(np.int8))
        bias = rng.integers(-500, 500, channels).astype(np.int32)
        b = Tensor(f"b{i}", (channels,), DType.INT32, quant(x.scale * 0.25, 0), bias)
        y = Tensor(f"y{i}", x.shape, DType.INT8, quant(x.scale * 320, -128))
        nodes.append(Node(f"conv{i}", Conv2D(pads=(1, 1, 1, 1), activation="RELU"), (x, w, b), (y,)))
        x = y
    return Graph("convolutions", (first,), (x,), tuple(nodes))


def functions(program) -> list[str]:
    return [call.kernel.function for _, call, _ in program.walk() if isinstance(call, Call)]


# ------------------------------------------------------------------------------------------------ the solver


def random_table(rng: random.Random) -> Table:
    code = {f"f{i}": rng.randint(100, 4000) for i in range(4)}
    layers = {}
    for i in range(rng.randint(1, 5)):
        layers[f"layer{i}"] = tuple(
            Variant(
                f"k{k}",
                rng.randint(1000, 2_000_000),
                rng.randint(10, 90_000),
                tuple(sorted(rng.sample(list(code), rng.randint(0, 3)))),
                rng.randint(100, 60_000),
            )
            for k in range(rng.randint(1, 4))
        )
    pairs = {}
    for first in range(0, len(layers) - 1, 2):
        if rng.random() < 0.5:
            parts = f"layer{first}", f"layer{first + 1}"
            pairs["_".join(parts)] = parts
    for name, parts in pairs.items():
        cycles = sum(layers[part][0].cycles for part in parts)
        layers[name] = (Variant("both", int(cycles * rng.uniform(0.5, 1.1)), 400, ("f0",), rng.randint(100, 60_000)),)
    return Table(layers, code, rng.randint(0, 500_000), rng.randint(1000, 20_000), rng.randint(100, 1000), pairs)


def every_choice(table: Table):
    for count in range(len(table.pairs) + 1):
        for pairs in itertools.combinations(table.pairs, count):
            without = {part for name in pairs for part in table.pairs[name]}
            names = [name for name in (*table.single, *pairs) if name not in without]
            yield from choices_of(table, names)


def choices_of(table: Table, names: list[str]):
    for rows in itertools.product(*(table.layers[name] for name in names)):
        used = {f for v in rows for f in v.functions}
        yield (
            {name: v.kernel for name, v in zip(names, rows, strict=True)},
            Cost(
                table.cycles + sum(v.cycles for v in rows),
                table.flash + sum(v.data for v in rows) + sum(table.code[f] for f in used),
                table.ram + max(v.moment for v in rows),
            ),
        )


def value(cost: Cost, table: Table, weight: float) -> float:
    assert VIRT.chip is not None
    reference = table.cycles + sum(rows[0].cycles for rows in table.single.values())
    return cost.cycles / reference + weight * (cost.flash / VIRT.chip.flash.size + cost.ram / VIRT.chip.ram.size)


@pytest.mark.parametrize("seed", range(30))
def test_no_choice_is_better(seed: int) -> None:
    rng = random.Random(seed)
    table = random_table(rng)
    choices = list(every_choice(table))
    goal = Goal(rng.choice(list(WEIGHTS)), rng.choice((None, 120_000)), rng.choice((None, 40_000)))
    most = goal.flash or MOST * min((cost for _, cost in choices), key=lambda cost: value(cost, table, 1e9)).flash
    allowed = [cost for _, cost in choices if cost.flash <= most and cost.ram <= (goal.ram or 256 << 10)]

    def arena(names) -> int:
        return max(v.moment for name, kernel in names.items() for v in table.layers[name] if v.kernel == kernel)

    if not allowed:
        with pytest.raises(DoesNotFit, match=r"no choice of kernels fits .*: use a larger board, or a smaller model$"):
            solve([table], goal, VIRT, arena)
        return
    names, cost = solve([table], goal, VIRT, arena)
    assert dict(choices[[n for n, _ in choices].index(names)][0]) == names
    assert cost in allowed
    best = min(value(c, table, goal.weight) for c in allowed)
    assert value(cost, table, goal.weight) == pytest.approx(best, abs=1e-6)


def test_a_choice_whose_plan_is_too_large_is_not_taken() -> None:
    table = Table({"a": (Variant("fast", 10, 8, (), 900), Variant("slow", 99, 8, (), 500))}, {}, 0, 100, 100)
    # Moments say that 900 bytes will do; the plan finds that 1,200 are needed.
    names, cost = solve([table], Goal(ram=1100), VIRT, lambda picked: 1200 if picked["a"] == "fast" else 500)
    assert names == {"a": "slow"}
    assert cost == Cost(99, 108, 600)


def test_plans_say_more_than_moments() -> None:
    table = Table({"a": (Variant("small", 1000, 8, (), 500), Variant("fast", 900, 8, (), 90_000))}, {}, 0, 100, 100)
    assert solve([table], Goal(), VIRT, lambda picked: 90_000 if picked["a"] == "fast" else 500)[0] == {"a": "small"}
    # By themselves the layers need more than the arena takes, row by row.
    assert solve([table], Goal(), VIRT, lambda picked: 500) == ({"a": "fast"}, Cost(900, 108, 600))


def test_the_best_of_several_guesses_is_taken() -> None:
    def guess(*moments: int) -> Table:
        cycles = {"slow": 1000, "good": 940, "fast": 930}
        rows = (Variant(name, cycles[name], 8, (), m) for name, m in zip(cycles, moments, strict=True))
        return Table({"a": tuple(rows)}, {}, 0, 100, 100)

    arenas = {"slow": 500, "good": 600, "fast": 40_000}
    wrong, right = guess(500, 90_000, 90_000), guess(500, 600, 90_000)

    def arena(names: Mapping[str, str]) -> int:
        return arenas[names["a"]]

    assert solve([wrong], Goal(), VIRT, arena)[0] == {"a": "slow"}
    assert solve([wrong, right], Goal(), VIRT, arena)[0] == {"a": "good"}


def test_a_pair_is_taken_where_its_plan_is_smaller() -> None:
    def one(name: str, cycles: int) -> tuple[Variant, ...]:
        return (Variant(name, cycles, 8, (), 500),)

    layers = {"a": one("f", 500), "b": one("g", 500), "a_b": one("both", 1010)}
    table = Table(layers, {}, 0, 100, 100, {"a_b": ("a", "b")})
    assert solve([table], Goal(), VIRT, lambda picked: 500) == ({"a": "f", "b": "g"}, Cost(1000, 116, 600))
    names, cost = solve([table], Goal(), VIRT, lambda picked: 500 if "a_b" in picked else 9000)
    assert names == {"a_b": "both"}
    assert cost == Cost(1010, 108, 600)


# ------------------------------------------------------------------------------------------------ models


@pytest.fixture(scope="module")
def programs():
    graph = convolutions()
    return {optimize: tuned(graph, VIRT, Goal(optimize), rows=False) for optimize in WEIGHTS}


def test_every_kernel_that_fits_is_an_option(programs) -> None:
    options = options_of(programs["size"], VIRT)
    assert {name: {k.function for k in kernels} for name, kernels in options.items()} == {
        "conv0": set(KERNELS),
        "conv1": set(KERNELS),
    }


def test_goals_lead_to_other_kernels_and_the_same_bytes(programs) -> None:
    spent = {}
    for optimize, program in programs.items():
        proved = compile_program(program, VIRT, "tuned")
        self_check(proved, "zig")
        spent[optimize] = (proved.measure().cycles, proved.image.flash.total)
    assert spent["speed"][0] < spent["size"][0]
    assert spent["speed"][1] > spent["size"][1]
    assert functions(programs["size"]) != functions(programs["speed"])


def test_what_was_measured_is_what_the_image_takes(programs) -> None:
    program = programs["speed"]
    table = table_of(program, VIRT, "zig")
    assert [len(rows) for rows in table.layers.values()] == [len(KERNELS)] * 2
    names, cost = solve([table], Goal("speed"), VIRT, lambda picked: 0)
    proved = compile_program(program, VIRT, "tuned")
    assert list(names.values()) == functions(program)
    assert cost.cycles == pytest.approx(proved.measure().cycles, rel=0.005)
    assert cost.flash == pytest.approx(proved.image.flash.total, rel=0.02)


def test_code_that_other_layers_need_is_no_kernel_of_a_choice() -> None:
    graph = convolutions()
    last = graph.outputs[0]
    rng = np.random.default_rng(8)
    w = Tensor("w", (8, 5, 5, 32), DType.INT8, quant(0.25, 0), rng.integers(-127, 128, (8, 5, 5, 32)).astype(np.int8))
    y = Tensor("y", (1, 8, 8, 8), DType.INT8, quant(last.scale * 900, -128))
    node = Node("wide", Conv2D(pads=(2, 2, 2, 2), activation="RELU"), (last, w, None), (y,))
    program = choose(replace(graph, nodes=(*graph.nodes, node), outputs=(y,)), VIRT.core.features)
    assert "wide" not in options_of(program, VIRT)
    table = table_of(program, VIRT, "zig")
    for kernel in KERNELS:
        one = replace(
            table, layers={n: tuple(v for v in rows if v.kernel == kernel) for n, rows in table.layers.items()}
        )
        _, cost = solve([one], Goal(), VIRT, lambda picked: 0)
        picked = {call.node: k for n, call, _ in program.walk() for k in options_of(program, VIRT).get(n, ())
                  if k.function == kernel}  # fmt: skip
        proved = compile_program(choose(program.graph, VIRT.core.features, picked), VIRT, "tuned")
        assert cost.flash == pytest.approx(proved.image.flash.total, abs=100), kernel


def test_budgets_are_kept() -> None:
    graph = convolutions()
    quick, *_, small = costs(graph)
    tight = Goal("speed", flash=(quick.flash + small.flash) // 2)
    assert functions(tuned(graph, VIRT, tight)) != functions(tuned(graph, VIRT, Goal("speed", flash=quick.flash)))
    words = (
        r"^no choice of kernels fits 3,000 bytes of flash on virt-m4; the least that was found is ([\d,]+) of flash: "
    )
    with pytest.raises(DoesNotFit, match=words) as raised:
        tuned(graph, VIRT, Goal(flash=3000))
    found = re.match(words, str(raised.value))
    assert found is not None
    least = int(found[1].replace(",", ""))
    with pytest.raises(DoesNotFit, match=f"fits {least - 1:,} bytes of flash and 200,000 bytes of RAM on virt-m4; "):
        tuned(graph, VIRT, Goal(flash=least - 1, ram=200_000))
    assert tuned(graph, VIRT, Goal(flash=least, ram=200_000))


def test_what_was_built_can_be_asked_for() -> None:
    graph = convolutions()
    for program in choices(graph, VIRT):
        image = compile_program(program, VIRT, "convolutions").image
        for budgets in ({"flash": image.flash.total}, {"ram": image.ram.total}):
            goal = Goal("speed", **budgets)
            assert not goal.exceeded_by(compile_program(tuned(graph, VIRT, goal), VIRT, "convolutions").image)


def test_an_image_above_a_budget_is_refused(programs) -> None:
    image = compile_program(programs["size"], VIRT, "tuned").image
    flash, ram = image.flash.total, image.ram.total
    Goal(flash=flash, ram=ram).check("toy", image)
    for goal, words in (
        (Goal(flash=flash - 1), f"toy: the image takes {flash:,} bytes of flash, {flash - 1:,} are allowed; "),
        (Goal(flash=flash, ram=ram - 1), f"toy: the image takes {ram:,} bytes of RAM, {ram - 1:,} are allowed; "),
    ):
        with pytest.raises(DoesNotFit) as raised:
            goal.check("toy", image)
        assert str(raised.value) == words + "allow more, or use a smaller model"


def test_budgets_where_nothing_is_to_be_chosen() -> None:
    x, y = (Tensor(name, (8,), dtype) for name, dtype in (("x", DType.INT8), ("y", DType.INT32)))
    graph = Graph("plain", (x,), (y,), (Node("cast", Cast(), (x,), (y,)),))
    assert not options_of(choose(graph, VIRT.core.features), VIRT)
    assert functions(tuned(graph, VIRT, Goal(flash=100_000, ram=10_000))) == functions(tuned(graph, VIRT, Goal()))
    assert len(choices(graph, VIRT)) == 1
    with pytest.raises(DoesNotFit, match=r"fits 10 bytes of RAM on virt-m4; the least that was found is \d+ of RAM: "):
        tuned(graph, VIRT, Goal(ram=10))


def test_layers_go_row_by_row_where_memory_asks_for_it(programs) -> None:
    graph = convolutions()
    table = table_of(programs["speed"], VIRT, "zig")
    whole = plan(programs["size"]).arena + table.ram
    small = tuned(graph, VIRT, Goal("speed", ram=whole - 400))
    assert any(isinstance(call, Block) for call in small.calls)
    proved = compile_program(small, VIRT, "tuned")
    self_check(proved, "zig")
    assert proved.image.ram.total <= whole - 400
    with pytest.raises(DoesNotFit, match="no choice of kernels fits"):
        tuned(graph, VIRT, Goal("speed", ram=whole - 400), rows=False)


def test_known_again_by_every_process() -> None:
    script = (
        "from motes.ir import Graph\n"
        "from motes.target import boards\n"
        "from motes.tuning.prints import fingerprint\n"
        "print([fingerprint(Graph('g', (), (), ()), board) for board in boards()])\n"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", script], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in "1234567"
    }
    assert len(found) == 1


def test_solved_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*arguments, **named):
        raise AssertionError("solved again")

    goal = Goal("speed", ram=20_000)
    once = functions(tuned(convolutions(), VIRT, goal))
    monkeypatch.setattr(motes.tuning.ways, "solve", refuse)
    assert functions(tuned(convolutions(), VIRT, goal)) == once
    monkeypatch.setenv("MOTES_CACHE", str(tmp_path))
    with pytest.raises(AssertionError, match="solved again"):
        tuned(convolutions(), VIRT, goal)


def test_measured_once(monkeypatch: pytest.MonkeyPatch, programs) -> None:
    def refuse(*arguments, **named):
        raise AssertionError("measured again")

    monkeypatch.setattr(motes.tuning.table, "compile_program", refuse)
    assert functions(tuned(convolutions(), VIRT, Goal("speed"))) == functions(programs["speed"])
    with pytest.raises(AssertionError, match="measured again"):
        tuned(convolutions(size=9), VIRT, Goal())


def test_nothing_is_measured_where_there_is_no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = convolutions(channels=3)
    monkeypatch.setattr(motes.tuning, "table_of", lambda *arguments: pytest.fail("measured"))
    assert functions(tuned(graph, VIRT, Goal("speed"))) == ["conv_s8_dsp"] * 2


def test_layers_with_the_same_weights_share_them() -> None:
    graph = convolutions(count=3)
    first = graph.nodes[0]
    alike = tuple(replace(n, inputs=(n.inputs[0], *first.inputs[1:])) for n in graph.nodes)
    table = table_of(choose(replace(graph, nodes=alike), VIRT.core.features), VIRT, "zig")
    assert table.flash > 0
    assert len(functions(tuned(replace(graph, nodes=alike), VIRT, Goal()))) == 3


def test_a_view_costs_nothing() -> None:
    x, y = (Tensor(name, (8,), DType.INT8) for name in "xy")
    program = choose(Graph("g", (x,), (y,), (Node("cast", Cast(), (x,), (y,)),)), VIRT.core.features)
    (kernel,) = {call.kernel for call in program.calls}
    table = measured(program, {"cast": (kernel, kernel)}, VIRT, "zig")
    assert [v.functions for v in table.layers["cast"]] in ([(), ()], [("motes_copy",)] * 2)


def costs(graph: Graph) -> tuple[Cost, ...]:
    """What the choices take that are worth making, built and run."""
    built = [compile_program(program, VIRT, "tuned") for program in choices(graph, VIRT)]
    return unbeaten(Cost(b.measure().cycles, b.image.flash.total, b.image.ram.total) for b in built)


def test_every_choice_is_another() -> None:
    found = [tuple(functions(program)) for program in choices(convolutions(), VIRT)]
    assert len(found) == len(set(found)) > 1


def test_no_choice_beats_another() -> None:
    found = costs(convolutions())
    assert len(found) >= 2
    assert [c.cycles for c in found] == sorted(c.cycles for c in found)
    for one, other in itertools.permutations(found, 2):
        assert one.cycles < other.cycles or one.flash < other.flash or one.ram < other.ram


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        ({"optimize": "fast"}, "--optimize fast: expected speed, balanced, size"),
        ({"flash": 0}, "--flash 0: expected bytes, more than 0"),
        ({"ram": -5}, "--ram -5: expected bytes, more than 0"),
    ],
)
def test_goals_that_make_no_sense(goal, words: str) -> None:
    with pytest.raises(BadInput) as raised:
        Goal(**goal)
    assert str(raised.value) == words
    assert replace(Goal(), flash=10).flash == 10
