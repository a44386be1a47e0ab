"""What tests of the build share: an empty cache, both toolchains, and a count of their starts."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from motes.build import toolchain


@pytest.fixture
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("MOTES_CACHE", str(folder))
    return folder


@pytest.fixture(params=["zig", "gcc"])
def compiler(request: pytest.FixtureRequest) -> str:
    """Each toolchain for images."""
    if request.param == "gcc" and shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    return str(request.param)


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What compilers and linkers were started for, filled while the test runs."""
    found: list[str] = []
    run = subprocess.run

    def counted(command: Any, *args: Any, **options: Any) -> Any:
        found.append(str(command[-1]))
        return run(command, *args, **options)

    monkeypatch.setattr(toolchain.subprocess, "run", counted)
    return found
