"""The examples that come with Motes, each with a recorded scene: `motes demo`."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from motes.errors import BadInput

EXAMPLES = {"keywords": "keyword_spotting", "vision": "visual_wake_word", "machine": "machine_anomaly"}


@dataclass(frozen=True)
class Scene:
    """An example's application, what its sensor recorded, and the labels that say what was in it."""

    app: Path
    input: Path
    labels: Path


def scene(which: str) -> Scene:
    """The scene of an example, by a key of `EXAMPLES` or by the name of its folder.

    Raises:
        BadInput: there is no such example, or this installation came without it.
    """
    names = {**EXAMPLES, **{folder: folder for folder in EXAMPLES.values()}}
    if which not in names:
        near = difflib.get_close_matches(which, names, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise BadInput(f"no demo is called {which!r}; {hint}known: {', '.join(EXAMPLES)}")
    folder = examples() / names[which]
    recordings = sorted(p for p in folder.glob("scene.*") if p.suffix not in (".txt", ".py"))
    if len(recordings) != 1 or not (folder / "app.py").is_file():
        raise BadInput(f"{folder}: the example is not whole; install Motes again")
    return Scene(folder / "app.py", recordings[0], folder / "scene.txt")


def examples() -> Path:
    """The folder of the examples: inside of an installed package, beside `src` in a working copy."""
    here = Path(__file__).resolve()
    for folder in (here.parent / "examples", here.parents[2] / "examples"):
        if folder.is_dir():
            return folder
    raise BadInput("this installation came without its examples; install Motes again")
