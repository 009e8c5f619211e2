"""Sound devices for a session: found, opened, and found again after they were gone.

Imported only by whoever uses a device: the backends bring compiled callbacks along.
"""

from __future__ import annotations

from dap_stream.apps.live.backend import usual_block_size
from dap_stream.apps.live.settings import LiveSettings
from dap_stream.core.stream_format import StreamFormat
from dap_stream.errors import DeviceError, SettingError
from dap_stream.realtime.backends.jack import JackClient, jack_format
from dap_stream.realtime.backends.portaudio_devices import Device, Kind, devices, pick
from dap_stream.realtime.backends.portaudio_library import look_again
from dap_stream.realtime.backends.portaudio_stream import PortAudioStream
from dap_stream.realtime.duplex_buffer import DuplexBuffer


class PortAudioBackend:
    """Sound cards and whatever else PortAudio knows."""

    def __init__(self, settings: LiveSettings) -> None:
        candidates = devices()
        self._input = pick(settings.source, "input", candidates)
        self._output = pick(settings.target, "output", candidates)
        if settings.channels > self._input.inputs:
            raise SettingError(f"--channels {settings.channels}: {self._input}; choose fewer")
        self.source, self.target = (f"{end.name} [{end.host_api}]" for end in (self._input, self._output))
        self.stream = StreamFormat(settings.sample_rate or self._input.sample_rate, settings.channels)
        usual = usual_block_size(self.stream.sample_rate)
        self.device_block_size = usual if settings.block_size is None else settings.block_size
        self.block_size = self.device_block_size or usual
        self._outputs, self._was_open = settings.outputs, False
        self.is_finished = False

    def open(self, duplex: DuplexBuffer) -> PortAudioStream:
        """Anew by name if it was open before: numbers change when a device comes back."""
        source, target = self._input, self._output
        if self._was_open:
            look_again()
            candidates = devices()
            source, target = _same(source, "input", candidates), _same(target, "output", candidates)
        outputs = self._outputs
        if outputs is None and duplex.channels == 1:
            outputs = min(2, target.outputs)  # one voice belongs in both ears
        stream = PortAudioStream(duplex, source, target, outputs=outputs, block_size=self.device_block_size)
        self._was_open = True
        return stream


def _same(gone: Device, kind: Kind, candidates: list[Device]) -> Device:
    return pick(gone.name, kind, [device for device in candidates if device.host_api == gone.host_api])


class JackBackend:
    """A client ``name`` of a running JACK server, which says rate and period."""

    def __init__(self, name: str, settings: LiveSettings) -> None:
        sample_rate, self.block_size = jack_format()
        self.device_block_size, self.is_finished = self.block_size, False
        if settings.sample_rate not in (None, sample_rate):
            raise SettingError(
                f"--rate {settings.sample_rate}: JACK runs at {sample_rate} Hz; leave --rate out"
            )
        self.stream = StreamFormat(sample_rate, settings.channels)
        self._name, self._format = name, (sample_rate, self.block_size)
        self.source, self.target = f"JACK {name}:in_*", f"{name}:out_*"

    def open(self, duplex: DuplexBuffer) -> JackClient:
        """Its ports are there, and whoever wants to connects them."""
        if jack_format() != self._format:
            raise DeviceError("JACK came back with another rate or period")
        return JackClient(duplex, self._name)
