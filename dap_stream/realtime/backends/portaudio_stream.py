"""A live stream on sound devices: PortAudio calls compiled code, a thread processes, `check` watches both."""

from __future__ import annotations

from typing import Any

from dap_stream.errors import DeviceError
from dap_stream.realtime.backends.base import PATIENCE_S, DeviceStream
from dap_stream.realtime.backends.portaudio_callback import UserData, portaudio_callback
from dap_stream.realtime.backends.portaudio_devices import Device, Kind
from dap_stream.realtime.backends.portaudio_library import give_up, load_portaudio, try_for
from dap_stream.realtime.callback_kernel import routing
from dap_stream.realtime.duplex_buffer import DuplexBuffer
from dap_stream.realtime.watchdog import Latency


class PortAudioStream(DeviceStream):
    """``duplex`` between two devices, opened here.

    ``inputs`` and ``outputs`` are channels of the devices, by default those of the duplex as far as the
    device has them. ``block_size`` None is that of the duplex; 0 leaves it to the device, which may then
    change it (the margin stays); on JACK it saves a block of latency. ``device_latency``: seconds, "low" or
    "high".
    """

    def __init__(
        self,
        duplex: DuplexBuffer,
        source: Device,
        target: Device,
        *,
        inputs: int | None = None,
        outputs: int | None = None,
        block_size: int | None = None,
        device_latency: float | str = "low",
    ) -> None:
        super().__init__(duplex, f"{source.name} / {target.name}")
        self.source, self.target = source, target
        n_in = _n_channels(source, "input", inputs, duplex.channels)
        n_out = _n_channels(target, "output", outputs, duplex.channels)
        self._user = UserData(duplex.shared, routing(n_in, duplex.channels), routing(duplex.channels, n_out))
        sd = load_portaudio()
        try:
            self._stream: Any = sd._StreamBase(  # the class that sounddevice offers for compiled callbacks
                "duplex",
                samplerate=duplex.sample_rate,
                blocksize=duplex.block_size if block_size is None else block_size,
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
                f"cannot open {source} and {target} at {duplex.sample_rate} Hz ({error}); "
                f"their own rates are {source.sample_rate} and {target.sample_rate} Hz"
            ) from None
        self._error = sd.PortAudioError

    @property
    def latency(self) -> Latency:
        """With what PortAudio says of the devices."""
        rate = self.duplex.sample_rate
        device_in, device_out = (round(seconds * rate) for seconds in self._stream.latency)
        return Latency(self.duplex.processor.latency, self.duplex.margin, device_in, device_out, rate)

    def _join(self) -> None:
        try:
            self._stream.start()
        except self._error as error:
            raise DeviceError(f"cannot start {self.source} and {self.target}: {error}") from None

    def _look(self) -> None:
        if not self._stream.active:
            raise DeviceError(
                f"{self._name}: the device stopped; is it still plugged in, is the sound server running?"
            )

    def _leave(self) -> bool:
        has_stopped = not self._is_running or try_for(self._stream.abort, PATIENCE_S)
        if has_stopped and try_for(self._stream.close, PATIENCE_S):
            return True
        give_up()
        return False


def _n_channels(device: Device, kind: Kind, wanted: int | None, usual: int) -> int:
    n_max = device.channels(kind)
    n = min(usual, n_max) if wanted is None else wanted
    if not 1 <= n <= n_max:
        raise DeviceError(f"{device}: {n} {kind} channels asked for, 1..{n_max} are possible")
    return n
