"""`motes verify`: equal, within, different, refused; on the board and on this machine."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import emulator_of, oracle
from cores import CORES
from motes.errors import BadInput
from motes.ir import DType, Quant, Tensor, quant
from motes.oracle import Answer, Question, Refusal, ask
from motes.target import board as find_board
from motes.tflite import load
from motes.verifying import verify
from motes.verifying.comparing import distance, wrong
from motes.verifying.stimuli import STRUCTURED, draw, read_folder
from tflite_writer import Extras, Operator, write_model

F32 = DType.FLOAT32


@pytest.fixture(autouse=True)
def oracles() -> None:
    oracle("tflite_micro")


def two_layers(tmp_path: Path) -> Path:
    """A fully connected layer and a softmax."""
    x, y = Tensor("x", (1, 8), DType.INT8, quant(0.05, -3)), Tensor("hidden", (1, 4), DType.INT8, quant(0.25, 5))
    w = Tensor("w", (4, 8), DType.INT8, quant(0.125, 0), np.arange(-16, 16, dtype=np.int8).reshape(4, 8))
    z = Tensor("scores", (1, 4), DType.INT8, quant(1 / 256, -128))
    operators = [Operator("FULLY_CONNECTED", (x, w, None), (y,), {}), Operator("SOFTMAX", (y,), (z,), {"beta": 1.0})]
    path = tmp_path / "two.tflite"
    path.write_bytes(write_model(operators, [x], [z]))
    return path


@pytest.mark.parametrize("board", ["host", *CORES])
def test_equal(motes_: Any, tmp_path: Path, board: str) -> None:
    emulator_of(find_board(board))
    ended = motes_("verify", two_layers(tmp_path), "--board", board, "--count", "10", "--json")
    assert ended.status == 0
    found = ended.json
    assert found.pop("model").endswith("two.tflite")
    assert found == {
        "board": board,
        "oracle": "tflm",
        "status": "equal",
        "inputs": 10,
        "steps": 1,
        "max_abs": 0.0,
        "max_ulp": 0,
        "first": None,
        "reason": "",
    }


@pytest.mark.parametrize("board", ["host", *CORES])
def test_in_words(motes_: Any, tmp_path: Path, board: str) -> None:
    emulator_of(find_board(board))
    ended = motes_("verify", two_layers(tmp_path), "--board", board, "--count", "3")
    assert ended.status == 0
    assert ended.out.rstrip().endswith(f"two.tflite on {board}: every byte of 3 inputs equals TensorFlow Lite Micro")


def test_the_first_tensor_that_differs(motes_: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = two_layers(tmp_path)

    def lying(question: Question) -> Answer | Refusal:
        """The oracle, with one element of the hidden tensor and one of the scores changed."""
        found = ask(question)
        assert isinstance(found, Answer)
        index = [i for i, t in enumerate(found.tensors[0].values()) if t.shape == (1, 4)] if found.tensors else []
        for i in index:
            found.tensors[0][i].flat[2] ^= 1
        for run in found.outputs[1:]:
            run[0][0].flat[3] ^= 4
        return found

    monkeypatch.setattr("motes.verifying.ask", lying)
    ended = motes_("verify", path, "--board", "host", "--json")
    assert ended.status == 1
    first = ended.json.pop("first")
    assert (ended.json["status"], ended.json["max_abs"], first["operator"], first["tensor"], first["index"]) == (
        "differs",
        4.0,
        "FULLY_CONNECTED fully_connected_0 (operator 0)",
        "hidden",
        [0, 2],
    )
    assert first["ours"] ^ 1 == first["theirs"]
    assert "first: FULLY_CONNECTED fully_connected_0 (operator 0), hidden[0, 2]: " in motes_("verify", path).out


def test_unsupported(motes_: Any, tmp_path: Path) -> None:
    x = Tensor("x", (1, 4), DType.INT8, quant(0.5, 0))
    path = tmp_path / "odd.tflite"
    path.write_bytes(
        write_model([Operator("CUSTOM", (x,), (y := dataclasses.replace(x, name="y"),), custom_code="Odd")], [x], [y])
    )
    ended = motes_("verify", path, "--json")
    assert (ended.status, ended.json["status"], ended.json["oracle"]) == (2, "unsupported", None)
    assert "Odd" in ended.json["reason"]


def test_too_large_for_the_board(motes_: Any, tmp_path: Path) -> None:
    x = Tensor("x", (1, 400_000), DType.INT8, quant(0.5, 0))
    path = tmp_path / "large.tflite"
    path.write_bytes(write_model([Operator("ADD", (x, x), (y := dataclasses.replace(x, name="y"),), {})], [x], [y]))
    ended = motes_("verify", path, "--json", "--count", "1")
    assert (ended.status, ended.json["status"]) == (3, "does_not_fit")
    assert motes_("verify", path, "--json", "--count", "1", "--board", "host").json["status"] == "equal"


def test_an_oracle_that_stops(motes_: Any, tmp_path: Path) -> None:
    # Rows of 600 equal scores overflow TFLM's sum, and it ends the process; LiteRT's kernels do likewise.
    x = Tensor("x", (1, 600), DType.INT8, quant(0.5, 0))
    y = Tensor("y", (1, 600), DType.INT8, quant(1 / 256, -128))
    path = tmp_path / "flat.tflite"
    path.write_bytes(write_model([Operator("SOFTMAX", (x,), (y,), {"beta": 1.0})], [x], [y]))
    ended = motes_("verify", path, "--board", "host", "--count", "1", "--json")
    found = ended.json
    assert (ended.status, found["status"]) in ((2, "oracle_refuses"), (0, "equal"), (1, "differs"))
    assert found["oracle"] != "tflm"


def test_numbers_that_make_no_sense(tmp_path: Path) -> None:
    path = two_layers(tmp_path)
    for how in ({"count": 0}, {"steps": 0}, {"count": 10**6, "steps": 10}):
        with pytest.raises(BadInput, match="give positive numbers, at most a million steps in all"):
            verify(path, "host", **how)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="seed -1: give a number that is not negative"):
        verify(path, "host", seed=-1)


# ------------------------------------------------------------------------------------------------ inputs


def test_drawn_inputs_are_the_same_each_time_and_reach_the_ends(tmp_path: Path) -> None:
    graph = load(two_layers(tmp_path))
    first, again = draw(graph, 12, 2, 5), draw(graph, 12, 2, 5)
    assert all(np.array_equal(a, b) for r, s in zip(first, again, strict=True) for (a,), (b,) in zip(r, s, strict=True))
    assert {len(run) for run in first} == {2}
    of_kind = {kind: first[i][0][0] for i, kind in enumerate(STRUCTURED)}
    assert (of_kind["low"] == -128).all()
    assert (of_kind["high"] == 127).all()
    assert (of_kind["middle"] == -3).all()
    assert set(of_kind["extremes"].ravel()) <= {-128, 127}
    assert not np.array_equal(first[9][0][0], draw(graph, 12, 2, 6)[9][0][0])


def test_a_folder_of_inputs(motes_: Any, tmp_path: Path) -> None:
    path = two_layers(tmp_path)
    folder = tmp_path / "inputs"
    folder.mkdir()
    np.save(folder / "a.npy", np.arange(8, dtype=np.int8).reshape(1, 8))
    np.savez(folder / "b.npz", np.zeros((3, 1, 8), np.int8))
    assert [len(run) for run in read_folder(load(path), folder)] == [1, 3]
    ended = motes_("verify", path, "--input", folder, "--json")
    assert (ended.status, ended.json["inputs"], ended.json["steps"]) == (0, 2, 3)


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    path = two_layers(tmp_path)
    folder = tmp_path / "inputs"

    def refused(words: str) -> None:
        with pytest.raises(BadInput) as caught:
            verify(path, "host", folder=folder)
        assert words in str(caught.value)

    refused("inputs: cannot be listed (No such file or directory); give a folder of .npy or .npz files")
    folder.mkdir()
    refused("inputs: holds no .npy or .npz file; put one file a run there")
    np.save(folder / "a.npy", np.zeros((1, 8), np.float32))
    refused("a.npy: float32[1, 8] does not fit the input x, int8[1, 8]; save it in that type, with steps as a first")
    np.savez(folder / "a.npz", np.zeros(1), np.zeros(1))
    (folder / "a.npy").unlink()
    refused("a.npz: holds 2 arrays, but the model has 1 inputs")
    (folder / "a.npz").write_bytes(b"PK\x03\x04 no archive")
    refused("a.npz: is no .npz file that can be read (")


# ------------------------------------------------------------------------------------------------ floats


def test_what_is_near_enough() -> None:
    x = np.array([1.0, 100.0, np.nan, np.inf, -0.0], np.float32)
    assert not wrong(x, x, 0.0).any()
    assert distance(x, x) == (0.0, 0)
    next_to = np.nextafter(x, np.float32(200))
    assert not wrong(x[:2], next_to[:2], 0.0).any()
    assert distance(x[:2], next_to[:2])[1] == 1
    y = x.copy()
    y[0] += 0.002
    assert wrong(x, y, 100.0).tolist() == [True, False, False, False, False]
    assert wrong(x, y, 1000.0).tolist() == [False] * 5
    assert wrong(x, np.array([1.0, 100.0, 0.0, np.inf, 0.0], np.float32), 0.0).tolist() == [
        False,
        False,
        True,
        False,
        False,
    ]
    assert wrong(x, np.array([1.0, np.inf, np.nan, 5.0, 0.0], np.float32), 0.0).tolist() == [
        False,
        True,
        False,
        True,
        False,
    ]
    assert distance(x, np.full(5, np.inf, np.float32))[0] == np.inf


def test_integers_are_equal_or_wrong() -> None:
    assert wrong(np.array([1, 2]), np.array([1, 3]), 1e9).tolist() == [False, True]
    assert distance(np.array([-128], np.int8), np.array([127], np.int8)) == (255.0, 0)


def test_operator_by_operator_where_tflm_lacks_one_and_litert_rounds_otherwise(tmp_path: Path) -> None:
    """NEG of int8 is LiteRT's alone; its fully connected layers are off TensorFlow Lite Micro's by 1 at times."""
    rng = np.random.default_rng(0)
    x, y = Tensor("x", (1, 8), DType.INT8, quant(0.0273, 15)), Tensor("y", (1, 8), DType.INT8, quant(0.0229, -8))
    z = dataclasses.replace(y, name="z")
    w = Tensor("w", (8, 8), DType.INT8, quant(0.004, 0), rng.integers(-127, 128, (8, 8)).astype(np.int8))
    operators = [Operator("FULLY_CONNECTED", (x, w, None), (y,), {}), Operator("NEG", (y,), (z,), {})]
    path = tmp_path / "negated.tflite"
    path.write_bytes(write_model(operators, [x], [z]))
    found = verify(path, "host", count=200)
    assert (found.oracle, found.status) == ("litert", "equal")
    assert found.reason == "operator by operator: compared with TensorFlow Lite Micro where it has the operator"
    data, runs = path.read_bytes(), draw(load(path), 200, 1, 0)
    whole, single = (ask(Question("litert", data, runs, stepwise=stepwise)) for stepwise in (False, True))
    assert isinstance(whole, Answer)
    assert isinstance(single, Answer)
    apart = [np.abs(a[0][0].astype(int) - b[0][0]).max() for a, b in zip(whole.outputs, single.outputs, strict=True)]
    assert max(apart) == 1


def test_what_single_operators_do_not_show(tmp_path: Path) -> None:
    x, y = Tensor("x", (1, 1, 1, 4), DType.INT8, quant(0.5, 0)), Tensor("y", (1, 5, 1, 4), DType.INT8, quant(0.5, 0))
    operator = Operator("CUSTOM", (x,), (y,), {"cycles_max": 1}, custom_code="CIRCULAR_BUFFER")
    data = write_model([operator], [x], [y], Extras(variables=frozenset([y])))
    found = ask(Question("litert", data, (((np.zeros(x.shape, np.int8),),),), stepwise=True))
    assert isinstance(found, Refusal)
    assert found.reason == "an operator alone does not show what subgraphs, variables or custom operators do"


def test_weights_that_are_dequantized_by_channel(tmp_path: Path) -> None:
    """TensorFlow Lite Micro would take one scale for all channels; LiteRT is asked."""
    x, y = Tensor("x", (1, 8), F32), Tensor("y", (1, 4), F32)
    scales = Quant((0.01, 0.02, 0.03, 0.04), (0,) * 4, 0)
    w = Tensor("w", (4, 8), DType.INT8, scales, np.arange(-16, 16, dtype=np.int8).reshape(4, 8))
    real = Tensor("real", (4, 8), F32)
    operators = [Operator("DEQUANTIZE", (w,), (real,), {}), Operator("FULLY_CONNECTED", (x, real, None), (y,), {})]
    path = tmp_path / "weights.tflite"
    path.write_bytes(write_model(operators, [x], [y]))
    found = verify(path, "host")
    assert found.oracle == "litert"
    assert found.status in ("equal", "within")
    refusal = ask(Question("tflm", path.read_bytes(), draw(load(path), 1, 1, 0)))
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "operator 0 (DEQUANTIZE) has several scales, of which it would take the first for all"
