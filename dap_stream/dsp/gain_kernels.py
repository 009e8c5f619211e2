"""The inner loops that turn power into gain, compiled by numba so that a core does many bins at a time.

For that there may be no call in the loop over the bins: the helpers are written into it (``inline``), and
the exponential and the logarithm are plain float32 arithmetic, exact to about 2e-7. The twins are in
`dap_stream.dsp.reference`.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from dap_stream.core import jit
from dap_stream.core.array_types import F32, F64

MIN_SNR = 10.0**-2.5  # -25 dB: below it a prior SNR says nothing any more
MAX_SNR = 1e20  # keeps what is silent or absurd inside the range of float32

_jit = jit.kernel()
_inline = jit.inlined
_f, _i = np.float32, np.int32
_Scalar: TypeAlias = Any
"""A float32, compiled; mypy has other ideas of min and max of them."""

_MANTISSA_BITS, _BIAS = np.int32(23), np.int32(127)
_ROOT_HALF = np.int32(0x3F3504F3)  # the bits of sqrt(0.5)
_LOG2_E = np.float32(1.44269504)
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)  # log(2) in two parts


@_inline
def exp(x: _Scalar) -> _Scalar:
    """``e^x`` with x limited to -87..88: ``2^n e^r``, |r| < log(2) / 2 (Cephes expf)."""
    x = min(max(x, _f(-87.0)), _f(88.0))
    n = np.floor(x * _LOG2_E + _f(0.5))
    r = x - n * _LN2_HIGH - n * _LN2_LOW
    p = _f(1.9875691500e-4)
    p = p * r + _f(1.3981999507e-3)
    p = p * r + _f(8.3334519073e-3)
    p = p * r + _f(4.1665795894e-2)
    p = p * r + _f(1.6666665459e-1)
    p = p * r + _f(5.0000001201e-1)
    return (p * r * r + r + _f(1.0)) * _i((_i(n) + _BIAS) << _MANTISSA_BITS).view(_f)


@_inline
def log(x: _Scalar) -> _Scalar:
    """Natural logarithm of a normal x > 0: ``x = 2^e (1 + m)``, m from -0.3 to 0.4 (Cephes logf)."""
    bits = _f(x).view(_i)
    e = _i(bits - _ROOT_HALF) >> _MANTISSA_BITS
    m = _i(bits - _i(e << _MANTISSA_BITS)).view(_f) - _f(1.0)
    p = _f(7.0376836292e-2)
    p = p * m + _f(-1.1514610310e-1)
    p = p * m + _f(1.1676998740e-1)
    p = p * m + _f(-1.2420140846e-1)
    p = p * m + _f(1.4249322787e-1)
    p = p * m + _f(-1.6668057665e-1)
    p = p * m + _f(2.0000714765e-1)
    p = p * m + _f(-2.4999993993e-1)
    p = p * m + _f(3.3333331174e-1)
    square = m * m
    return m + (p * m * square + _f(e) * _LN2_LOW - _f(0.5) * square) + _f(e) * _LN2_HIGH


@_inline
def _lsa_and_presence(snr_prior: _Scalar, snr_post: _Scalar) -> tuple[_Scalar, _Scalar]:
    """Log of the LSA gain, and the probability that the wanted sound is there (even prior odds).

    The gain is ``share exp(E1(v) / 2)``; E1 is the exponential integral: Abramowitz & Stegun (1964), 5.1.53
    below 1 and 5.1.56 above.
    """
    share = snr_prior / (_f(1.0) + snr_prior)
    v = max(min(snr_post * share, _f(80.0)), _f(1e-6))
    decay = exp(-v)
    p = v * _f(0.00107857) + _f(-0.00976004)
    p = p * v + _f(0.05519968)
    p = p * v + _f(-0.24991055)
    p = p * v + _f(0.99999193)
    below = p * v + _f(-0.57721566) - log(v)
    top = (((v + _f(8.5733287401)) * v + _f(18.0590169730)) * v + _f(8.6347608925)) * v + _f(0.2677737343)
    bottom = (((v + _f(9.5733223454)) * v + _f(25.6329561486)) * v + _f(21.0996530827)) * v + _f(3.9584969228)
    above = decay / v * top / bottom
    half_integral = _f(0.5) * (below if v < _f(1.0) else above)
    presence = _f(1.0) / (_f(1.0) + (_f(1.0) + snr_prior) * decay)
    return min(log(share) + half_integral, _f(0.0)), presence


@_jit
def omlsa_gain(
    log_expected: F32, log_noise: F32, power: F32, clean: F32, keep: float, log_floor: float, out: F32
) -> None:
    """OM-LSA gain (Cohen & Berdugo 2001) of each bin: ``LSA(xi, gamma)^p floor^(1 - p)``, at least the floor.

    ``gamma = power / noise``; p is the speech presence probability. xi is the mean of two estimates of the
    prior SNR whose errors have little in common: ``expected / noise - 1``, from the surroundings, and the
    decision-directed one, from the bin's own past: state ``clean [bins]`` (power of the last estimate),
    smoothing ``keep`` per frame. Arrays are ``[frames, bins]``; logarithms are natural, of powers, but
    ``log_floor``, which is of a gain.
    """
    one, least, most = _f(1.0), _f(MIN_SNR), _f(MAX_SNR)
    old, new, lowest = _f(keep), _f(1.0 - keep), _f(log_floor)
    for t in range(out.shape[0]):
        for k in range(out.shape[1]):
            per_noise = one / exp(log_noise[t, k])
            snr_post = min(power[t, k] * per_noise, most)
            expected = max(exp(min(log_expected[t, k] - log_noise[t, k], _f(46.0))) - one, least)
            decided = old * min(clean[k] * per_noise, most) + new * max(snr_post - one, _f(0.0))
            log_gain, presence = _lsa_and_presence(_f(0.5) * (expected + max(decided, least)), snr_post)
            gain = exp(max(presence * log_gain + (one - presence) * lowest, lowest))
            clean[k] = gain * gain * power[t, k]
            out[t, k] = gain


@_jit
def classical_gain(
    power: F32, noise: F32, presence: F32, clean: F32, keep: F64, log_floor: float, out: F32
) -> None:
    """SPP-MMSE noise tracking and decision-directed LSA, frame by frame; the three states are updated.

    ``power [frames, bins]`` to ``out [frames, bins]``. State per bin: ``noise`` psd, smoothed
    ``presence``, power of the last ``clean`` estimate. ``keep`` holds three smoothing factors per
    frame: of noise, presence and decision. Gerkmann & Hendriks 2012 (xi1 = 15 dB); Ephraim & Malah 1985.
    """
    one, least, most, lowest = _f(1.0), _f(MIN_SNR), _f(MAX_SNR), _f(log_floor)
    snr_presence = _f(31.622776601683793)
    share = snr_presence / (one + snr_presence)
    old_noise, new_noise = _f(keep[0]), _f(1.0 - keep[0])
    old_presence, new_presence = _f(keep[1]), _f(1.0 - keep[1])
    old_decision, new_decision = _f(keep[2]), _f(1.0 - keep[2])
    for t in range(out.shape[0]):
        for k in range(out.shape[1]):
            p = power[t, k]
            here = one / (one + (one + snr_presence) * exp(-min(p / noise[k], _f(80.0)) * share))
            presence[k] = old_presence * presence[k] + new_presence * here
            # A bin taken for sound all the time would never be updated again.
            here = min(here, _f(0.99)) if presence[k] > _f(0.99) else here
            noise[k] = old_noise * noise[k] + new_noise * ((one - here) * p + here * noise[k])
            snr_post = min(p / noise[k], most)
            decided = old_decision * min(clean[k] / noise[k], most) + new_decision * max(
                snr_post - one, _f(0.0)
            )
            log_gain, _ = _lsa_and_presence(max(decided, least), snr_post)
            gain = exp(max(log_gain, lowest))
            unlimited = exp(log_gain)
            clean[k] = unlimited * unlimited * p
            out[t, k] = gain
