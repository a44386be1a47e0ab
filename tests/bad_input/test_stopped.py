"""Ctrl-C at every stage, and two builds at once: as processes, the way they happen."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest

from motes.build import cache
from motes.ir import DType, Tensor, quant
from small_app import GOOD
from tflite_small import dense
from tflite_writer import Operator, write_model

STOPPED = (130, -signal.SIGINT)
"""What a shell shows as 130: Python ends some programs by the signal itself."""
PATIENCE_S = 60.0

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs groups of processes")


@contextlib.contextmanager
def started(*arguments: str | Path, cache_folder: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """The command line, as the first of a group of processes."""
    environment = {**os.environ, **({"MOTES_CACHE": str(cache_folder)} if cache_folder else {})}
    running = subprocess.Popen(
        [sys.executable, "-m", "motes", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    try:
        with running:
            yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)


def wait_for(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def read_until(stream: IO[str] | None, words: str) -> str:
    assert stream is not None
    said = ""
    while words not in said:
        line = stream.readline()
        assert line, said
        said += line
    return said


def ends(running: subprocess.Popen[str], whole_group: bool, signal_: int = signal.SIGINT) -> str:
    """Send the signal, as a terminal does to the whole group, or as `kill` does; what it said, once nothing is left."""
    (os.killpg if whole_group else os.kill)(running.pid, signal_)
    out, err = running.communicate(timeout=PATIENCE_S)
    assert running.returncode in STOPPED
    assert out == ""
    assert "Traceback" not in err
    assert "error" not in err

    def gone() -> bool:
        try:
            os.killpg(running.pid, 0)
        except ProcessLookupError:
            return True
        return False

    wait_for(gone)
    return err


def files(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize("whole_group", [True, False], ids=["terminal", "kill"])
def test_while_an_app_is_read(app: Any, recording: Path, tmp_path: Path, whole_group: bool) -> None:
    path = app("import time\nprint('here', flush=True)\ntime.sleep(60)\n" + GOOD)
    with started("run", path, "-i", recording, "-o", tmp_path / "out", "--json") as running:
        read_until(running.stderr, "here")
        ends(running, whole_group)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("whole_group", [True, False], ids=["terminal", "kill"])
def test_while_the_compiler_runs(tmp_path: Path, whole_group: bool) -> None:
    model, out, folder = tmp_path / "m.tflite", tmp_path / "out", tmp_path / "cache"
    model.write_bytes(dense())
    with started("build", model, "-o", out, "--json", cache_folder=folder) as running:
        wait_for(lambda: any((folder / "work").glob("*/*.c")))
        ends(running, whole_group)
    assert not out.exists()
    assert not any((folder / "work").iterdir())
    with started("build", model, "-o", out, "--json", cache_folder=folder) as running:  # what is left does no harm
        made, err = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 0, err
    assert json.loads(made)["macs"] == 32


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
def test_while_the_board_runs(app: Any, tmp_path: Path, long_recording: Path, signal_: int) -> None:
    """The emulator has a process of its own: it ends with the one that asked for it."""
    out = tmp_path / "out"
    with started("run", app(), "-i", long_recording, "-o", out, "--json") as running:
        read_until(running.stderr, "0.550 s")
        ends(running, False, signal_)
    made = files(out)
    assert {"small.elf", "small.hex", "report.json", "main.c"} <= set(made), "the build had ended"
    assert not any(name.startswith(".") for name in made)
    report = json.loads((out / "report.json").read_text())
    assert (report["app"], report["image"]) == ("small", "small.elf")


@pytest.fixture(scope="module")
def long_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten minutes, which take the virtual board a while."""
    path = tmp_path_factory.mktemp("long") / "noise.wav"
    import soundfile

    rng = np.random.default_rng(5)
    loud = np.repeat(rng.uniform(10, 9000, 4800), 2000)
    soundfile.write(path, (loud * rng.standard_normal(len(loud)) / 3).clip(-32768, 32767).astype(np.int16), 16_000)
    return path


# ------------------------------------------------------------------------------------------------ two at once


def layer(folder: Path, inputs: int, outputs: int) -> Path:
    """One of several models of one name."""
    x, y = Tensor("x", (1, inputs), DType.INT8, quant(0.5, 0)), Tensor("y", (1, outputs), DType.INT8, quant(0.5, 0))
    w = Tensor("w", (outputs, inputs), DType.INT8, quant(0.1, 0), np.ones((outputs, inputs), np.int8))
    folder.mkdir()
    path = folder / "m.tflite"
    path.write_bytes(write_model([Operator("FULLY_CONNECTED", (x, w, None), (y,), {})], [x], [y]))
    return path


def test_two_builds_into_one_folder(tmp_path: Path) -> None:
    """Each tells the truth about its own model, and the folder holds one of them, whole."""
    models = {8 * 4: layer(tmp_path / "a", 8, 4), 64 * 24: layer(tmp_path / "b", 64, 24)}
    alone = {}
    for macs, model in models.items():
        with started("build", model, "-o", tmp_path / f"alone_{macs}", "--json") as running:
            alone[macs] = json.loads(running.communicate(timeout=PATIENCE_S)[0])
    out = tmp_path / "out"
    for _ in range(2):
        with contextlib.ExitStack() as stack:
            both = [stack.enter_context(started("build", m, "-o", out, "--json")) for m in models.values()]
            said = [json.loads(running.communicate(timeout=PATIENCE_S)[0]) for running in both]
        for found in said:
            want = {**alone[found["macs"]], "image": str(out / "m.elf")}
            assert found == want
        kept = json.loads((out / "report.json").read_text())
        whole = tmp_path / f"alone_{kept['macs']}"
        for name in (
            "m.elf",
            "m.bin",
            "m.hex",
            "m.map",
            "src/m.c",
            "src/m.h",
            "src/main.c",
            "report.html",
            "report.json",
        ):
            assert (out / name).read_bytes() == (whole / name).read_bytes(), name


def test_whoever_comes_second_waits(tmp_path: Path) -> None:
    """A folder is one's at a time; the other says what it waits for, and Ctrl-C ends its patience."""
    model, out = tmp_path / "m.tflite", tmp_path / "out"
    model.write_bytes(dense())
    with cache.alone(out, lambda: None), started("build", model, "-o", out) as running:
        time.sleep(0.5)
        assert running.poll() is None
        ends(running, True)
    assert not out.exists()


def test_a_folder_that_others_hold_is_waited_for(tmp_path: Path) -> None:
    waited: list[str] = []
    with (
        cache.alone(tmp_path / "a", lambda: waited.append("a")),
        cache.alone(tmp_path / "b", lambda: waited.append("b")),
    ):
        assert waited == []
    script = (
        "import sys, pathlib; from motes.build import cache\n"
        "with cache.alone(pathlib.Path(sys.argv[1]), lambda: None):\n    print('in', flush=True); sys.stdin.read()\n"
    )
    holds = [sys.executable, "-c", script, str(tmp_path / "a")]
    with subprocess.Popen(holds, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        read_until(other.stdout, "in")

        def leave() -> None:
            waited.append("a")
            assert other.stdin is not None
            other.stdin.close()

        with cache.alone(tmp_path / "." / "a", leave):
            assert waited == ["a"]
