"""Gated recurrent units frame by frame, compiled by numba. Arrays in, arrays out."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.core.jit import kernel

_jit = kernel(fastmath={"contract", "reassoc", "nsz"})


@_jit
def gated_recurrence(inputs: F32, weights: F32, bias: F32, state: F32, out: F32) -> None:
    """A layer of gated recurrent units (Cho et al. 2014), the reset gate after the product.

    ``inputs [frames, 3 width]`` are what the frame adds to the gates: reset, update, candidate, in this
    order, its bias included. ``weights [3 width, width]`` and ``bias [3 width]`` are those of the state
    ``[width]``, which goes on from call to call. ``out [frames, width]``.
    """
    width = len(state)
    gates = np.empty(3 * width, np.float32)
    for t in range(len(inputs)):
        for j in range(0, 3 * width, 4):  # four sums at a time keep the units of the processor busy
            a = b = c = d = np.float32(0.0)
            for i in range(width):
                a += weights[j, i] * state[i]
                b += weights[j + 1, i] * state[i]
                c += weights[j + 2, i] * state[i]
                d += weights[j + 3, i] * state[i]
            gates[j] = a + bias[j]
            gates[j + 1] = b + bias[j + 1]
            gates[j + 2] = c + bias[j + 2]
            gates[j + 3] = d + bias[j + 3]
        for i in range(width):
            reset = np.float32(1.0) / (np.float32(1.0) + np.exp(-(inputs[t, i] + gates[i])))
            update = np.float32(1.0) / (np.float32(1.0) + np.exp(-(inputs[t, width + i] + gates[width + i])))
            new = np.tanh(inputs[t, 2 * width + i] + reset * gates[2 * width + i])
            state[i] = new + update * (state[i] - new)
            out[t, i] = state[i]
