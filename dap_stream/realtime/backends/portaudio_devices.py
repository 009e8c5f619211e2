"""Which sound devices there are, and the one that a user means. PortAudio is loaded only when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dap_stream.errors import DeviceError
from dap_stream.realtime.backends.portaudio_library import load_portaudio

Kind = Literal["input", "output"]


@dataclass(frozen=True)
class Device:
    """A sound device as PortAudio sees it."""

    index: int
    name: str
    host_api: str  # ALSA, JACK, Core Audio, ...: one card often shows up in several
    inputs: int  # channels, at most
    outputs: int
    sample_rate: int  # Hz, the device's own
    is_default_input: bool = False
    is_default_output: bool = False

    def channels(self, kind: Kind) -> int:
        """How many channels it has in this direction."""
        return self.inputs if kind == "input" else self.outputs

    def __str__(self) -> str:
        return f"{self.index} {self.name} [{self.host_api}] {self.inputs} in, {self.outputs} out"


def devices() -> list[Device]:
    """All devices, in PortAudio's order. It looked for them when it was loaded, and knows no later ones."""
    sd = load_portaudio()
    try:
        names = [api["name"] for api in sd.query_hostapis()]
        default_input, default_output = sd.default.device
        # Without a choice of the user, sounddevice has -1, and PortAudio's own first choice counts.
        first_api = next((api for api in sd.query_hostapis() if api["devices"]), None)
        if first_api is not None:
            default_input = first_api["default_input_device"] if default_input < 0 else default_input
            default_output = first_api["default_output_device"] if default_output < 0 else default_output
        return [
            Device(
                index,
                entry["name"],
                names[entry["hostapi"]],
                entry["max_input_channels"],
                entry["max_output_channels"],
                round(entry["default_samplerate"]),
                index == default_input,
                index == default_output,
            )
            for index, entry in enumerate(sd.query_devices())
        ]
    except sd.PortAudioError as error:
        raise DeviceError(f"PortAudio cannot list the sound devices: {error}") from None


def pick(wanted: int | str | None, kind: Kind, candidates: Sequence[Device] | None = None) -> Device:
    """The device of this direction with that index, that name, or a name with that in it; None: the default.

    Case does not matter, and a host API may follow the name ("usb alsa"). ``candidates``: `devices()`.
    """
    all_devices = devices() if candidates is None else candidates
    usable = [device for device in all_devices if device.channels(kind) > 0]
    if not usable:
        raise DeviceError(f"there is no sound device with an {kind}: plug one in, or start the sound server")
    if wanted is None:
        for device in usable:
            if device.is_default_input if kind == "input" else device.is_default_output:
                return device
        raise DeviceError(f"there is no default {kind} device: choose one of {_listed(usable)}")
    text = str(wanted).strip()
    if isinstance(wanted, int) or text.isdigit():
        matches = [device for device in usable if device.index == int(text)]
    else:
        matches = _by_name(text, usable)
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise DeviceError(f"{kind} device {text!r} may be any of {_listed(matches)}: say more, or its number")
    raise DeviceError(f"there is no {kind} device {text!r}: choose one of {_listed(usable)}")


def _by_name(text: str, candidates: Sequence[Device]) -> list[Device]:
    """Those with exactly this name, or else those with all words of ``text`` in name and host API."""
    low = text.lower()
    exact = [device for device in candidates if device.name == text]
    exact_but_case = [device for device in candidates if device.name.lower() == low]
    for matches in (exact, exact_but_case):
        if len(matches) == 1:
            return matches
    words = low.split()
    with_text = [device for device in candidates if low in device.name.lower()]
    if len(with_text) == 1 or not words:
        return with_text
    return [
        device
        for device in candidates
        if all(word in f"{device.name} {device.host_api}".lower() for word in words)
    ]


def _listed(candidates: Sequence[Device]) -> str:
    return "; ".join(str(device) for device in candidates)
