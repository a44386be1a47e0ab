"""What many tests need: the shared models and recordings, and the oracles."""

from __future__ import annotations

import importlib
import os
import signal
from pathlib import Path
from types import ModuleType

import pytest

from cores import MAIN, serving, share
from motes.errors import BadInput
from motes.machine.qemu_program import MACHINES, installed
from motes.target import Board, board

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background job; but what tests start must stop
    signal.signal(signal.SIGINT, signal.default_int_handler)

REQUIRE_ALL = os.environ.get("MOTES_REQUIRE_ALL") == "1"


def missing(what: str) -> None:
    """Skip with the reason, or fail where nothing may be missing (`.ci/run` sets MOTES_REQUIRE_ALL=1)."""
    if REQUIRE_ALL:
        pytest.fail(f"{what}, and MOTES_REQUIRE_ALL=1 forbids to skip")
    pytest.skip(what)


def oracle(name: str) -> ModuleType:
    """An oracle's Python module, such as "tflite_micro" or "pymicro_features"."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        missing(f"the oracle {name} is not installed ({error})")
        raise


def emulator_of(board: Board) -> None:
    """Skip where the emulator of this board is not installed: it need not be."""
    if board.core.model in MACHINES:
        try:
            installed()
        except (LookupError, BadInput) as error:
            pytest.skip(f"board {board.name}: {error}")


def shared_folder() -> Path | None:
    """The folder of public models and recordings: beside the project, or where MOTES_SHARED says."""
    root = Path(os.environ.get("MOTES_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    return root if (root / "models").is_dir() else None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="record the answers in tests/golden again")
    parser.addoption("--generated", action="store_true", help="try all generated models, not a sample")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the notes of tests that passed: what `record_property("note", ...)` kept."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "note" and report.when == "call":
                terminalreporter.write_line(f"note: {value}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that takes `virt` on every virtual board, or on those that its mark `cores` names."""
    named = (mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "virt" in metafunc.fixturenames and not any("virt" in names for names in named):
        mark = metafunc.definition.get_closest_marker("cores")
        asked = {k: v for k, v in mark.kwargs.items() if k in ("needs", "only", "unicorn")} if mark else {}
        metafunc.parametrize("virt", serving(**asked), indirect=True)


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what `make test` leaves out on boards other than virt-m4."""
    for item in items:
        mark, call = item.get_closest_marker("cores"), getattr(item, "callspec", None)
        if mark and call and call.params.get("virt", MAIN) != MAIN:
            by = mark.kwargs.get("by")
            name = " ".join(str(call.params[p]) for p in (*by, "virt")) if by else f"{item.path.name} {item.name}"
            if share(name, mark.kwargs.get("one_in", 1)):
                item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def virt(request: pytest.FixtureRequest) -> Board:
    """Each virtual board whose emulator is there."""
    found = board(request.param)
    emulator_of(found)
    return found


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether to record golden files instead of comparing with them."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of public models and recordings that is not part of the project."""
    root = shared_folder()
    if root is None:
        missing("the shared models and recordings are not beside the project (../shared)")
        raise AssertionError
    return root
