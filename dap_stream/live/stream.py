"""A live stream on sound devices: PortAudio calls compiled code, a thread processes, `check` watches both."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from dap_stream.errors import DeviceError
from dap_stream.live.callback import UserData, portaudio_callback
from dap_stream.live.devices import Device, Kind
from dap_stream.live.exchange import routing
from dap_stream.live.link import Link
from dap_stream.live.portaudio import give_up, load_portaudio, try_for
from dap_stream.live.watch import Latency, Watch
from dap_stream.live.worker import Worker

_PATIENCE_S = 1.0  # for a device to stop: PortAudio waits minutes for a dead one

# What compiled code still reads must not be collected, whatever becomes of the object.
_running: set[LiveStream] = set()


class LiveStream:
    """``link`` between two devices, opened here, running from `start` to `stop`, or within a ``with`` block.

    ``inputs`` and ``outputs`` are channels of the devices, by default those of the link as far as the
    device has them. ``block_size`` None is that of the link; 0 leaves it to the device, which may then
    change it (the margin stays); on JACK it saves a block of latency. ``device_latency``: seconds, "low" or
    "high". Call `check` a few times a second.
    """

    def __init__(
        self,
        link: Link,
        source: Device,
        target: Device,
        *,
        inputs: int | None = None,
        outputs: int | None = None,
        block_size: int | None = None,
        device_latency: float | str = "low",
    ) -> None:
        self.link, self.source, self.target = link, source, target
        self.worker = Worker(link)
        self._watch = Watch(link)
        n_in = _n_channels(source, "input", inputs, link.channels)
        n_out = _n_channels(target, "output", outputs, link.channels)
        self._user = UserData(link.shared, routing(n_in, link.channels), routing(link.channels, n_out))
        sd = load_portaudio()
        try:
            self._stream: Any = sd._StreamBase(  # the class that sounddevice offers for compiled callbacks
                "duplex",
                samplerate=link.sample_rate,
                blocksize=link.block_size if block_size is None else block_size,
                device=(source.index, target.index),
                channels=(n_in, n_out),
                dtype="float32",
                latency=device_latency,
                callback=sd._ffi.cast("PaStreamCallback *", portaudio_callback.address),
                userdata=sd._ffi.cast("void *", self._user.address),
                wrap_callback=None,
            )
        except (sd.PortAudioError, ValueError) as error:
            raise DeviceError(
                f"cannot open {source} and {target} at {link.sample_rate} Hz ({error}); "
                f"their own rates are {source.sample_rate} and {target.sample_rate} Hz"
            ) from None
        self._error = sd.PortAudioError
        self._is_running = self._is_closed = False
        self._is_stuck = False  # PortAudio waits for a device that is dead

    @property
    def latency(self) -> Latency:
        """All of it, in samples and ms."""
        rate = self.link.sample_rate
        device_in, device_out = (round(seconds * rate) for seconds in self._stream.latency)
        return Latency(self.link.processor.latency, self.link.margin, device_in, device_out, rate)

    def start(self) -> None:
        """Begin anew, from silence and position 0."""
        if self._is_running:
            return
        self.link.reset()
        self.worker.start()
        try:
            self._stream.start()
        except self._error as error:
            self.worker.stop()
            raise DeviceError(f"cannot start {self.source} and {self.target}: {error}") from None
        self._is_running = True
        _running.add(self)
        self._watch.begin()

    def check(self) -> None:
        """Raise the worker's error, or a `DeviceError` if the device has gone."""
        self.worker.check()
        if not self._is_running:
            return
        name = f"{self.source.name} / {self.target.name}"
        if not self._stream.active:
            raise DeviceError(
                f"{name}: the device stopped; is it still plugged in, is the sound server running?"
            )
        self._watch.check(name)

    def stop(self) -> None:
        """End; the latency's worth of sound still inside is dropped."""
        if self._is_running:
            self._is_running = False
            self._is_stuck = not try_for(self._stream.abort, _PATIENCE_S)
        self.worker.stop(_PATIENCE_S)

    def close(self) -> None:
        """Stop, and give the devices back. A second time does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        self.stop()
        if self._is_stuck or not try_for(self._stream.close, _PATIENCE_S):
            give_up()  # and keep what its threads still use
        else:
            _running.discard(self)

    def __enter__(self) -> LiveStream:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _n_channels(device: Device, kind: Kind, wanted: int | None, of_link: int) -> int:
    n_max = device.channels(kind)
    n = min(of_link, n_max) if wanted is None else wanted
    if not 1 <= n <= n_max:
        raise DeviceError(f"{device}: {n} {kind} channels asked for, 1..{n_max} are possible")
    return n
