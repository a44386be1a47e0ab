"""Coverage-guided fuzzing of everything between a .tflite file and its C: `make fuzz TIME=3600`, in seconds.

    python tests/fuzz/fuzz_importer.py [libFuzzer's options] [FILE ...]

A finding is anything but a graph that becomes C or a `MotesError`. The first file of each kind is kept in `build/fuzz`
as finding_<where>; given as FILE it is tried again. A file that takes more than 10 s, or brings the process above 1 GB,
ends the run; it is kept there, too. What widened the coverage is in `build/fuzz/corpus`: the next run starts from it.
"""

from __future__ import annotations

import random
import sys
import traceback
from pathlib import Path

import atheris

TESTS = Path(__file__).resolve().parents[1]
KEPT = TESTS.parent / "build" / "fuzz"
SECONDS, MEGABYTES, LONGEST_FILE = 10, 1024, 32 << 10

sys.path[:0] = [str(TESTS), str(TESTS / "fuzz")]
with atheris.instrument_imports(include=["motes"]):
    from motes.ops import builtins

    builtins()  # finds the families, and imports each
    from test_tflite_fuzz import becomes_c, mutated, survives

from fields import changed_number  # noqa: E402
from seeds import seeds  # noqa: E402


def try_file(data: bytes) -> None:
    """Import it, run the passes, and make the C of what is left, for a core without or with fast kernels."""
    try:
        graph = survives(data)
        if graph is not None:
            becomes_c(graph, frozenset({"dsp", "fpu"} if len(data) % 2 else ()))
    except Exception as error:
        keep(data, error)


def keep(data: bytes, error: Exception) -> None:
    """Keep the first file of each kind: by the error, and the line of ours that was the last to run."""
    ours = [f for f in traceback.extract_tb(error.__traceback__) if "motes" in Path(f.filename).parts]
    where = (
        f"{Path(ours[-1].filename).parent.name}_{Path(ours[-1].filename).stem}_{ours[-1].lineno}" if ours else "test"
    )
    path = KEPT / f"finding_{where}_{type(error).__name__}"
    if not path.exists():
        path.write_bytes(data)
        traceback.print_exception(error)
        print(f"kept: {path}", file=sys.stderr)


def mutate(data: bytes, longest: int, seed: int) -> bytes:
    """One to four accidents: to a number that means something, to bytes anywhere, or one of libFuzzer's own."""
    chance = random.Random(seed)
    for _ in range(chance.choice((1, 1, 2, 4))):
        kind = chance.random()
        if kind < 0.6:
            data = changed_number(data, chance)
        elif kind < 0.8 and data:
            data = mutated(data, chance)
        else:
            data = atheris.Mutate(data, min(longest, len(data) + 64))
    return data[:longest]


def main() -> None:
    corpus = KEPT / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    options = [a for a in sys.argv[1:] if a.startswith("-")]
    files = [a for a in sys.argv[1:] if not a.startswith("-")]
    if not files:
        for name, data in seeds():
            (corpus / f"seed_{name}").write_bytes(data)
    limits = [f"-timeout={SECONDS}", f"-rss_limit_mb={MEGABYTES}", f"-max_len={LONGEST_FILE}", "-len_control=0"]
    atheris.Setup(
        [sys.argv[0], *limits, f"-artifact_prefix={KEPT}/", *options, *(files or [str(corpus)])],
        try_file,
        custom_mutator=mutate,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
