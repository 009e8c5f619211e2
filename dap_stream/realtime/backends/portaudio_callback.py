"""The audio callback of PortAudio, compiled: no interpreter, no lock, no memory is asked for.

Python cannot make it late: it runs while other threads hold the interpreter. It unpacks addresses and
calls `dap_stream.realtime.callback_kernel.exchange`.
"""

from __future__ import annotations

import ctypes

import numpy as np
from numba import types
from numba.np.numpy_support import carray

from dap_stream.core import jit
from dap_stream.core.array_types import F32, I64
from dap_stream.realtime.callback_kernel import N_COUNTS, N_METER, Shared, exchange, note_flags
from dap_stream.realtime.memory_order import f32_at, f64_at, i64_at
from dap_stream.realtime.ring_buffer import N_MARKS

_jit = jit.kernel()

# int64 user data: addresses, then sizes
ROUTE_IN, ROUTE_OUT, RING_IN, MARKS_IN, RING_OUT, MARKS_OUT, COUNTS, GAINS, METER = range(9)
INPUTS, OUTPUTS, CHANNELS, CAPACITY_IN, CAPACITY_OUT = range(9, 14)
N_USER = 14


class UserData:
    """Addresses that the callback is handed; keep it as long as the stream lives.

    ``route_in [channels, device inputs]`` and ``route_out [device outputs, channels]`` are gains
    (`dap_stream.realtime.callback_kernel.routing`).
    """

    def __init__(self, shared: Shared, route_in: F32, route_out: F32) -> None:
        self._keep = (shared, np.ascontiguousarray(route_in), np.ascontiguousarray(route_out))
        arrays = (*self._keep[1:], *shared.arrays)
        sizes = (
            route_in.shape[1],
            route_out.shape[0],
            route_in.shape[0],
            shared.ring_in.capacity,
            shared.ring_out.capacity,
        )
        self.array: I64 = np.array([*(each.ctypes.data for each in arrays), *sizes], np.int64)
        self.address = int(self.array.ctypes.data)


@_jit
def exchange_at(source: F32, target: F32, flags: int, user: I64) -> None:
    """`exchange` of what the addresses in ``user`` point to; ``flags`` as PortAudio has them."""
    channels, inputs, outputs = int(user[CHANNELS]), int(user[INPUTS]), int(user[OUTPUTS])
    counts = carray(i64_at(user[COUNTS]), (N_COUNTS,))
    note_flags(counts, flags)
    exchange(
        source,
        target,
        carray(f32_at(user[ROUTE_IN]), (channels, inputs)),
        carray(f32_at(user[ROUTE_OUT]), (outputs, channels)),
        carray(f32_at(user[RING_IN]), (channels, int(user[CAPACITY_IN]))),
        carray(i64_at(user[MARKS_IN]), (N_MARKS,)),
        carray(f32_at(user[RING_OUT]), (channels, int(user[CAPACITY_OUT]))),
        carray(i64_at(user[MARKS_OUT]), (N_MARKS,)),
        counts,
        carray(f32_at(user[GAINS]), (3,)),
        carray(f64_at(user[METER]), (2, N_METER)),
    )


_ulong = types.uint32 if ctypes.sizeof(ctypes.c_ulong) == 4 else types.uint64


# int PaStreamCallback(const void *in, void *out, unsigned long n, const time *, unsigned long flags, void *);
# pointers come as integers, which numba can cast.
@jit.callback(types.int32(types.int64, types.int64, _ulong, types.int64, _ulong, types.int64))
def portaudio_callback(source: int, target: int, n: int, when: int, flags: int, user_address: int) -> int:
    """Interleaved float32 in and out."""
    user = carray(i64_at(user_address), (N_USER,))
    length = int(n)
    exchange_at(
        carray(f32_at(source), (length, int(user[INPUTS]))).T,
        carray(f32_at(target), (length, int(user[OUTPUTS]))).T,
        int(flags),
        user,
    )
    return 0
