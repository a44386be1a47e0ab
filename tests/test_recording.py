"""Recordings and label tracks: what is read, and the words where it is not."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest
import soundfile
from PIL import Image

from motes.errors import BadInput
from motes.recording import Label, read_labels, read_recording
from motes.stream import Source

MICROPHONE = Source("microphone", Fraction(16_000))
ACCELEROMETER = Source("accelerometer", Fraction(1000), (3,))
CAMERA = Source("camera", Fraction(80), (8, 12))
TURNED = Source("camera", Fraction(120), (12, 8))


def tone(n: int = 1600, channels: int = 1) -> np.ndarray:
    wave = (8000 * np.sin(np.arange(n) / 5)).astype(np.int16)
    return wave if channels == 1 else np.stack([wave] * channels, axis=1)


def refused(path, source, words):
    with pytest.raises(BadInput, match=re.escape(words)) as caught:
        read_recording(path, source)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_sound_is_read_as_it_is(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, tone(), 16_000, subtype="PCM_16")
    assert np.array_equal(read_recording(path, MICROPHONE), tone())


def test_three_channels_are_an_accelerometer(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(channels=3), 1000, subtype="PCM_16")
    assert np.array_equal(read_recording(path, ACCELEROMETER), tone(channels=3))


@pytest.mark.parametrize(
    ("rate", "channels", "subtype", "words"),
    [
        (8_000, 1, "PCM_16", "is sampled at 8000 Hz, but the microphone at 16000 Hz; resample it"),
        (16_000, 2, "PCM_16", "has 2 channels, but the microphone has 1; convert it"),
        (16_000, 1, "PCM_24", "its samples are PCM_24; convert it to 16-bit PCM"),
        (16_000, 1, "FLOAT", "its samples are FLOAT; convert it to 16-bit PCM"),
    ],
)
def test_other_sounds_are_refused(tmp_path, rate, channels, subtype, words):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(channels=channels), rate, subtype=subtype)
    refused(path, MICROPHONE, words)


def test_a_truncated_wav_is_refused(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(), 16_000, subtype="PCM_16")
    path.write_bytes(path.read_bytes()[:-1000])
    refused(path, MICROPHONE, "is truncated: its header promises 1600 samples, 1100 are there; copy it again")


def test_an_empty_wav_is_refused(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(0), 16_000, subtype="PCM_16")
    refused(path, MICROPHONE, "holds no samples; record again")


def test_what_is_no_sound_is_refused(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"not a sound at all")
    refused(path, MICROPHONE, "is no sound file that can be read")
    refused(tmp_path / "b.wav", MICROPHONE, "cannot be read (No such file or directory); give a recording that exists")
    other = tmp_path / "a.mp3"
    other.write_bytes(b"x")
    refused(other, MICROPHONE, "a microphone plays .wav or .flac files; convert the recording")


def test_csv_and_npy_of_an_accelerometer(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("# x,y,z\n1,2,3\n-4,5,-32768\n")
    assert read_recording(path, ACCELEROMETER).tolist() == [[1, 2, 3], [-4, 5, -32768]]
    path.write_text("1,2\n3,4\n")
    refused(path, ACCELEROMETER, "each line must be three whole numbers x,y,z from -32768 to 32767")
    path.write_text("1,2,x\n")
    refused(path, ACCELEROMETER, "does not parse")
    array = tmp_path / "a.npy"
    np.save(array, np.zeros((4, 2), np.int16))
    refused(array, ACCELEROMETER, "holds int16[4, 2], but the accelerometer wants int16[n, 3]; convert it")
    np.save(array, np.array([{}], object), allow_pickle=True)
    refused(array, ACCELEROMETER, "is no .npy file that can be read")


def test_frames_of_an_animation(tmp_path):
    path = tmp_path / "a.webp"
    frames = [Image.fromarray(np.full((8, 12), 40 * i, np.uint8)) for i in range(5)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100, lossless=True)
    read = read_recording(path, CAMERA)
    assert read.shape == (5, 8, 12)
    assert [int(f[0, 0]) for f in read] == [0, 40, 80, 120, 160]
    refused(path, TURNED, "its frames are 12x8, the camera's 8x12; resize it")
    path.write_bytes(b"RIFF")
    refused(path, CAMERA, "is no image sequence that can be read")


def test_labels_are_sorted_and_checked(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("2.5\t3\tyes\n\n0\t1.25\tno, thanks\n\\\t0\t100\n")
    assert read_labels(path) == (Label(0, 1.25, "no, thanks"), Label(2.5, 3, "yes"))
    for text, words in (
        ("1.0 2.0 yes\n", "line 1: '1.0 2.0 yes' is no label; write start<TAB>end<TAB>text, times in seconds"),
        ("0\t1\tyes\n2\t1\tno\n", "line 2: a label needs 0 <= start <= end and a text"),
        ("nan\t1\tyes\n", "line 1: a label needs 0 <= start <= end and a text"),
        ("0\t1\t \n", "line 1: a label needs 0 <= start <= end and a text"),
    ):
        path.write_text(text)
        with pytest.raises(BadInput, match=re.escape(words)):
            read_labels(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="is not UTF-8 text; export the labels again"):
        read_labels(path)
    with pytest.raises(BadInput, match="cannot be read"):
        read_labels(tmp_path / "none.txt")
