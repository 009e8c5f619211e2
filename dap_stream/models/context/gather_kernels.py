"""Inner loops that collect the surroundings of a bin, compiled by numba.

Each kernel has a plain NumPy twin of the same signature in `dap_stream.models.context.reference`.
"""

from __future__ import annotations

from dap_stream.core import jit
from dap_stream.core.array_types import F32, F64, I64

_jit = jit.kernel()


@_jit
def integrate(image: F32, out: F64) -> None:
    """Integral image: ``out[i, j]`` is the sum of ``image[:i, :j]``; ``out`` has one row and column more."""
    n_rows, n_columns = image.shape
    out[0, :] = 0.0
    out[:, 0] = 0.0
    whole = n_rows - n_rows % 4
    for i in range(0, whole, 4):  # each sum waits for the last one: four rows at once wait together
        a = b = c = d = 0.0
        for j in range(n_columns):
            a += image[i, j]
            b += image[i + 1, j]
            c += image[i + 2, j]
            d += image[i + 3, j]
            total = out[i, j + 1] + a
            out[i + 1, j + 1] = total
            total += b
            out[i + 2, j + 1] = total
            total += c
            out[i + 3, j + 1] = total
            out[i + 4, j + 1] = total + d
    for i in range(whole, n_rows):
        a = 0.0
        for j in range(n_columns):
            a += image[i, j]
            out[i + 1, j + 1] = out[i, j + 1] + a


@_jit
def gather_surroundings(
    image: F32, integral: F64, cells: I64, boxes: I64, frames: I64, bins: I64, out: F32
) -> None:
    """Collect the surroundings of each point: single cells near it, means over boxes farther away.

    ``image [frames, bins]`` and its `integrate`; ``cells [n, 2]`` are offsets (frame, bin), ``boxes [m, 4]``
    offsets (first frame, last frame, first bin, last bin), ends included. Point p is at
    ``(frames[p], bins[p])`` of the image; ``out [points, n + m]``. All offsets must stay inside the image.
    """
    n_cells = cells.shape[0]
    for p in range(out.shape[0]):
        t = frames[p]
        k = bins[p]
        for i in range(n_cells):
            out[p, i] = image[t + cells[i, 0], k + cells[i, 1]]
        for i in range(boxes.shape[0]):
            t0 = t + boxes[i, 0]
            t1 = t + boxes[i, 1] + 1
            k0 = k + boxes[i, 2]
            k1 = k + boxes[i, 3] + 1
            total = integral[t1, k1] - integral[t0, k1] - integral[t1, k0] + integral[t0, k0]
            out[p, n_cells + i] = total / ((t1 - t0) * (k1 - k0))


@_jit
def gather_row(
    image: F32, integral: F64, cells: I64, boxes: I64, frame: int, first_bin: int, n_bins: int, out: F32
) -> None:
    """Collect the surroundings of every other bin of a frame: ``n_bins`` from ``first_bin`` on.

    ``out [n + m, >= n_bins]`` is laid out the other way round, so that each input is copied in one go.
    The image has one more column than the last bin looks at, for they are taken in pairs.
    """
    n_cells = cells.shape[0]
    for i in range(n_cells):
        k = first_bin + cells[i, 1]
        near = image[frame + cells[i, 0], k : k + 2 * n_bins].reshape(n_bins, 2)
        row = out[i]
        for j in range(n_bins):
            row[j] = near[j, 0]
    for i in range(boxes.shape[0]):
        t0 = frame + boxes[i, 0]
        t1 = frame + boxes[i, 1] + 1
        k0 = first_bin + boxes[i, 2]
        k1 = first_bin + boxes[i, 3] + 1
        per_area = 1.0 / ((t1 - t0) * (k1 - k0))
        a = integral[t1, k1 : k1 + 2 * n_bins].reshape(n_bins, 2)
        b = integral[t0, k1 : k1 + 2 * n_bins].reshape(n_bins, 2)
        c = integral[t1, k0 : k0 + 2 * n_bins].reshape(n_bins, 2)
        d = integral[t0, k0 : k0 + 2 * n_bins].reshape(n_bins, 2)
        row = out[n_cells + i]
        for j in range(n_bins):
            row[j] = (a[j, 0] - b[j, 0] - c[j, 0] + d[j, 0]) * per_area
