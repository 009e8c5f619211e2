"""PulseAudio, or PipeWire in its place, asked through pactl, which both understand."""

from __future__ import annotations

import os
import subprocess

from dap_stream.errors import DeviceError, SettingError

SINK, SOURCE = "dap_stream_clean", "dap_stream_microphone"
DESCRIPTION = "Clean microphone"
RATE = 48000  # Hz, of both
_PATIENCE_S = 15.0


def pactl(*words: str) -> str:
    """Answer of the sound server; DeviceError with its reason if it has none."""
    env = {**os.environ, "LC_ALL": "C"}
    try:
        run = subprocess.run(
            ["pactl", *words], capture_output=True, text=True, timeout=_PATIENCE_S, env=env, check=False
        )
    except FileNotFoundError:
        raise DeviceError(
            "a virtual microphone needs pactl: apt install pulseaudio-utils (Debian, Ubuntu, Fedora), "
            "pacman -S libpulse (Arch)"
        ) from None
    except subprocess.TimeoutExpired:
        raise DeviceError(f"the sound server does not answer pactl within {_PATIENCE_S:g} s") from None
    if run.returncode != 0:
        reason = (run.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise DeviceError(f"pactl {words[0]}: {reason}; is PulseAudio or pipewire-pulse running?")
    return run.stdout


def _table(kind: str) -> list[list[str]]:
    return [line.split("\t") for line in pactl("list", "short", kind).splitlines()]


def find_source(wanted: str | None) -> str:
    """Name of the real microphone: the one that is wanted, whole or in part, or the default."""
    names = [row[1] for row in _table("sources") if len(row) > 1 and not row[1].startswith(("dap_stream_",))]
    if not names:
        raise DeviceError("the sound server has no microphone: plug one in")
    if wanted is None:
        default = pactl("get-default-source").strip()
        return default if default in names else names[0]
    matches = [name for name in names if name == wanted] or [name for name in names if wanted in name]
    if len(matches) != 1:
        found = "may be any of" if matches else "is not among"
        raise SettingError(f"--input {wanted} {found} {', '.join(matches or names)}; say its name")
    return matches[0]


def load() -> None:
    """Have the sink that the clean sound goes to, and the source that other programs take it from."""
    sound = ("format=float32le", f"rate={RATE}", "channels=1")
    # Without norewinds a null sink of PulseAudio loses and repeats samples.
    pactl(
        *("load-module", "module-null-sink", f"sink_name={SINK}", "norewinds=1", *sound),
        f"sink_properties=\"device.description='{DESCRIPTION}, inside'\"",
    )
    pactl(
        *("load-module", "module-remap-source", f"source_name={SOURCE}", f"master={SINK}.monitor", *sound),
        f"source_properties=\"device.description='{DESCRIPTION}'\"",
    )


def loaded() -> list[str]:
    """Numbers of our modules, the last one first."""
    ours = {f"sink_name={SINK}", f"source_name={SOURCE}"}
    return [row[0] for row in reversed(_table("modules")) if ours & set(" ".join(row[2:]).split())]


def unload() -> int:
    """Leave nothing of ours; how many modules there were."""
    numbers = loaded()
    for number in numbers:
        pactl("unload-module", number)
    return len(numbers)
