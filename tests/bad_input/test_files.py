"""Recordings, labels, arrays and folders that cannot be used, through the command line."""

from __future__ import annotations

import io
import os
import random
import shutil
import struct
import subprocess
import sys
import warnings
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from motes.errors import MotesError
from motes.ir import DType, Tensor
from motes.profiling import _inputs
from motes.recording import read_labels, read_recording
from motes.stream import Source
from motes.target import board
from test_tflite_fuzz import mutated
from tflite_small import dense

MICROPHONE = Source("microphone", Fraction(16_000))
TONE = (8000 * np.sin(np.arange(1600) / 5)).astype(np.int16)


def sound(path: Path, samples: np.ndarray = TONE, rate: int = 16_000, subtype: str = "PCM_16", **named: Any) -> None:
    soundfile.write(path, samples, rate, subtype=subtype, **named)


def cut(path: Path, **named: Any) -> None:
    sound(path, **named)
    path.write_bytes(path.read_bytes()[:-1000])


SOUNDS: dict[str, tuple[Callable[[Path], None], str]] = {
    "another rate": (
        lambda p: sound(p, rate=8000),
        "is sampled at 8000 Hz, but the microphone at 16000 Hz; resample it, or change the application's rate",
    ),
    "no samples": (lambda p: sound(p, TONE[:0]), "holds no samples; record again"),
    "stereo": (lambda p: sound(p, np.stack([TONE, TONE], 1)), "has 2 channels, but the microphone has 1; convert it"),
    "24 bit": (lambda p: sound(p, subtype="PCM_24"), "its samples are PCM_24; convert it to 16-bit PCM"),
    "float": (lambda p: sound(p, subtype="FLOAT"), "its samples are FLOAT; convert it to 16-bit PCM"),
    "truncated": (cut, "is truncated: its header promises 1600 samples, 1100 are there; copy it again"),
    "truncated extensible": (lambda p: cut(p, format="WAVEX"), "is truncated: its header promises 1600 samples"),
    "shorter than a window": (
        lambda p: sound(p, TONE[:320]),
        "lasts 0.020 s, but the first window needs 0.030 s; give a longer recording",
    ),
    "no sound": (lambda p: p.write_bytes(b"x" * 99) and None, "is no sound file that can be read"),
    "a folder": (lambda p: p.mkdir(), "is no file; give a recording that exists"),
    "missing": (lambda p: None, "cannot be read (No such file or directory); give a recording that exists"),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_recordings(refuses: Any, app: Any, tmp_path: Path, name: str) -> None:
    make, words = SOUNDS[name]
    make(tmp_path / "a.wav")
    said = refuses(words, "run", app(), "-i", tmp_path / "a.wav", "--board", "host", "--json")
    assert str(tmp_path / "a.wav") in said


def test_another_kind_of_recording(refuses: Any, app: Any, tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"x")
    words = "a microphone plays .wav or .flac files; convert the recording"
    refuses(words, "run", app(), "-i", tmp_path / "a.mp3", "--board", "host")
    if os.path.exists("/dev/zero"):
        (tmp_path / "a.wav").symlink_to("/dev/zero")
        refuses("is no file", "run", app(), "-i", tmp_path / "a.wav", "--board", "host")


def test_a_size_that_is_not_known_yet_is_no_truncation(tmp_path: Path) -> None:
    """Programs that write into a pipe leave 0xFFFFFFFF where the size belongs."""
    path = tmp_path / "a.wav"
    sound(path)
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = b"\xff" * 4
    path.write_bytes(data)
    assert np.array_equal(read_recording(path, MICROPHONE), TONE)


def test_a_file_whose_name_is_no_text(motes_: Any, app: Any, recording: Path, tmp_path: Path) -> None:
    try:
        named = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.wav"))
        shutil.copy(recording, named)
    except (OSError, UnicodeError):
        pytest.skip("this system's file names are text")
    ended = motes_("run", app(), "-i", named, "--board", "host", "-o", named.with_suffix(""))
    assert ended.status == 0, ended.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"0.5 1.5 yes\n", "line 1: '0.5 1.5 yes' is no label; write start<TAB>end<TAB>text, times in seconds"),
        (b"0\t1\tyes\n2\t1\tno\n", "line 2: a label needs 0 <= start <= end and a text"),
        (b"0\tnan\tyes\n", "line 1: a label needs 0 <= start <= end and a text"),
        (b"\xff\xfe", "is not UTF-8 text; export the labels again"),
    ],
)
def test_labels(refuses: Any, app: Any, recording: Path, tmp_path: Path, text: bytes, words: str) -> None:
    (tmp_path / "labels.txt").write_bytes(text)
    refuses(words, "run", app(), "-i", recording, "--labels", tmp_path / "labels.txt", "--json")


def test_labels_from_a_device_end_somewhere(refuses: Any, app: Any, recording: Path) -> None:
    if not os.path.exists("/dev/zero"):
        pytest.skip("needs /dev/zero")
    words = "/dev/zero: larger than 1 MiB, which no label track is; give an Audacity label track"
    refuses(words, "run", app(), "-i", recording, "--labels", "/dev/zero")
    refuses("larger than 1 MiB, which no application is; give an app.py", "run", "/dev/zero", "-i", recording)


def archive() -> bytes:
    made = io.BytesIO()
    np.savez(made, x=np.zeros(3))
    return made.getvalue()


def promising(shape: str) -> bytes:
    header = f"{{'descr': '|i1', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (archive(), "x.npy: is no .npy file that can be read ("),
        (b"", "x.npy: is no .npy file that can be read ("),
        (promising("(1, 8)"), "x.npy: is no .npy file that can be read ("),
        (promising("(1000000000000, 8)"), "x.npy: is no .npy file that can be read ("),
        (promising("((((" * 20), "x.npy: is no .npy file that can be read ("),
    ],
)
def test_arrays(refuses: Any, tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "m.tflite").write_bytes(dense())
    (tmp_path / "x.npy").write_bytes(data)
    refuses(words, "profile", tmp_path / "m.tflite", "--input", tmp_path / "x.npy", "--json")


# ------------------------------------------------------------------------------------------------ mutations

ACCELEROMETER, CAMERA = Source("accelerometer", Fraction(1000), (3,)), Source("camera", Fraction(80), (8, 12))
MUTATIONS = 150


def seeds(folder: Path) -> dict[str, tuple[bytes, Callable[[Path], Any]]]:
    """Small good files, and what reads them."""
    sound(folder / "a.wav")
    sound(folder / "a.flac")
    np.save(folder / "a.npy", np.zeros((20, 3), np.int16))
    frames = [Image.fromarray(np.full((8, 12), 40 * i, np.uint8)) for i in range(5)]
    for kind in ("webp", "gif", "png"):
        frames[0].save(folder / f"a.{kind}", save_all=True, append_images=frames[1:], duration=100)
    (folder / "a.csv").write_text("# x,y,z\n" + "1,2,-32768\n" * 9)
    (folder / "a.txt").write_text("0.5\t1.5\tyes\n2\t3\tno\n" * 4)
    shutil.copy(board("virt-m4").folder / "board.toml", folder / "board.toml")
    tensor = Tensor("x", (20, 3), DType.INT16)
    readers: dict[str, Callable[[Path], Any]] = {
        "a.wav": lambda p: read_recording(p, MICROPHONE),
        "a.flac": lambda p: read_recording(p, MICROPHONE),
        "a.npy": lambda p: (_inputs(str(p), (tensor,)), read_recording(p, ACCELEROMETER)),
        "a.csv": lambda p: read_recording(p, ACCELEROMETER),
        "a.webp": lambda p: read_recording(p, CAMERA),
        "a.gif": lambda p: read_recording(p, CAMERA),
        "a.png": lambda p: read_recording(p, CAMERA),
        "a.txt": read_labels,
        "board.toml": lambda p: board(p.parent),
    }
    return {name: ((folder / name).read_bytes(), read) for name, read in readers.items()}


@pytest.mark.parametrize(
    "name", ["a.wav", "a.flac", "a.npy", "a.csv", "a.webp", "a.gif", "a.png", "a.txt", "board.toml"]
)
def test_mutated_files_are_read_or_refused(tmp_path: Path, name: str) -> None:
    data, read = seeds(tmp_path)[name]
    read(tmp_path / name)
    chance = random.Random(name)
    refused = 0
    for _ in range(MUTATIONS):
        (tmp_path / name).write_bytes(mutated(data, chance))
        try:
            with warnings.catch_warnings(action="ignore"):
                read(tmp_path / name)
        except MotesError as error:
            refused += 1
            assert str(tmp_path) in str(error)
    assert refused > 0


# ------------------------------------------------------------------------------------------------ folders


def test_a_file_in_the_place_of_the_folder(refuses: Any, tmp_path: Path, app: Any) -> None:
    (tmp_path / "m.tflite").write_bytes(dense())
    (tmp_path / "out").write_bytes(b"mine")
    words = f"error: {tmp_path / 'out'}: is a file, where a folder was expected; choose another output folder"
    refuses(words, "build", tmp_path / "m.tflite", "-o", tmp_path / "out" / "sub", "--json")
    refuses(words, "build", tmp_path / "m.tflite", "-o", tmp_path / "out", "--board", "host", "--json")
    refuses(words, "build", app(), "-o", tmp_path / "out", "--json")
    assert (tmp_path / "out").read_bytes() == b"mine"


def test_a_file_in_the_place_of_the_folder_is_told_before_anything_else(refuses: Any, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(b"no model")
    (tmp_path / "out").write_bytes(b"mine")
    words = f"error: {tmp_path / 'out'}: is a file, where a folder was expected; choose another output folder"
    for command in ("build", "profile"):
        refuses(words, command, tmp_path / "m.tflite", "-o", tmp_path / "out")


def test_links_that_lead_nowhere(refuses: Any, tmp_path: Path, app: Any, recording: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "m.tflite").write_bytes(dense())
    words = "Too many levels of symbolic links"
    refuses(words, "build", tmp_path / "m.tflite", "-o", tmp_path / "loop" / "out", "--json")
    refuses(words, "profile", tmp_path / "loop" / "m.tflite", "--json")
    refuses(words, "run", tmp_path / "loop", "-i", recording)
    refuses(words, "run", app(), "-i", tmp_path / "loop", "--board", "host")


def test_a_folder_in_the_place_of_a_file_leaves_nothing_beside_it(refuses: Any, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(dense())
    (tmp_path / "out" / "report.json").mkdir(parents=True)
    words = "report.json: cannot be written (Is a directory); choose another output folder"
    refuses(words, "build", tmp_path / "m.tflite", "-o", tmp_path / "out")
    assert [p for p in (tmp_path / "out").rglob("*") if p.is_file()] == []


def test_a_cache_that_cannot_be_written(
    refuses: Any, app: Any, recording: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    words = f"{tmp_path / 'file'}: is a file, where a folder was expected; set MOTES_CACHE to a folder of yours"
    (tmp_path / "m.tflite").write_bytes(dense())
    for cache in (tmp_path / "file", tmp_path / "file" / "cache"):
        monkeypatch.setenv("MOTES_CACHE", str(cache))
        refuses(words, "profile", tmp_path / "m.tflite", "--json")
        refuses(words, "run", app(), "-i", recording, "--json")


def on_a_small_disk(size: str, folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """The command, while `folder` is a disk of that size; then the files on it, on stderr."""
    script = (
        'mount -t tmpfs -o size="$1" none "$2" || exit 99; cd "$2"; shift 2; "$@"; s=$?; find . -type f >&2; exit $s'
    )
    inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", size, folder, *command]
    return subprocess.run(list(map(str, inside)), capture_output=True, text=True, timeout=120, check=False)


def test_a_full_disk(motes_: Any, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if shutil.which("unshare") is None or on_a_small_disk("16k", disk, "true").returncode:
        pytest.skip("this system lets nobody mount a disk; tests/build/test_files.py pretends one")
    (tmp_path / "m.tflite").write_bytes(dense())
    assert motes_("build", tmp_path / "m.tflite").status == 0
    motes = (sys.executable, "-m", "motes", "build", tmp_path / "m.tflite", "-o", disk / "out", "--json")
    for size in ("16k", "48k"):
        done = on_a_small_disk(size, disk, *motes)
        assert (done.returncode, done.stdout) == (2, "")
        *_, line = done.stderr.splitlines()  # behind the progress of a slow machine; and no file is left
        assert line.startswith(f"error: {disk / 'out'}")
        assert "cannot be written (No space left on device); free space there, or choose another output folder" in line
    assert on_a_small_disk("8m", disk, *motes).returncode == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [("ops", "--json"), ("boards",)])
def test_an_output_that_is_full(arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            (sys.executable, "-m", "motes", *arguments), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr == (
        "error: the output: cannot be written (No space left on device); free space there, or write elsewhere\n"
    )


def test_an_output_without_letters(app: Any, recording: Path) -> None:
    """Where the terminal has no letter for a name, a question mark stands for it."""
    source = app()
    source.write_text(source.read_text().replace('"b"', '"größe"'), "utf-8")
    command = (sys.executable, "-m", "motes", "run", source, "-i", recording, "--board", "host")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "gr??e" in done.stdout
