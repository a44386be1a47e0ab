"""Recordings that a virtual sensor plays, and the label tracks that say what is in them.

microphone      .wav or .flac: 16-bit, mono, at the microphone's rate
accelerometer   .wav or .flac: 16-bit, three channels x, y, z, at its rate; .csv: x,y,z a line; .npy: int16 (n, 3)
camera          animated .webp, .gif or .png of the camera's size; .npy: uint8 (n, height, width)
"""

from __future__ import annotations

import io
import math
import stat
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motes import bounded
from motes.errors import BadInput
from motes.ir import Array
from motes.stream import Source

MAX_BYTES = 1 << 30
MAX_CSV_BYTES = 1 << 28
MAX_LABEL_BYTES = 1 << 20
MOST_CHUNKS = 1000
UNKNOWN_SIZE = 0xFFFFFFFF
"""What programs write as a WAV's size that do not know it yet."""


@dataclass(frozen=True)
class Label:
    """From `start` to `end`, in seconds, there is `text`."""

    start: float
    end: float
    text: str


def read_recording(path: Path, source: Source) -> Array:
    """What the sensor plays: (n, *source.record), int16 for microphone and accelerometer, uint8 for a camera.

    Raises:
        BadInput: the file is missing, of another kind, rate or shape, truncated, or empty.
    """
    size, shape = _size(path), source.record
    suffix = path.suffix.lower()
    if suffix == ".npy":
        items = _npy(path, source, shape)
    elif source.kind == "camera":
        items = _frames(path, shape)
    elif suffix == ".csv" and source.kind == "accelerometer":
        items = _csv(path, size)
    elif suffix in (".wav", ".flac"):
        items = _sound(path, source, shape, size)
    else:
        wants = {
            "microphone": ".wav or .flac",
            "accelerometer": ".wav, .flac, .csv or .npy",
            "camera": ".webp, .gif, .png or .npy",
        }
        raise BadInput(f"{path}: a {source.kind} plays {wants[source.kind]} files; convert the recording")
    if not len(items):
        raise BadInput(f"{path}: holds no samples; record again")
    return items


def _size(path: Path) -> int:
    try:
        found = path.stat()
        if stat.S_ISREG(found.st_mode):
            with path.open("rb"):
                pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f"{path}: cannot be read ({reason}); give a recording that exists") from error
    if not stat.S_ISREG(found.st_mode):
        raise BadInput(f"{path}: is no file; give a recording that exists")
    size = found.st_size
    if size > MAX_BYTES:
        raise BadInput(f"{path}: has {size} bytes, more than the {MAX_BYTES} that one run takes; cut it into parts")
    return size


def _sound(path: Path, source: Source, shape: tuple[int, ...], size: int) -> Array:
    import soundfile  # 50 ms, and only recordings of sound need it

    channels = shape[0] if shape else 1
    try:
        with path.open("rb") as opened, soundfile.SoundFile(opened) as file:  # whatever bytes its name has
            if file.subtype != "PCM_16":
                raise BadInput(f"{path}: its samples are {file.subtype}; convert it to 16-bit PCM")
            if file.channels != channels:
                raise BadInput(
                    f"{path}: has {file.channels} channel{'s' * (file.channels > 1)}, but the {source.kind} has "
                    f"{channels}; convert it"
                )
            if file.samplerate != source.rate:
                raise BadInput(
                    f"{path}: is sampled at {file.samplerate} Hz, but the {source.kind} at {float(source.rate):g} Hz; "
                    "resample it, or change the application's rate"
                )
            promised = max(file.frames, _promised_frames(path, 2 * channels))
            most = MAX_BYTES // (2 * channels)
            samples = file.read(min(file.frames, most), dtype="int16", always_2d=True)
            if promised > len(samples):
                raise BadInput(
                    f"{path}: is truncated: its header promises {promised} samples, {len(samples)} are there; "
                    "copy it again"
                )
    except soundfile.LibsndfileError as error:
        raise BadInput(
            f"{path}: is no sound file that can be read ({error.error_string.strip()}); convert it"
        ) from error
    return np.asarray(samples if shape else samples[:, 0])


def _promised_frames(path: Path, size: int) -> int:
    """How many frames of `size` bytes the header of a WAV file promises; 0 where it is another file or does not say."""
    with path.open("rb") as file:
        if file.read(4) != b"RIFF" or file.read(8)[4:] != b"WAVE":
            return 0
        for _ in range(MOST_CHUNKS):
            head = file.read(8)
            bytes_ = int.from_bytes(head[4:], "little")
            if head[:4] == b"data":
                return 0 if bytes_ == UNKNOWN_SIZE else bytes_ // size
            file.seek(bytes_ + bytes_ % 2, 1)
    return 0


def _npy(path: Path, source: Source, shape: tuple[int, ...]) -> Array:
    dtype = "uint8" if source.kind == "camera" else "int16"
    try:
        items = np.lib.format.open_memmap(path, mode="r")
    except Exception as error:  # NumPy promises no kind
        raise BadInput(f"{path}: is no .npy file that can be read ({error}); save it with numpy.save") from error
    if str(items.dtype) != dtype or items.shape[1:] != shape or not items.ndim:
        raise BadInput(
            f"{path}: holds {items.dtype}{list(items.shape)}, but the {source.kind} wants {dtype}[n"
            f"{''.join(f', {n}' for n in shape)}]; convert it"
        )
    return np.array(items)


def _csv(path: Path, size: int) -> Array:
    if size > MAX_CSV_BYTES:
        raise BadInput(f"{path}: has {size} bytes, more than the {MAX_CSV_BYTES} of a .csv; save it as .npy")
    try:
        with warnings.catch_warnings(action="ignore"):  # about files without a line
            rows = np.loadtxt(path, delimiter=",", ndmin=2, comments="#")
    except ValueError as error:
        raise BadInput(f"{path}: does not parse ({error}); each line is x,y,z") from error
    whole = np.all(rows == np.rint(rows)) and np.all((rows >= -32768) & (rows <= 32767))
    if rows.size and (rows.shape[1] != 3 or not whole):
        raise BadInput(f"{path}: each line must be three whole numbers x,y,z from -32768 to 32767")
    return rows.astype(np.int16)


def _frames(path: Path, shape: tuple[int, ...]) -> Array:
    from PIL import Image, ImageSequence

    try:
        with Image.open(path) as image:
            if image.size != shape[::-1]:
                raise BadInput(
                    f"{path}: its frames are {image.size[0]}x{image.size[1]}, the camera's {shape[1]}x{shape[0]}; "
                    "resize it, or change the application's camera"
                )
            count = getattr(image, "n_frames", 1)
            if count * math.prod(shape) > MAX_BYTES:
                raise BadInput(f"{path}: has {count} frames, more than one run takes; cut it into parts")
            return np.stack([np.asarray(f.convert("L")) for f in ImageSequence.Iterator(image)])
    except BadInput:
        raise
    except Exception as error:  # Pillow promises no kind
        raise BadInput(
            f"{path}: is no image sequence that can be read ({error}); convert it to .webp or .npy"
        ) from error


# ------------------------------------------------------------------------------------------------ labels


def read_labels(path: Path) -> tuple[Label, ...]:
    """A label track as Audacity exports it: `start<TAB>end<TAB>text` a line, times in seconds.

    Raises:
        BadInput: the file is missing, or a line does not parse; the message has its number.
    """
    data = bounded.read(path, MAX_LABEL_BYTES, "label track", "give an Audacity label track")
    try:
        lines = io.StringIO(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: is not UTF-8 text; export the labels again") from error
    labels = []
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\r\n")
        if not line.strip() or line.startswith("\\"):  # an Audacity label's frequency range
            continue
        fields = line.split("\t", 2)
        try:
            start, end = float(fields[0]), float(fields[1])
            text = fields[2].strip()
        except (ValueError, IndexError):
            raise BadInput(
                f"{path}, line {number}: {line[:60]!r} is no label; write start<TAB>end<TAB>text, times in seconds"
            ) from None
        if not (0 <= start <= end < math.inf) or not text:
            raise BadInput(f"{path}, line {number}: a label needs 0 <= start <= end and a text, not {line[:60]!r}")
        labels.append(Label(start, end, text))
    return tuple(sorted(labels, key=lambda found: (found.start, found.end)))
