"""Pictures of levels as PNG files, without any imaging library."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

# Black over violet and orange to pale yellow, lightness rising evenly: red, green, blue.
_ANCHORS = (
    (0, 0, 4), (28, 16, 68), (79, 18, 123), (129, 37, 129), (181, 54, 122),
    (229, 80, 100), (251, 135, 97), (254, 194, 135), (252, 253, 191),
)  # fmt: skip
SHADES = 96  # more are not told apart, and make the file larger


def palette(n: int = SHADES) -> npt.NDArray[np.uint8]:
    """Colours ``[n, 3]`` from the lowest level to the highest."""
    places = np.linspace(0.0, len(_ANCHORS) - 1.0, n)
    anchors = np.array(_ANCHORS, np.float64).T
    return np.stack([np.interp(places, np.arange(len(_ANCHORS)), each) for each in anchors], 1).astype(
        np.uint8
    )


def level_png(levels: npt.NDArray[np.floating], lowest: float, highest: float) -> bytes:
    """Levels ``[rows, columns]``, the first row at the bottom, as a PNG of one pixel each."""
    part = np.clip((levels - lowest) / (highest - lowest), 0.0, 1.0)
    pixels = np.round(part * (SHADES - 1)).astype(np.uint8)[::-1]
    rows, columns = pixels.shape
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), pixels], axis=1)  # filter 0 before each line
    header = struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", palette().tobytes()),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
