"""The source of a voice: glottal pulses with wandering periods, compiled by numba."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.core.jit import kernel

_jit = kernel()


@_jit
def pulses(
    f0: F64, quotient: F64, tilt: F64, rough: F64, skew: float, chance: F32, hop: int, flow: F32, out: F32
) -> None:
    """Rosenberg pulses: ``flow [samples]`` from 0 to about 1, ``out`` its derivative, about -1 at closure.

    Per frame of ``hop`` samples, ``[frames + 1]`` each: ``f0`` in cycles per sample, open ``quotient`` of the
    period, ``tilt`` (the coefficient of a one-pole low-pass that rounds the closure), ``rough`` (deviation of
    a period's length; that of its height is three times as large). ``skew`` is the rising share of the open
    phase; ``chance`` holds two normal numbers for each period, and is gone through in a circle.
    """
    phase, before, smooth = 0.0, 0.0, 0.0
    length, height, k = 1.0, 1.0, 0
    n = 0
    for t in range(f0.shape[0] - 1):
        rise = quotient[t] * skew
        fall = quotient[t] - rise
        slope = (f0[t + 1] - f0[t]) / hop
        keep = tilt[t]
        for i in range(hop):
            f = (f0[t] + slope * i) * length
            phase += f
            if phase >= 1.0:
                phase -= 1.0
                k = (k + 2) % (chance.shape[0] - 1)
                length = 1.0 + min(max(rough[t] * chance[k], -0.4), 0.4)
                height = 1.0 + min(max(3.0 * rough[t] * chance[k + 1], -0.7), 0.7)
            if phase < rise:
                now = 0.5 - 0.5 * np.cos(np.pi * phase / rise)
            elif phase < rise + fall:
                now = np.cos(0.5 * np.pi * (phase - rise) / fall)
            else:
                now = 0.0
            now *= height
            # The slope at closure does not depend on pitch: a high voice has more pulses, not weaker ones.
            slant = (now - before) * fall * 0.64 / f
            before = now
            smooth = slant + keep * (smooth - slant)
            flow[n] = now
            out[n] = smooth
            n += 1
