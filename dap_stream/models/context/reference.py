"""The kernels of `context` again, slow and obvious: what the fast ones are tested against."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import interp1d

from dap_stream.core.array_types import F32, F64, I64


def integrate(image: F32, out: F64) -> None:
    """`dap_stream.models.context.gather_kernels.integrate`."""
    out[0, :] = out[:, 0] = 0.0
    out[1:, 1:] = image.astype(np.float64).cumsum(axis=0).cumsum(axis=1)


def interpolate(coarse: F32, out: F32) -> None:
    """`dap_stream.models.context.mlp_kernels.interpolate`."""
    n_frames, n_bins = out.shape
    frames = np.unique(np.append(np.arange(0, n_frames, 2), n_frames - 1))
    wide = interp1d(np.arange(0, n_bins, 2), coarse, axis=1)(np.arange(n_bins))
    out[:] = interp1d(frames, wide, axis=0)(np.arange(n_frames)) if n_frames > 1 else wide


def gather_surroundings(
    image: F32, integral: F64, cells: I64, boxes: I64, frames: I64, bins: I64, out: F32
) -> None:
    """`gather_kernels.gather_surroundings`; means are taken from the image itself."""
    for p, (t, k) in enumerate(zip(frames, bins, strict=True)):
        near = [image[t + dt, k + dk] for dt, dk in cells]
        far = [image[t + t0 : t + t1 + 1, k + k0 : k + k1 + 1].mean() for t0, t1, k0, k1 in boxes]
        out[p] = near + far


def gather_row(
    image: F32, integral: F64, cells: I64, boxes: I64, frame: int, first_bin: int, n_bins: int, out: F32
) -> None:
    """`dap_stream.models.context.gather_kernels.gather_row`."""
    points = np.empty((n_bins, len(out)), np.float32)
    bins = first_bin + 2 * np.arange(n_bins)
    gather_surroundings(image, integral, cells, boxes, np.full(n_bins, frame), bins, points)
    out[:, :n_bins] = points.T


def dense(weight: F32, bias: F32, inputs: F32, out: F32) -> None:
    """`dap_stream.models.context.mlp_kernels.dense`."""
    out[:] = weight @ inputs[: weight.shape[1]] + bias[:, None]
