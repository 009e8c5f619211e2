"""The inner loop of a limiter's release, compiled; its twin is in `dap_stream.dsp.reference`."""

from __future__ import annotations

from dap_stream.core import jit
from dap_stream.core.array_types import I64

_jit = jit.kernel()


@_jit
def release(need: I64, decay: float, held: int, out: I64) -> None:
    """Amount that is held back at each moment: as much as is needed at once, less only little by little.

    Whole numbers, so that it comes to nothing at all in the end.

    Parameters
    ----------
    need
        ``[n]``, 0 or more.
    decay
        Factor from one sample to the next, below 1.
    held
        Value before the first.
    out
        ``[n]``.
    """
    for i in range(need.shape[0]):
        held = max(need[i], int(held * decay))
        out[i] = held
