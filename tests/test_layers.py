"""The house has one direction: each room imports only rooms below it, at the top of its files."""

from __future__ import annotations

import ast
from pathlib import Path

import motes

SOURCE = Path(motes.__file__).parent

ROOMS = (
    ("errors", "progress", "disassembly", "intervals", "sliding", "tensors"),
    ("ir", "names", "bounded", "helium"),
    ("quant", "target", "program", "wellformed", "operands", "terminal"),
    ("ops",),
    ("stream",),
    ("blocks",),
    ("tflite", "passes"),
    ("check", "plan", "choose"),
    ("rows", "pairs"),
    ("application", "recording"),
    ("schedule", "judging"),
    ("emit",),
    ("build", "oracle"),
    ("machine",),
    ("proving", "listing"),
    ("stepping", "tuning"),
    ("forms",),
    ("making",),
    ("running",),
    ("report",),
    ("built", "profiling", "exporting", "verifying", "converting"),
    ("app", "doctor", "demo"),
    ("train",),
    ("cli",),
    ("__main__",),
)
"""Lowest first; rooms on one floor do not know each other, but for those in NEIGHBOURS."""

NEIGHBOURS = {("judging", "recording")}
"""A label is a label."""

FLOOR = {room: floor for floor, rooms in enumerate(ROOMS) for room in rooms}


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def imports(path: Path) -> list[tuple[str, int, bool]]:
    """(room, line, whether it is at the top of the file) of every import of our own."""
    tree = ast.parse(path.read_text("utf-8"))
    top = {id(n) for n in tree.body}
    for node in tree.body:  # `if TYPE_CHECKING:` is the top, too
        if isinstance(node, ast.If):
            top |= {id(n) for n in node.body}
    found = []
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module]
        found += [(room_of(n), node.lineno, id(node) in top) for n in names if n.split(".")[0] == "motes"]
    return found


def test_every_room_has_its_floor():
    rooms = {
        p.stem if p.is_file() else p.name for p in SOURCE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()
    }
    rooms -= {"__init__", "examples"}
    assert rooms == set(FLOOR)


def test_imports_point_down():
    wrong = []
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        here = parts[0]
        if here == "__init__":
            continue
        for room, line, _ in imports(path):
            if room in ("", here) or (here, room) in NEIGHBOURS:
                continue
            if FLOOR[room] >= FLOOR[here]:
                wrong.append(f"{path.relative_to(SOURCE)}:{line}: {here} imports {room}")
    assert not wrong, "\n".join(wrong)


def test_our_own_rooms_are_imported_at_the_top():
    late = []
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        if parts[0] in ("cli", "__init__", "__main__"):  # verbs import what they call, so that --help is quick
            continue
        late += [f"{path.relative_to(SOURCE)}:{line}: {room}" for room, line, top in imports(path) if not top]
    assert not late, "\n".join(late)
