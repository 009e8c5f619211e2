"""Rounding of float audio to what a sample format keeps.

PCM codes are made here and not in libsndfile, so that the values in a file are known exactly while
it is written: ``removed = dry - stored`` can then be exact to the last bit. Rounding is half to
even, over full scale is clipped and counted, and no dither is added, so that audio that was not
changed is stored unchanged.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from dap_stream.core.array_types import Audio

Codes: TypeAlias = npt.NDArray[Any]
"""Samples in the type in which they are written: int16, int32, float32 or float64."""


def to_codes(audio: Audio, bits: int) -> npt.NDArray[np.int32]:
    """Nearest PCM codes, ``-2^(bits-1) .. 2^(bits-1)-1``, for full scale 1.0; same shape."""
    scale = float(2 ** (bits - 1))
    # float32 carries 24 bits exactly; beyond that the clip limit itself would not be representable.
    wide = audio.astype(np.float64) if bits > 24 else audio
    scaled = np.rint(wide * scale)  # a Python float keeps float32 as it is
    codes: npt.NDArray[np.int32] = np.clip(scaled, -scale, scale - 1.0, out=scaled).astype(np.int32)
    return codes


def from_codes(codes: npt.NDArray[np.int32], bits: int) -> Audio:
    """The values that PCM codes stand for, exactly: float32 up to 24 bits, float64 above."""
    if bits > 24:
        return codes.astype(np.float64) * np.float64(2.0 ** (1 - bits))
    return codes.astype(np.float32) * np.float32(2.0 ** (1 - bits))


class Storage:
    """Turns audio into what is stored, and counts what is clipped.

    ``bits`` is the PCM word length; None stores floats of ``float_dtype``, which never clip.
    """

    def __init__(self, bits: int | None, float_dtype: type[np.float32 | np.float64] = np.float32) -> None:
        self.bits = bits
        self.clipped = 0
        self.float_dtype = float_dtype

    def store(self, audio: Audio) -> tuple[Codes, Audio]:
        """``[channels, n]`` -> codes to be written and the values they stand for, same shape.

        Codes up to 16 bits are int16, longer ones int32, both with the word in the upper bits.
        """
        if self.bits is None:
            floats: Audio = audio.astype(self.float_dtype, copy=False)
            return floats, floats
        # Exactly +1.0 becomes the largest code: one step, not audible, not counted.
        self.clipped += int(np.count_nonzero(np.abs(audio) > 1.0))
        codes = to_codes(audio, self.bits)
        if self.bits <= 16:
            return (codes << (16 - self.bits)).astype(np.int16), from_codes(codes, self.bits)
        return codes << (32 - self.bits), from_codes(codes, self.bits)
