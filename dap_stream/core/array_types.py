"""Types of arrays: what the annotations of shapes and units in docstrings stand beside."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Audio: TypeAlias = npt.NDArray[np.float32 | np.float64]
"""Samples ``[channels, samples]``, full scale 1.0."""

F32: TypeAlias = npt.NDArray[np.float32]
F64: TypeAlias = npt.NDArray[np.float64]
C64: TypeAlias = npt.NDArray[np.complex64]
C128: TypeAlias = npt.NDArray[np.complex128]
I64: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]
