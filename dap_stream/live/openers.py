"""Devices for a session: found, opened, and found again after they were gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dap_stream.errors import DeviceError, SettingError
from dap_stream.live.devices import Device, Kind, devices, pick
from dap_stream.live.jack_client import JackClient, jack_format
from dap_stream.live.link import Link
from dap_stream.live.portaudio import look_again
from dap_stream.live.rig import Stream, usual_block_size
from dap_stream.live.stream import LiveStream


@dataclass(frozen=True)
class Asked:
    """What the user said; None is the device's own, 0 for ``block_size`` too, as often as it likes."""

    source: str | None = None
    target: str | None = None
    sample_rate: int | None = None
    block_size: int | None = None
    channels: int = 1


class Opener(Protocol):
    """Where streams come from."""

    source: str  # for the user
    target: str
    sample_rate: int
    block_size: int  # of the link
    told_block_size: int  # 0: the device's choice

    def open(self, link: Link) -> Stream:
        """A stream that is not running yet; DeviceError if the device is not there (any more)."""


class PortAudioOpener:
    """Sound cards and whatever else PortAudio knows."""

    def __init__(self, asked: Asked) -> None:
        found = devices()
        self._ends = [pick(asked.source, "input", found), pick(asked.target, "output", found)]
        if asked.channels > self._ends[0].inputs:
            raise SettingError(f"--channels {asked.channels}: {self._ends[0]}; choose fewer")
        self.source, self.target = (f"{each.name} [{each.host_api}]" for each in self._ends)
        self.sample_rate = asked.sample_rate or self._ends[0].sample_rate
        usual = usual_block_size(self.sample_rate)
        self.told_block_size = usual if asked.block_size is None else asked.block_size
        self.block_size = self.told_block_size or usual
        self._was_open = False

    def open(self, link: Link) -> LiveStream:
        """Anew by name if it was open before: numbers change when a device comes back."""
        source, target = self._ends
        if self._was_open:
            look_again()
            found = devices()
            source, target = _same(source, "input", found), _same(target, "output", found)
        # One voice belongs in both ears.
        outputs = min(2, target.outputs) if link.channels == 1 else None
        stream = LiveStream(link, source, target, outputs=outputs, block_size=self.told_block_size)
        self._was_open = True
        return stream


def _same(gone: Device, kind: Kind, found: list[Device]) -> Device:
    return pick(gone.name, kind, [each for each in found if each.host_api == gone.host_api])


class JackOpener:
    """A client ``name`` of a running JACK server, which says rate and period."""

    def __init__(self, name: str, asked: Asked) -> None:
        self.sample_rate, self.block_size = jack_format()
        self.told_block_size = self.block_size
        if asked.sample_rate not in (None, self.sample_rate):
            raise SettingError(
                f"--rate {asked.sample_rate}: JACK runs at {self.sample_rate} Hz; leave --rate out"
            )
        self._name, self._format = name, (self.sample_rate, self.block_size)
        self.source, self.target = f"JACK {name}:in_*", f"{name}:out_*"

    def open(self, link: Link) -> JackClient:
        """Its ports are there, and whoever wants to connects them."""
        if jack_format() != self._format:
            raise DeviceError("JACK came back with another rate or period")
        return JackClient(link, self._name)
