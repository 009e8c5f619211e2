"""The network of `context` over whole frames, compiled: gather a frame, multiply, go on.

One call does many frames, lets go of the interpreter and keeps what it works on in the cache of a core, which
none of the pieces alone can: a matrix library needs all inputs in memory first, and its calls wait for each
other. The slow twin is `Surroundings.rows` and the torch network.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from dap_stream.core import jit
from dap_stream.core.array_types import F32, F64, I64
from dap_stream.models.context.gather_kernels import gather_row

LANES = 16  # a whole number of them is multiplied faster
LEAK = 0.1  # slope of the activation below 0
ROWS, COLUMNS = 2, 8  # of a matrix, multiplied together: what fits the registers

Matrix: TypeAlias = tuple[F32, F32]
"""Weight ``[outputs, inputs]`` and bias ``[outputs]``, padded with zeros to what `dense` takes."""

_jit = jit.kernel(fastmath={"contract"})
_plain_jit = jit.kernel()


@_jit
def dense(weight: F32, bias: F32, inputs: F32, out: F32) -> None:
    """``weight @ inputs + bias``: ``inputs [>= columns of weight, n]`` to ``out [rows of weight, n]``.

    The rows of ``weight`` are a multiple of 2, its columns of 8.
    """
    for h in range(0, weight.shape[0], 2):
        a, b = out[h], out[h + 1]
        a[:] = bias[h]
        b[:] = bias[h + 1]
        for i in range(0, weight.shape[1], 8):
            x0, x1, x2, x3 = inputs[i], inputs[i + 1], inputs[i + 2], inputs[i + 3]
            x4, x5, x6, x7 = inputs[i + 4], inputs[i + 5], inputs[i + 6], inputs[i + 7]
            u, v = weight[h, i : i + 8], weight[h + 1, i : i + 8]
            u0, u1, u2, u3, u4, u5, u6, u7 = u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7]
            v0, v1, v2, v3, v4, v5, v6, v7 = v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]
            for j in range(out.shape[1]):
                s, t = a[j], b[j]
                s, t = s + u0 * x0[j], t + v0 * x0[j]
                s, t = s + u1 * x1[j], t + v1 * x1[j]
                s, t = s + u2 * x2[j], t + v2 * x2[j]
                s, t = s + u3 * x3[j], t + v3 * x3[j]
                s, t = s + u4 * x4[j], t + v4 * x4[j]
                s, t = s + u5 * x5[j], t + v5 * x5[j]
                s, t = s + u6 * x6[j], t + v6 * x6[j]
                s, t = s + u7 * x7[j], t + v7 * x7[j]
                a[j], b[j] = s, t


@_jit
def predict_rows(
    image: F32,
    integral: F64,
    cells: I64,
    boxes: I64,
    frames: I64,
    first_bin: int,
    first: Matrix,
    second: Matrix,
    last: Matrix,
    out: F32,
) -> None:
    """Every other bin of some frames: surroundings as of `gather_row` to ``out [frames, bins]``.

    ``first`` has the hidden units and, after them, the plain mean of the surroundings, to which the
    network's ``last`` adds.
    """
    n_inputs, n_hidden, leak = cells.shape[0] + boxes.shape[0], second[0].shape[1], np.float32(LEAK)
    n = -(-out.shape[1] // LANES) * LANES
    inputs = np.zeros((first[0].shape[1], n), np.float32)
    one = np.empty((first[0].shape[0], n), np.float32)
    two = np.empty((second[0].shape[0], n), np.float32)
    correction = np.empty((last[0].shape[0], n), np.float32)
    for r in range(frames.shape[0]):
        gather_row(image, integral, cells, boxes, frames[r], first_bin, out.shape[1], inputs[:n_inputs])
        dense(first[0], first[1], inputs, one)
        for h in range(n_hidden):
            for j in range(n):
                one[h, j] = max(one[h, j], leak * one[h, j])
        dense(second[0], second[1], one, two)
        for h in range(two.shape[0]):
            for j in range(n):
                two[h, j] = max(two[h, j], leak * two[h, j])
        dense(last[0], last[1], two, correction)
        for j in range(out.shape[1]):
            out[r, j] = one[n_hidden, j] + correction[0, j]


@_plain_jit
def interpolate(coarse: F32, out: F32) -> None:
    """Fill ``out [frames, bins]`` from every other frame and bin: linearly, first in frequency, then in time.

    ``coarse [frames // 2 + 1, bins // 2 + 1]``; its last frame is the last of ``out``, which is right after
    the one before if the number is even. The number of bins is odd.
    """
    half = np.float32(0.5)
    n_frames, n_bins = out.shape
    for r in range(coarse.shape[0]):
        row = out[min(2 * r, n_frames - 1)]
        for k in range(n_bins // 2):
            row[2 * k] = coarse[r, k]
            row[2 * k + 1] = half * (coarse[r, k] + coarse[r, k + 1])
        row[n_bins - 1] = coarse[r, n_bins // 2]
    for t in range(1, n_frames - 1, 2):
        for k in range(n_bins):
            out[t, k] = half * (out[t - 1, k] + out[t + 1, k])
