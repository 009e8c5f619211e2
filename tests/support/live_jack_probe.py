"""A stream between two JACK clients, and what came out of it, as JSON.

Run by tests/realtime/backends/test_jack.py.

::

    source -----------------------------> sink: reference
       `----> stream or client ---------> sink: result

One client records both, so that the lag between them is that of the stream alone. Arguments: kind
(``portaudio`` or ``jack``), channels, block size (0: the device's), ``die`` and a
file that appears when the server has been killed.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time

import jack
import numpy as np
from live_signals import Half, noise

from dap_stream.errors import DeviceError
from dap_stream.realtime.backends.jack import JackClient
from dap_stream.realtime.backends.portaudio_devices import devices, pick
from dap_stream.realtime.backends.portaudio_stream import PortAudioStream
from dap_stream.realtime.duplex_buffer import DuplexBuffer

PERIODS, PERIOD, RATE = 300, 256, 48000


class Probe:
    """Plays ``signal [channels, n]`` from ports, records as many pairs (reference, result)."""

    def __init__(self, channels: int) -> None:
        self.signal = noise(channels, PERIODS * PERIOD)
        self.record = np.zeros((2, channels, (PERIODS + 40) * PERIOD), np.float32)
        self.go, self.done = threading.Event(), threading.Event()
        self._played = self._recorded = 0
        name = os.environ["JACK_DEFAULT_SERVER"]
        self.source = jack.Client("source", servername=name, no_start_server=True)
        self.sink = jack.Client("sink", servername=name, no_start_server=True)
        count = range(channels)
        self.outs = [self.source.outports.register(f"out{c}") for c in count]
        self.ins = [[self.sink.inports.register(f"{kind}{c}") for c in count] for kind in ("ref", "ret")]
        self.source.set_process_callback(self._play)
        self.sink.set_process_callback(self._capture)
        self.xruns = 0

    def _play(self, n: int) -> None:
        k = self._played
        for c, port in enumerate(self.outs):
            is_on = self.go.is_set() and k < self.signal.shape[1]
            port.get_array()[:] = self.signal[c, k : k + n] if is_on else 0
        self._played = k + n if self.go.is_set() else 0

    def _capture(self, n: int) -> None:
        k = self._recorded
        if self.done.is_set() or (k == 0 and not self.ins[0][0].get_array().any()):
            return  # the record begins with the signal
        for kind in (0, 1):
            for c, port in enumerate(self.ins[kind]):
                self.record[kind, c, k : k + n] = port.get_array()
        self._recorded = k + n
        if self._recorded + n > self.record.shape[2]:
            self.done.set()


def ports_of(probe: Probe, prefix: str) -> tuple[list[jack.Port], list[jack.Port]]:
    """Inputs and outputs of a client."""
    ports = [port for port in probe.sink.get_ports(is_audio=True) if port.name.startswith(prefix)]
    return [port for port in ports if port.is_input], [port for port in ports if port.is_output]


def jack_device() -> int:
    return next(d.index for d in devices() if "JACK" in d.host_api)


def main() -> None:
    kind, channels, block_size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    duplex = DuplexBuffer(Half(300, channels), channels, RATE, PERIOD, margin_blocks=8)
    duplex.warm_up(0.1)
    if kind == "portaudio":
        source, target = pick(jack_device(), "input"), pick(jack_device(), "output")
        stream: PortAudioStream | JackClient = PortAudioStream(
            duplex, source, target, inputs=channels, outputs=channels, block_size=block_size
        )
        prefix = "PortAudio"
    else:
        stream = JackClient(duplex, "dap")
        prefix = "dap:"
    with stream:
        if "die" in sys.argv:
            wait_for_the_end(stream)
            return
        probe = Probe(channels)
        with probe.sink, probe.source:
            ins, outs = ports_of(probe, prefix)
            for c in range(channels):
                probe.source.connect(probe.outs[c], ins[c])
                probe.source.connect(probe.outs[c], probe.ins[0][c])
                probe.sink.connect(outs[c], probe.ins[1][c])
            time.sleep(0.2)
            before = duplex.counts()
            probe.go.set()
            finished = probe.done.wait(30)
            stream.check()
            after = duplex.counts()
            in_graph = reported(probe, ins[0], outs[0])
    report(duplex, probe, finished, before, after, in_graph, stream.latency)


def reported(probe: Probe, port_in: jack.Port, port_out: jack.Port) -> list[int]:
    """Latency that the graph knows at both ports, in capture direction."""
    import ctypes

    class Range(ctypes.Structure):
        _fields_ = (("min", ctypes.c_uint32), ("max", ctypes.c_uint32))

    library, latencies = ctypes.CDLL("libjack.so.0"), []
    for port in (port_in, port_out):
        known = Range()
        address = ctypes.c_void_p(int(jack._ffi.cast("uintptr_t", port._ptr)))
        library.jack_port_get_latency_range(address, 0, ctypes.byref(known))
        latencies.append(known.max)
    return latencies


def report(duplex, probe, finished, before, after, in_graph, latency) -> None:  # type: ignore[no-untyped-def]
    """Compare sample by sample at the lag that was declared."""
    n, late = probe.signal.shape[1], latency.total
    result = probe.record[1][:, late : late + n]
    wet, ratio = result == probe.signal * np.float32(0.5), result / probe.signal
    first = int(np.flatnonzero(probe.record[1][0])[0]) if probe.record[1].any() else -1
    print(
        json.dumps(
            {
                "finished": finished,
                "lag": first,
                "reference_exact": bool(np.array_equal(probe.record[0][:, :n], probe.signal)),
                "n": n,
                "wet": int(wet.all(axis=0).sum()),
                "between": int(((ratio >= 0.4999) & (ratio <= 1.0001)).all(axis=0).sum()),
                "late": after.late_samples - before.late_samples,
                "late_blocks": after.late_blocks - before.late_blocks,
                "blocks": after.blocks - before.blocks,
                "flags": after.input_overflows + after.output_underflows,
                "in_graph": in_graph,
                "latency_reported": latency.total,
            }
        )
    )


def wait_for_the_end(stream) -> None:  # type: ignore[no-untyped-def]
    """Say ``ready``; then look again and again. The parent kills the server."""
    time.sleep(0.3)
    stream.check()
    print("ready", flush=True)
    while not os.path.exists(sys.argv[-1]):
        stream.check()
        time.sleep(0.01)
    began = time.monotonic()
    try:
        while time.monotonic() - began < 20:
            stream.check()
            time.sleep(0.05)
    except DeviceError as error:
        print(json.dumps({"seconds": time.monotonic() - began, "error": str(error)}), flush=True)


if __name__ == "__main__":
    main()
