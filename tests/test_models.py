"""The public models: answers as TensorFlow Lite Micro gives them, counts as strangers count them, what they cost."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

import motes as mt
from conftest import missing, shared_folder
from cores import MAIN
from motes.build import host
from motes.build.host import HostGraph
from motes.ir import Array, Tensor
from motes.machine import measure
from motes.profiling import Profile, profile
from motes.target import Board, board
from motes.tflite import load
from motes.train import on_host
from tflm import run_tflm

HERE = Path(__file__).resolve().parent
MODELS: dict[str, dict[str, Any]] = tomllib.loads((HERE / "models.toml").read_text("utf-8"))
PROMISED = {
    "kws_ref_model": {"cycles": 12_000_000, "ram": 18_000, "flash": 48_000},
    "vww_96_int8": {"ram": 58_000, "flash": 250_000},
    "pretrainedResnet_quant": {"ram": 52_000},
    "ad01_int8": {"ram": 2_500},
}
"""Bounds that no budget in models.toml may exceed."""
RUNS = 200
"""Inputs for each model, against TFLM."""
ON_BOARD = 2
"""Of them, also through the image."""
PLACING = 0.01
"""Where code lies matters: emulators cut blocks at pages of 1 KiB, and a load at a block's start takes a cycle more."""
CPACR = 0xE000ED88  # of the core: the start-up code switches the FPU on

every_model = pytest.mark.parametrize("name", MODELS)
every_core = pytest.mark.cores(one_in=12, by=("name",))
every_toolchain = pytest.mark.parametrize("toolchain", ["zig", "gcc"])


def path_of(name: str) -> Path:
    root = shared_folder()
    if root is None:
        missing("the shared models are not beside the project (../shared)")
        raise AssertionError
    return root / "models" / MODELS[name]["file"]


@functools.cache
def profiled(name: str, where: str = MAIN, *, input: str = "lcg", toolchain: str = "zig") -> Profile:
    if toolchain == "gcc" and shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    return profile(path_of(name), where, input=input, toolchain=toolchain)


@functools.cache
def portable(name: str) -> HostGraph:
    (compiled,) = host.load([load(path_of(name))])
    return compiled


def draw(tensor: Tensor, runs: int) -> Array:
    """(runs, *shape) inputs from a fixed seed: noise, noise of any strength around any level, stripes, extremes."""
    rng = np.random.default_rng(tensor.elements)

    def one(kind: int) -> Array:
        if kind == 0:
            return rng.integers(-128, 128, tensor.shape)
        if kind == 1:
            return rng.integers(-128, 128) + 2.0 ** rng.uniform(0, 8) * rng.normal(size=tensor.shape)
        if kind == 2:
            width = int(2.0 ** rng.uniform(1, 10))
            stripes = np.repeat(rng.integers(-128, 128, tensor.elements // width + 1), width)
            return stripes[: tensor.elements].reshape(tensor.shape)
        return rng.choice((-128, 127), tensor.shape)

    values = np.stack([one(i % 4) for i in range(runs)])
    return np.clip(np.rint(values), -128, 127).astype(tensor.dtype.numpy)


# ------------------------------------------------------------------------------------------------ answers


@every_core
@every_model
@pytest.mark.parametrize("input", ["zeros", "lcg"])
def test_image_gives_the_known_output(name: str, input: str, virt: Board) -> None:
    (output,) = profiled(name, virt.name, input=input).outputs
    assert output.sha256.startswith(MODELS[name][input])


@every_model
def test_random_inputs_equal_tflm(name: str) -> None:
    compiled = portable(name)
    inputs = draw(compiled.graph.inputs[0], RUNS)
    (expected,) = run_tflm(path_of(name).read_bytes(), [(x,) for x in inputs])
    (found,) = compiled.run_many(inputs)
    assert np.array_equal(found, expected)
    assert len(np.unique(expected.reshape(RUNS, -1), axis=0)) >= 10, "inputs that all give one answer prove little"


@every_core
@every_model
def test_image_equals_portable_code_on_random_inputs(name: str, virt: Board) -> None:
    compiled, image = portable(name), profiled(name, virt.name).image
    for x in draw(compiled.graph.inputs[0], RUNS)[2 : 2 + ON_BOARD]:
        (expected,) = compiled(x)
        ran = measure(image, virt, overwrite={"motes_input_0": x.tobytes()}, read=["motes_output_0"])
        assert ran.symbols["motes_output_0"] == expected.tobytes()


def test_wake_word_on_real_features(shared: Path) -> None:
    """Windows of 30 frames of 40 log-mel energies of recorded words, scaled as the model was trained."""
    path, compiled = path_of("str_ww_ref_model"), portable("str_ww_ref_model")
    (x,) = compiled.graph.inputs
    clips = sorted((shared / "data" / "speech_commands_v0.01").glob("*/*.wav"))
    log_mel = on_host(mt.LogMel(window_ms=64, stride_ms=32, channels=40)(mt.Microphone()))
    energies = np.stack([log_mel.run_many(frames(clip))[0] for clip in clips])  # ln of power
    decibels = 10 / np.log(10) * (energies - np.log(1024))
    real = np.clip((decibels + 52) / 64, 0, 1)
    inputs = np.clip(np.rint(real / x.scale) + x.zero_point, -128, 127).astype(np.int8).reshape(-1, *x.shape)
    (expected,) = run_tflm(path.read_bytes(), [(window,) for window in inputs])
    (found,) = compiled.run_many(inputs)
    assert len(clips) >= RUNS
    assert np.array_equal(found, expected)
    # The features are what the model knows: its word, and hardly another.
    said = np.array([clip.parent.name == "marvin" for clip in clips])
    heard = found[:, 0, 0] > 0
    assert heard[said].mean() > 0.8
    assert heard[~said].mean() < 0.1


def frames(clip: Path) -> Array:
    """int16 (30, 1024): a second of sound in steps of 32 ms."""
    samples, rate = soundfile.read(clip, dtype="int16")
    assert rate == 16_000
    padded = np.zeros(16_000, np.int16)
    padded[: len(samples)] = samples[:16_000]
    return np.lib.stride_tricks.sliding_window_view(padded, 1024)[::512]


# ------------------------------------------------------------------------------------------------ measuring


@pytest.fixture(scope="module")
def stranger(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, Array], dict[str, Any]]:
    """Runs an image in the reference simulator, its input overwritten."""
    if shutil.which("cc") is None:
        pytest.skip("m4sim counts slowly without a host compiler (cc)")

    def run(image: Path, x: Array) -> dict[str, Any]:
        given = tmp_path_factory.mktemp("stranger") / "input"
        given.write_bytes(x.tobytes())
        command = [sys.executable, "-B", HERE / "stranger.py", shared / "tools", image, given]
        found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=120).stdout)
        return found

    return run


@every_model
@every_toolchain
def test_a_stranger_measures_the_same(name: str, toolchain: str, stranger: Callable[..., dict[str, Any]]) -> None:
    found, compiled = profiled(name, toolchain=toolchain), portable(name)
    x = draw(compiled.graph.inputs[0], 7)[-1]
    (expected,) = compiled(x)
    told = stranger(found.image, x)
    ours = measure(found.image, board(MAIN), overwrite={"motes_input_0": x.tobytes()})
    assert told["status"] == 0
    assert told["outputs"] == [expected.tobytes().hex()]
    assert told["console"] == f"output 0 {expected.tobytes().hex()}\n" == ours.console.decode()
    assert told["instructions"] == ours.instructions
    assert told["cycles"] == pytest.approx(ours.cycles, rel=0.01)
    assert told["stack"] <= found.ram["stack"]
    assert told["blocks_outside_flash"] == 0
    ports = {("write", 0xE0000000, 1), ("write", 0xE0000074, 4), ("write", 0xE0000078, 4), ("write", 0xE000007C, 4)}
    assert {tuple(t) for t in told["touched"]} == ports | {("read", CPACR, 4), ("write", CPACR, 4)}


@every_core
@every_model
@every_toolchain
def test_sizes_are_those_in_the_file(name: str, toolchain: str, virt: Board) -> None:
    if toolchain == "gcc" and not virt.core.gcc_flags:
        pytest.skip("that compiler does not know the core")
    found = profiled(name, virt.name, toolchain=toolchain)
    with found.image.open("rb") as file:
        elf = ELFFile(file)
        sections = {s.name: s for s in elf.iter_sections() if s["sh_flags"] & SH_FLAGS.SHF_ALLOC}
        segments = [s["p_filesz"] for s in elf.iter_segments() if s["p_type"] == "PT_LOAD"]
        symbols = {s.name: s for s in elf.get_section_by_name(".symtab").iter_symbols()}
    graph = load(path_of(name))
    # A compiler may turn an input of one byte into code.
    input_bytes = sections.pop(".motes_input")["sh_size"] if ".motes_input" in sections else 0
    in_ram = {n: s["sh_size"] for n, s in sections.items() if s["sh_addr"] in virt.chip.ram}
    assert found.flash["total"] == sum(segments) - input_bytes
    assert found.flash["total"] == sum(s["sh_size"] for n, s in sections.items() if n not in in_ram or n == ".data")
    assert found.ram["total"] == sum(in_ram.values())
    assert input_bytes >= graph.inputs[0].nbytes or graph.inputs[0].nbytes == 1
    for symbol, tensor in (("motes_input_0", graph.inputs[0]), ("motes_output_0", graph.outputs[0])):
        assert symbols[symbol]["st_size"] == tensor.nbytes
        assert symbols[symbol]["st_value"] in virt.chip.ram
    assert symbols["__stack_top"]["st_value"] - symbols["__stack_limit"]["st_value"] == found.ram["stack"]
    assert 0 < found.stack_high_water <= found.ram["stack"]


@every_core
@every_model
def test_profile_tells_everything(name: str, virt: Board) -> None:
    found = json.loads(json.dumps(profiled(name, virt.name).to_json()))
    assert {"model", "board", "toolchain", "instructions", "cycles", "macs", "cycles_per_mac", "image"} <= found.keys()
    assert (found["model"], found["board"], found["toolchain"]) == (name, virt.name, "zig")
    assert found["caveat"] == virt.core.caveat
    assert {"arena", "state", "static", "stack", "total"} <= found["ram"].keys()
    assert {"code", "weights", "total"} <= found["flash"].keys()
    for memory in (found["ram"], found["flash"]):
        assert memory["total"] == sum(size for part, size in memory.items() if part != "total")
    assert all({"name", "op", "kernel", "macs", "cycles"} <= layer.keys() for layer in found["layers"])
    assert sum(layer["macs"] for layer in found["layers"]) == found["macs"]
    assert found["file_macs"] == load(path_of(name)).macs >= found["macs"]
    assert bool(found["channels_left"]) == (found["file_macs"] > found["macs"])
    assert all(0 <= left["channels"] < left["of"] for left in found["channels_left"])
    # The rest are calls from layer to layer.
    assert 0 <= found["cycles"] - sum(layer["cycles"] for layer in found["layers"]) < 100
    assert found["cycles_per_mac"] == pytest.approx(found["cycles"] / found["macs"], abs=1e-4)
    (output,) = found["outputs"]
    assert {"name", "dtype", "shape", "sha256"} <= output.keys()
    made = measure(profiled(name, virt.name).image, virt, read=["motes_output_0"]).symbols["motes_output_0"]
    assert output["sha256"] == hashlib.sha256(made).hexdigest()


# ------------------------------------------------------------------------------------------------ cost


@every_core
@every_model
def test_cost_is_within_its_budget(name: str, virt: Board, record_property: Callable[[str, object], None]) -> None:
    budgets = MODELS[name] if virt.name == MAIN else MODELS[name].get(virt.name)
    if budgets is None:
        pytest.skip("this model has a budget on virt-m4 alone")
    found = profiled(name, virt.name)
    costs = {"cycles": found.cycles, "ram": found.ram["total"], "flash": found.flash["total"]}
    for what, cost in costs.items():
        budget, slack = budgets[what], PLACING if what == "cycles" else 0
        assert cost <= budget * (1 + slack), f"{name} costs {cost:,} of {what}, {cost - budget:,} more than before"
        if cost < budget * (1 - slack):
            record_property("note", f"tests/models.toml, {name} on {virt.name}: lower {what} to {cost:_}")


@every_model
def test_budgets_keep_what_was_promised(name: str) -> None:
    for what, bound in PROMISED.get(name, {}).items():
        assert MODELS[name][what] <= bound
