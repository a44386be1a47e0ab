"""The float functions of our own: how far they are from the true value, their limits, and that their bits stay."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import special

from motes.build import host
from motes.emit.text import COMMON
from motes.ir import Array

HEADERS = ("motes.h", "bits_f32.h", "exp_f32.h", "log_f32.h", "sin_f32.h", "pow_f32.h", "erf_f32.h", "whole_f32.h")
COUNT = 1 << 19
INF, NAN = float("inf"), float("nan")


@pytest.fixture(scope="module")
def driver() -> ctypes.CDLL:
    headers = {name: (COMMON / name).read_text("utf-8") for name in HEADERS}
    return host.library({**headers, "driver.c": Path(__file__).with_name("f32_driver.c").read_text("utf-8")})


def apply(driver: ctypes.CDLL, name: str, *inputs: Array, dtype: type = np.float32) -> Array:
    y = np.empty(inputs[0].shape, dtype)
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in (*map(np.ascontiguousarray, inputs), y)]
    getattr(driver, f"driver_{name}")(*pointers, ctypes.c_uint32(y.size))
    return y


def everywhere(seed: int) -> Array:
    """Floats of every size and both signs, as often as there are such."""
    bits = np.random.default_rng(seed).integers(0, 1 << 32, COUNT, np.uint32)
    x = bits.view(np.float32)
    return x[np.isfinite(x)]


def between(low: float, high: float) -> Array:
    return np.linspace(low, high, COUNT, dtype=np.float32)


def ulps(made: Array, true: Array) -> float:
    """The largest error in units of the last place of the true value; 0 where both are no number, or infinite alike."""
    with np.errstate(over="ignore", invalid="ignore"):
        nearest = true.astype(np.float32)
        alike = (made == nearest) | (np.isnan(made) & np.isnan(nearest))
        apart = np.abs(made.astype(np.longdouble) - true) / np.spacing(np.abs(nearest))
    return float(np.where(alike, 0, np.where(np.isfinite(apart), apart, np.inf)).max())


def exact(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda x: function(x.astype(np.longdouble))


FUNCTIONS = {
    "exp": (exact(np.exp), 1.0, (everywhere(1), between(-104, 89), between(-1, 1))),
    "expm1": (exact(np.expm1), 2.0, (everywhere(2), between(-20, 5), between(-0.5, 0.5))),
    "tanh": (exact(np.tanh), 1.5, (everywhere(3), between(-10, 10), between(-0.7, 0.7))),
    "log_any": (exact(np.log), 1.0, (np.abs(everywhere(4)), between(0.5, 2), between(1e-45, 1e-37))),
    "sin": (exact(np.sin), 1.5, (everywhere(5)[np.abs(everywhere(5)) < 1e6], between(-100, 100), between(-4, 4))),
    "cos": (exact(np.cos), 1.5, (everywhere(6)[np.abs(everywhere(6)) < 1e6], between(-100, 100), between(-4, 4))),
    "erfc": (lambda x: special.erfc(x.astype(np.float64)), 5.0, (everywhere(7), between(-4, 10), between(-1, 2))),
    "floor": (np.floor, 0.0, (everywhere(8), between(-9, 9))),
    "ceil": (np.ceil, 0.0, (everywhere(9), between(-9, 9))),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_how_far_from_the_true_value(driver, name):
    function, bound, inputs = FUNCTIONS[name]
    for x in inputs:
        with np.errstate(all="ignore"):
            true = function(x)
        assert ulps(apply(driver, name, x), true) <= bound


def test_the_logistic_function_is_tflms(driver):
    # 1 above 16.6, and below -9 an exponential without the 1: 12 parts in 100,000 off at -9.
    x = np.concatenate([between(-100, 30), between(-9, 9)])
    wide = x.astype(np.longdouble)
    true = np.where(x > 16.619047, 1.0, np.where(x < -9, np.exp(wide), 1 / (1 + np.exp(-wide))))
    assert ulps(apply(driver, "logistic", x), true) < 2.0


def test_angles_of_any_size(driver):
    # Double precision does not know the sine of 2^100, but its square and the cosine's add up to 1.
    x = everywhere(10)
    sines, cosines = (apply(driver, name, x).astype(np.float64) for name in ("sin", "cos"))
    assert np.abs(sines**2 + cosines**2 - 1).max() < 3e-7
    # sin(2^120) and cos(2^120), computed with 200 digits.
    huge = np.float32([2.0**120, -(2.0**120)])
    assert np.allclose(apply(driver, "sin", huge), np.array([1, -1]) * 0.377820109360752, rtol=1e-7, atol=0)


def test_powers(driver):
    rng = np.random.default_rng(11)
    near = (1 + rng.uniform(-1, 1, COUNT) * 10.0 ** rng.uniform(-7, -1, COUNT)).astype(np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        steep = (rng.uniform(-100, 100, COUNT) / np.where(near == 1, 1, np.log2(near))).astype(np.float32)
    cases = (
        (np.abs(everywhere(12)), None),
        (rng.uniform(0.5, 2, COUNT).astype(np.float32), rng.uniform(-130, 130, COUNT).astype(np.float32)),
        (near, steep),
    )
    for x, power in cases:
        power = rng.uniform(-30, 30, x.size).astype(np.float32) if power is None else power
        with np.errstate(all="ignore"):
            true = np.power(x.astype(np.longdouble), power.astype(np.longdouble))
        assert ulps(apply(driver, "pow", x, power), true) < 1.0


def test_powers_at_the_limits(driver):
    values = [0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, 2.0, -2.0, 3.0, 0.5, -0.5, 1e-45, -1e-45, 1e38, 16777217.0, -33.0]
    x, power = (a.ravel() for a in np.meshgrid(np.float32(values), np.float32(values)))
    with np.errstate(all="ignore"):
        true = np.power(x.astype(np.float64), power.astype(np.float64)).astype(np.float32)
    made = apply(driver, "pow", x, power)
    assert np.array_equal(np.isnan(made), np.isnan(true))
    there = ~np.isnan(true)
    assert np.array_equal(np.signbit(made[there]), np.signbit(true[there]))
    assert ulps(made[there], true[there].astype(np.float64)) <= 1.0


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("exp", [-INF, -104.0, 0.0, 88.73, INF, NAN], [0.0, 0.0, 1.0, INF, INF, NAN]),
        ("expm1", [-INF, -30.0, -0.0, 88.73, INF, NAN], [-1.0, -1.0, 0.0, INF, INF, NAN]),
        ("tanh", [-INF, -30.0, -0.0, INF, NAN], [-1.0, -1.0, 0.0, 1.0, NAN]),
        ("log_any", [-INF, -1.0, 0.0, -0.0, 1.0, INF, NAN], [NAN, NAN, -INF, -INF, 0.0, INF, NAN]),
        ("sin", [-INF, -0.0, INF, NAN], [NAN, 0.0, NAN, NAN]),
        ("cos", [-INF, -0.0, INF, NAN], [NAN, 1.0, NAN, NAN]),
        ("erfc", [-INF, 0.0, 20.0, INF, NAN], [2.0, 1.0, 0.0, 0.0, NAN]),
        ("floor", [-INF, -0.5, INF, NAN], [-INF, -1.0, INF, NAN]),
        ("ceil", [-INF, 0.5, INF, NAN], [-INF, 1.0, INF, NAN]),
        ("logistic", [-INF, 0.0, INF, NAN], [0.0, 0.5, 1.0, NAN]),
    ],
)
def test_limits(driver, name, x, y):
    assert np.array_equal(apply(driver, name, np.float32(x)), np.float32(y), equal_nan=True)


def test_whole_zeros_keep_their_sign(driver):
    x = np.float32([-0.0, 0.0, -0.25, 0.25])
    assert np.signbit(apply(driver, "floor", x)).tolist() == [True, False, True, False]
    assert np.signbit(apply(driver, "ceil", x)).tolist() == [True, False, True, False]


def test_between_floats_and_64_bits(driver):
    rng = np.random.default_rng(13)
    x = rng.integers(-(1 << 63), (1 << 63) - 1, COUNT, np.int64) >> rng.integers(0, 63, COUNT)
    x[:6] = 0, (1 << 63) - 1, -(1 << 63), (1 << 24) + 1, (1 << 56) + (1 << 32), (1 << 56) + (1 << 32) + 1
    assert np.array_equal(apply(driver, "from_s64", x), x.astype(np.float32))
    reals = everywhere(14)
    reals = reals[np.abs(reals) < 2.0**63]
    assert np.array_equal(apply(driver, "to_s64", reals, dtype=np.int64), reals.astype(np.int64))
    limits = apply(driver, "to_s64", np.float32([INF, -INF, NAN, 2.0**63, -(2.0**63)]), dtype=np.int64)
    assert limits.tolist() == [(1 << 63) - 1, -(1 << 63), 0, (1 << 63) - 1, -(1 << 63)]


def test_bits_are_the_same_on_every_machine(driver):
    # Inputs of integers alone, so that no machine's own functions come into it.
    x = ((np.arange(COUNT) * 2654435761 % (1 << 24) - (1 << 23)) / 131072).astype(np.float32)
    digest = hashlib.sha256()
    for name in FUNCTIONS:
        digest.update(apply(driver, name, np.abs(x) if name == "log_any" else x).tobytes())
    digest.update(apply(driver, "pow", np.abs(x), x[::-1].copy()).tobytes())
    assert digest.hexdigest() == RECORDED


RECORDED = "109cbd744d2bf8eff66bc4a9295e1b36862e76ae454b1ac6a010d7653c2ea1fb"
