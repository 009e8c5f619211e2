"""A JACK client: the same exchange between ports that any JACK program can be connected to.

It tells the graph its latency, so that Ardour and others compensate for it. Needs the extra ``jack`` and a
running server (jackd, or PipeWire's).
"""

from __future__ import annotations

import ctypes
import ctypes.util
from typing import Any

import numpy as np
from numba import types
from numba.np.numpy_support import carray

from dap_stream.core import jit
from dap_stream.errors import DeviceError
from dap_stream.realtime.backends.base import DeviceStream
from dap_stream.realtime.backends.portaudio_callback import INPUTS, N_USER, OUTPUTS, UserData, exchange_at
from dap_stream.realtime.callback_kernel import routing
from dap_stream.realtime.duplex_buffer import DuplexBuffer
from dap_stream.realtime.memory_order import call_port_buffer, f32_at, i64_at
from dap_stream.realtime.watchdog import Latency

_CAPTURE, _PLAYBACK = 0, 1  # jack_latency_callback_mode_t
_MOST = 16384  # samples of the longest period

# int64 addresses that the callback gets
_USER, _GET_BUFFER, _SOURCE, _TARGET, _PORTS = range(5)


@jit.callback(types.int32(types.uint32, types.int64))
def jack_callback(n_samples: int, address: int) -> int:
    """int JackProcessCallback(jack_nframes_t, void *): ports to one array, exchange, and back to ports."""
    head = carray(i64_at(address), (_PORTS,))
    user = carray(i64_at(head[_USER]), (N_USER,))
    n, inputs, outputs = min(int(n_samples), _MOST), int(user[INPUTS]), int(user[OUTPUTS])
    ports = carray(i64_at(address), (_PORTS + inputs + outputs,))
    source = carray(f32_at(head[_SOURCE]), (inputs, _MOST))[:, :n]
    target = carray(f32_at(head[_TARGET]), (outputs, _MOST))[:, :n]
    for c in range(inputs):
        source[c] = carray(f32_at(call_port_buffer(head[_GET_BUFFER], ports[_PORTS + c], n)), (n,))
    exchange_at(source, target, 0, user)
    for c in range(outputs):
        port = ports[_PORTS + inputs + c]
        carray(f32_at(call_port_buffer(head[_GET_BUFFER], port, n)), (n,))[:] = target[c]
    return 0


class _Range(ctypes.Structure):
    _fields_ = (("min", ctypes.c_uint32), ("max", ctypes.c_uint32))


_LatencyCallback = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p)


class JackClient(DeviceStream):
    """``duplex`` as a client ``name`` with ports in_1, in_2 ... and out_1, out_2 ...; nothing is connected.

    ``server`` None is the default one. JACK fixes rate and period: ``duplex`` has to be built for them
    (`jack_format`). Runs from `start` to `close`, or within a ``with`` block.
    """

    def __init__(
        self,
        duplex: DuplexBuffer,
        name: str = "dap_stream",
        *,
        inputs: int | None = None,
        outputs: int | None = None,
        server: str | None = None,
    ) -> None:
        super().__init__(duplex, f"JACK client {name}")
        n_in, n_out = inputs or duplex.channels, outputs or duplex.channels
        self._jack, self._client = _connect(name, server)
        self._reason: str | None = None
        try:
            if self._client.samplerate != duplex.sample_rate:
                raise DeviceError(
                    f"JACK runs at {self._client.samplerate} Hz, the processing at {duplex.sample_rate} Hz: "
                    "they have to be the same"
                )
            if self._client.blocksize > _MOST:
                raise DeviceError(
                    f"JACK period of {self._client.blocksize} samples: at most {_MOST} are possible"
                )
            self._client.set_shutdown_callback(self._note_shutdown)
            self._inputs = [self._client.inports.register(f"in_{c + 1}") for c in range(n_in)]
            self._outputs = [self._client.outports.register(f"out_{c + 1}") for c in range(n_out)]
            self._user = UserData(
                duplex.shared, routing(n_in, duplex.channels), routing(duplex.channels, n_out)
            )
            self._hand_over()
            self._library, self._on_latency = self._report_latency()
        except BaseException:
            self._client.close()
            raise

    def _hand_over(self) -> None:
        """Give JACK the compiled callback, and that what it needs."""
        ffi, lib = self._jack._ffi, self._jack._lib
        self._source = np.zeros((len(self._inputs), _MOST), np.float32)
        self._target = np.zeros((len(self._outputs), _MOST), np.float32)
        get_buffer = int(ffi.cast("uintptr_t", ffi.addressof(lib, "jack_port_get_buffer")))
        arrays = (self._user.address, get_buffer, self._source.ctypes.data, self._target.ctypes.data)
        ports = [self._address(port) for port in (*self._inputs, *self._outputs)]
        self._head = np.array([*arrays, *ports], np.int64)
        failed = lib.jack_set_process_callback(
            self._client._ptr,
            ffi.cast("JackProcessCallback", jack_callback.address),
            ffi.cast("void *", self._head.ctypes.data),
        )
        if failed:
            raise DeviceError("JACK refused the audio callback")

    def _address(self, handle: Any) -> int:
        """The pointer behind an object of JACK-Client."""
        return int(self._jack._ffi.cast("uintptr_t", handle._ptr))

    def _report_latency(self) -> tuple[Any, Any]:
        """Tell JACK that from an input port to an output port it takes ``duplex.latency`` samples more."""
        library = ctypes.CDLL(ctypes.util.find_library("jack") or "libjack.so.0")
        library.jack_set_latency_callback.argtypes = [ctypes.c_void_p, _LatencyCallback, ctypes.c_void_p]
        library.jack_recompute_total_latencies.argtypes = [ctypes.c_void_p]
        for call in (library.jack_port_get_latency_range, library.jack_port_set_latency_range):
            call.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Range)]
            call.restype = None
        sources = [self._address(port) for port in self._inputs]
        targets = [self._address(port) for port in self._outputs]
        extra = self.duplex.latency

        def pass_on(mode: int, _user: object) -> None:
            near, far = (sources, targets) if mode == _CAPTURE else (targets, sources)
            ranges = []
            for port in near:
                ranges.append(_Range())
                library.jack_port_get_latency_range(port, mode, ctypes.byref(ranges[-1]))
            total = _Range(min(r.min for r in ranges) + extra, max(r.max for r in ranges) + extra)
            for port in far:
                library.jack_port_set_latency_range(port, mode, ctypes.byref(total))

        on_latency = _LatencyCallback(pass_on)
        if library.jack_set_latency_callback(self._address(self._client), on_latency, None):
            raise DeviceError("JACK refused to be told the latency")
        return library, on_latency

    def _note_shutdown(self, status: object, reason: str) -> None:
        self._reason = reason or "no reason given"

    @property
    def name(self) -> str:
        """As JACK has it: a number is added if there is another client of that name."""
        return str(self._client.name)

    @property
    def latency(self) -> Latency:
        """From port to port; what is before and behind them is up to the graph."""
        return Latency(self.duplex.processor.latency, self.duplex.margin, 0, 0, self.duplex.sample_rate)

    def connect(self, source: str, target: str) -> None:
        """Connect two ports of the graph, by their full names."""
        try:
            self._client.connect(source, target)
        except self._jack.JackError as error:
            raise DeviceError(f"JACK cannot connect {source} to {target}: {error}") from None

    def _join(self) -> None:
        try:
            self._client.activate()
        except self._jack.JackError as error:
            raise DeviceError(f"JACK does not let {self.name} join: {error}") from None
        self._library.jack_recompute_total_latencies(self._address(self._client))

    def _look(self) -> None:
        if self._reason is not None:
            raise DeviceError(f"the JACK server went away ({self._reason}): start it again")

    def _leave(self) -> bool:
        self._client.close()
        return True


def jack_format(server: str | None = None) -> tuple[int, int]:
    """Rate (Hz) and period (samples) of a JACK server."""
    _, client = _connect("dap_stream_format", server)
    try:
        return int(client.samplerate), int(client.blocksize)
    finally:
        client.close()


def _connect(name: str, server: str | None) -> tuple[Any, Any]:
    """The module jack, and a client of a server that runs already."""
    try:
        import jack
    except ImportError:
        raise DeviceError("JACK needs the package JACK-Client: pip install 'dap-stream[jack]'") from None
    except OSError as error:
        raise DeviceError(f"JACK needs its library ({error}): apt install libjack-jackd2-0") from None
    # What the library would write to standard error is in the error that is raised, in one line.
    jack.set_error_function(_say_nothing)
    jack.set_info_function(_say_nothing)
    try:
        return jack, jack.Client(name, servername=server, no_start_server=True)
    except jack.JackError as error:
        raise DeviceError(f"no JACK server {server or 'default'!r} ({error}): start jackd first") from None


def _say_nothing(message: str) -> None:
    pass
