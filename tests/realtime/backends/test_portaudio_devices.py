"""Which device a user means, and what is said if there is none or no PortAudio."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from servers import needs_package

from dap_stream.errors import DeviceError
from dap_stream.realtime.backends import portaudio_devices as module
from dap_stream.realtime.backends.portaudio_devices import Device, devices, pick

CARDS = [
    Device(0, "HDA Intel PCH: ALC257 Analog (hw:0,0)", "ALSA", 2, 2, 44100),
    Device(1, "USB Audio: - (hw:1,0)", "ALSA", 1, 0, 48000),
    Device(2, "pulse", "ALSA", 32, 32, 44100, is_default_output=True),
    Device(3, "system", "JACK Audio Connection Kit", 2, 2, 48000, is_default_input=True),
    Device(4, "pulse monitor", "ALSA", 2, 0, 44100),
    Device(5, "Microphone", "MME", 2, 0, 44100),
    Device(6, "Microphone", "WASAPI", 2, 0, 48000),
]


@pytest.mark.parametrize(
    ("wanted", "kind", "index"),
    [
        (1, "input", 1),
        ("1", "input", 1),
        (" 3 ", "output", 3),
        ("pulse", "input", 2),  # exact, though it is part of another
        ("PULSE", "input", 2),
        ("usb", "input", 1),
        ("alc257", "output", 0),
        ("jack", "input", 3),
        ("Microphone WASAPI", "input", 6),
        (None, "input", 3),
        (None, "output", 2),
    ],
)
def test_a_device_is_found(wanted, kind, index):
    assert pick(wanted, kind, CARDS).index == index


@pytest.mark.parametrize(
    ("wanted", "kind", "text"),
    [
        ("usb", "output", "there is no output device 'usb': choose one of 0 HDA"),
        (1, "output", "there is no output device '1'"),
        (99, "input", "there is no input device '99'"),
        ("microphone", "input", r"may be any of 5 Microphone \[MME\] 2 in, 0 out; 6 Microphone \[WASAPI\]"),
        ("", "input", "may be any of"),
    ],
)
def test_what_is_not_found_is_answered_with_what_there_is(wanted, kind, text):
    with pytest.raises(DeviceError, match=text):
        pick(wanted, kind, CARDS)


def test_no_default_and_no_device():
    with pytest.raises(DeviceError, match="no default input device: choose one of 1 USB"):
        pick(None, "input", CARDS[1:2])
    with pytest.raises(DeviceError, match="no sound device with an output"):
        pick(None, "output", CARDS[1:2])


class FakePortAudio:
    """As much of sounddevice as is used."""

    class PortAudioError(Exception):
        pass

    default = SimpleNamespace(device=(-1, 1))

    def query_hostapis(self):
        empty = {"name": "OSS", "devices": [], "default_input_device": -1, "default_output_device": -1}
        alsa = {"name": "ALSA", "devices": [0, 1], "default_input_device": 0, "default_output_device": 0}
        return (empty, alsa)

    def query_devices(self):
        card = {"name": "card", "hostapi": 1, "max_input_channels": 2, "max_output_channels": 4}
        return [
            {**card, "default_samplerate": 44100.0},
            {**card, "name": "other", "default_samplerate": 48000.0},
        ]


def test_devices_are_those_of_portaudio(monkeypatch):
    monkeypatch.setattr(module, "load_portaudio", FakePortAudio)
    assert devices() == [
        Device(0, "card", "ALSA", 2, 4, 44100, is_default_input=True),
        Device(1, "other", "ALSA", 2, 4, 48000, is_default_output=True),
    ]


def test_an_error_of_portaudio_is_one_of_ours(monkeypatch):
    fake = FakePortAudio()
    monkeypatch.setattr(module, "load_portaudio", lambda: fake)

    def fail():
        raise FakePortAudio.PortAudioError("planted")

    monkeypatch.setattr(fake, "query_devices", fail)
    with pytest.raises(DeviceError, match="cannot list the sound devices: planted"):
        devices()


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError("PortAudio library not found"), "apt install libportaudio2"),
        (ImportError("x"), "pip install sounddevice"),
    ],
    ids=["library", "package"],
)
def test_without_portaudio_one_line_says_what_to_install(monkeypatch, error, text):
    really_import = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "sounddevice":
            raise error
        return really_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(DeviceError, match=text) as caught:
        devices()
    assert "\n" not in str(caught.value)


def test_neither_the_package_nor_its_live_part_loads_portaudio():
    program = """
import sys
import dap_stream
import dap_stream.realtime.backends.jack, dap_stream.realtime.backends.portaudio_stream
sys.exit(bool({"sounddevice", "jack", "torch"} & set(sys.modules)))
"""
    assert subprocess.run([sys.executable, "-c", program], timeout=120, check=False).returncode == 0


TWICE = """
from dap_stream.realtime.backends import portaudio_library
from dap_stream.realtime.backends.portaudio_devices import devices
sd = portaudio_library.load_portaudio()
seen = [sd._lib]
for _ in range(3):  # the sound server dies, and dies again
    portaudio_library.give_up()
    portaudio_library.look_again()
    devices()
    assert sd._lib not in seen
    seen.append(sd._lib)
"""


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs to know what is loaded, as on Linux")
def test_a_portaudio_that_hangs_can_be_replaced_again_and_again():
    """In a process of its own: what was given up stays loaded."""
    needs_package("sounddevice")
    env = {**os.environ, "JACK_NO_START_SERVER": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-c", TWICE]
    run = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
