"""Devices for a session: found, opened, and found again after they were gone."""

from __future__ import annotations

import math
from typing import Protocol

from dap_stream.apps.live.live_chain import Stream
from dap_stream.apps.live.settings import LiveSettings
from dap_stream.core.stream_format import StreamFormat
from dap_stream.errors import DeviceError, SettingError
from dap_stream.io.audio_file import FileSink, FileSource
from dap_stream.realtime.backends.file_device import FileStream
from dap_stream.realtime.backends.jack import JackClient, jack_format
from dap_stream.realtime.backends.portaudio_devices import Device, Kind, devices, pick
from dap_stream.realtime.backends.portaudio_library import look_again
from dap_stream.realtime.backends.portaudio_stream import PortAudioStream
from dap_stream.realtime.duplex_buffer import DuplexBuffer


class Backend(Protocol):
    """Where streams come from, one after the other if a device goes away and comes back."""

    source: str  # for the user
    target: str
    stream: StreamFormat
    block_size: int  # of the duplex buffer
    device_block_size: int  # asked of the device; 0: its choice

    @property
    def is_finished(self) -> bool:
        """Whether there is no more to come: a file that has been played."""

    def open(self, duplex: DuplexBuffer) -> Stream:
        """A stream that is not running yet; DeviceError if the device is not there (any more)."""


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
        self._was_open = False
        self.is_finished = False

    def open(self, duplex: DuplexBuffer) -> PortAudioStream:
        """Anew by name if it was open before: numbers change when a device comes back."""
        source, target = self._input, self._output
        if self._was_open:
            look_again()
            candidates = devices()
            source, target = _same(source, "input", candidates), _same(target, "output", candidates)
        # One voice belongs in both ears.
        outputs = min(2, target.outputs) if duplex.channels == 1 else None
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


class FileBackend:
    """A file in the place of a device, of which ``n_most`` samples are played (None: all)."""

    def __init__(
        self,
        names: tuple[str, str],
        source: FileSource,
        sink: FileSink,
        settings: LiveSettings,
        is_real_time: bool,
        n_most: int | None,
    ) -> None:
        self.source, self.target = names
        self.stream = StreamFormat(source.sample_rate, source.channels)
        self.block_size = settings.block_size or usual_block_size(source.sample_rate)
        self.device_block_size = self.block_size
        self._source, self._sink = source, sink
        self._is_real_time, self._n_most = is_real_time, n_most
        self._opened: FileStream | None = None

    @property
    def is_finished(self) -> bool:
        """Whether the file has been played to its end."""
        return self._opened is not None and self._opened.is_finished

    def open(self, duplex: DuplexBuffer) -> FileStream:
        """Once only: files do not go away."""
        self._opened = FileStream(duplex, self._source, self._sink, self._is_real_time, self._n_most)
        return self._opened

    def check(self) -> None:
        """Raise what went wrong while it was played."""
        if self._opened is not None:
            self._opened.check()


def usual_block_size(sample_rate: int) -> int:
    """A power of two near 5 ms: 256 samples at 44.1 and 48 kHz."""
    return int(2 ** max(5, round(math.log2(sample_rate * 256 / 48000))))
