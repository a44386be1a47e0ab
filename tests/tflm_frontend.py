"""The oracle of the micro front end: the C of TensorFlow Lite Micro inside the wheel of `pymicro-features`.

The wheel's own class is fixed at 30/10 ms; its C functions are called here at any setting.
"""

from __future__ import annotations

import ctypes
import functools

import numpy as np

from conftest import missing, oracle
from motes.blocks.micro_frontend import tables
from motes.ir import Array

STATE_BYTES = 4096  # FrontendState takes some 300


class _Config(ctypes.Structure):
    """`struct FrontendConfig` of frontend_util.h, its members' structs one behind the other."""

    _fields_ = [
        ("size_ms", ctypes.c_size_t),
        ("step_ms", ctypes.c_size_t),
        ("channels", ctypes.c_int),
        ("upper_hz", ctypes.c_float),
        ("lower_hz", ctypes.c_float),
        ("output_scale_shift", ctypes.c_int),
        ("smoothing_bits", ctypes.c_int),
        ("even_smoothing", ctypes.c_float),
        ("odd_smoothing", ctypes.c_float),
        ("min_signal_remaining", ctypes.c_float),
        ("enable_pcan", ctypes.c_int),
        ("strength", ctypes.c_float),
        ("offset", ctypes.c_float),
        ("gain_bits", ctypes.c_int),
        ("enable_log", ctypes.c_int),
        ("scale_shift", ctypes.c_int),
    ]


class _Output(ctypes.Structure):
    _fields_ = [("values", ctypes.POINTER(ctypes.c_uint16)), ("size", ctypes.c_size_t)]


@functools.cache
def require_classic_log1p() -> None:
    """The wheel takes log1pf from this machine's C library; glibc 2.41 changed it, and with it some filter weights."""
    log1pf = ctypes.CDLL(oracle("micro_features_cpp").__file__).log1pf
    log1pf.restype, log1pf.argtypes = ctypes.c_float, [ctypes.c_float]
    hz = np.arange(0, 8000, 7, dtype=np.float32) / np.float32(700)
    if any(log1pf(x) != tables.log1p(x) for x in hz):
        missing("the C library's log1pf is not that of microcontrollers, so pymicro-features gives other weights here")


def wheel_frames(samples: Array) -> Array:
    """Raw features (frames, 40) at 30/10 ms, by the wheel's public class."""
    require_classic_log1p()
    frontend = oracle("pymicro_features").MicroFrontend()
    chunks = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    made = [frontend.process_samples(chunk.tobytes()).features for chunk in chunks]
    return np.round(np.array([frame for frame in made if frame]) / 0.0390625).astype(np.uint16)


class Frontend:
    """TFLM's front end with PCAN and logarithm, at its defaults but for what is given."""

    def __init__(self, size_ms: int, step_ms: int, channels: int, lower_hz: float, upper_hz: float) -> None:
        require_classic_log1p()
        self._c = ctypes.CDLL(oracle("micro_features_cpp").__file__)
        self._c.FrontendProcessSamples.restype = _Output
        self._state = ctypes.create_string_buffer(STATE_BYTES)
        config = _Config()
        self._c.FrontendFillConfigWithDefaults(ctypes.byref(config))
        config.size_ms, config.step_ms, config.channels = size_ms, step_ms, channels
        config.lower_hz, config.upper_hz, config.enable_pcan = lower_hz, upper_hz, 1
        self.possible = bool(self._c.FrontendPopulateState(ctypes.byref(config), self._state, 16_000))

    def frames(self, samples: Array) -> Array:
        """Raw features (frames, channels) of samples from the beginning; once an object."""
        samples, read, made = np.ascontiguousarray(samples), ctypes.c_size_t(), []
        while len(samples):
            out = self._c.FrontendProcessSamples(
                self._state, samples.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(len(samples)), ctypes.byref(read)
            )
            samples = samples[read.value :]
            if out.size:
                made.append(np.ctypeslib.as_array(out.values, (out.size,)).copy())
        return np.array(made)
