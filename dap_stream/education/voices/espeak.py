"""Speech of espeak-ng, where that is installed: text in, samples out, no file written."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess

import numpy as np
from scipy.signal import resample_poly

from dap_stream.core.array_types import F32
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.errors import DapStreamError, DeviceError, SettingError

PROGRAM = "espeak-ng"
SECONDS_TO_WAIT = 60.0


def is_available() -> bool:
    """Whether espeak-ng can be called.

    Returns
    -------
    bool
    """
    return shutil.which(PROGRAM) is not None


def _run(arguments: list[str], text: str = "") -> bytes:
    try:
        done = subprocess.run(
            [PROGRAM, *arguments],
            input=text.encode(),
            capture_output=True,
            timeout=SECONDS_TO_WAIT,
            check=False,
        )
    except FileNotFoundError as error:
        raise DeviceError(f"{PROGRAM} is not installed; install the package of that name") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DeviceError(f"{PROGRAM} {' '.join(arguments)} did not finish: {error}") from error
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace")
        raise DeviceError(f"{PROGRAM} {' '.join(arguments)} ended with status {done.returncode}: {reason}")
    return done.stdout


def _table(arguments: list[str]) -> list[list[str]]:
    """Fields of the rows of a list of voices, without its heading."""
    return [row.split() for row in _run(arguments).decode(errors="replace").splitlines()[1:] if row.strip()]


@functools.cache
def languages() -> tuple[str, ...]:
    """Names for ``speak`` of all languages, sorted.

    Returns
    -------
    tuple of str
    """
    # Voices of MBROLA are listed as well, but their data are a package each.
    return tuple(
        sorted({row[1] for row in _table(["--voices"]) if len(row) > 4 and not row[4].startswith("mb/")})
    )


@functools.cache
def variants() -> tuple[str, ...]:
    """Names for ``speak`` of all variants of the voice, sorted.

    Returns
    -------
    tuple of str
    """
    # The name of a file may have a blank in it; two end the column.
    table = _run(["--voices=variant"]).decode(errors="replace")
    return tuple(sorted(set(re.findall(r"!v/(.+?)(?:\s{2}|$)", table, re.MULTILINE))))


def wav_samples(data: bytes) -> tuple[F32, int]:
    """Samples and rate of a mono WAV of 16 bits whose sizes may be wrong, as they are in a stream.

    Parameters
    ----------
    data : bytes
        A RIFF file.

    Returns
    -------
    tuple
        ``[samples]`` at full scale 1, and samples per second.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise DapStreamError(f"{PROGRAM} did not give a WAV file")
    at, rate = 12, 0
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8
        if name == b"fmt ":
            channels, bits = (
                int.from_bytes(data[at + 2 : at + 4], "little"),
                int.from_bytes(data[at + 14 : at + 16], "little"),
            )
            rate = int.from_bytes(data[at + 4 : at + 8], "little")
            if channels != 1 or bits != 16:
                raise DapStreamError(f"{PROGRAM} gave {channels} channels of {bits} bits, not one of 16")
        elif name == b"data":
            end = min(at + size, len(data))
            samples = np.frombuffer(data, "<i2", (end - at) // 2, at)
            return (samples / 32768.0).astype(np.float32), rate
        at += size + size % 2
    raise DapStreamError(f"{PROGRAM} gave a WAV file without samples")


def speak(
    text: str,
    language: str = "en-us",
    variant: str = "",
    pitch: int = 50,
    speed: int = 175,
    word_gap: int = 0,
    amplitude: int = 100,
) -> F32:
    """Read a text aloud.

    Parameters
    ----------
    text : str
        What to say.
    language : str
        One of `languages`.
    variant : str
        One of `variants`, or nothing.
    pitch : int
        0 to 99.
    speed : int
        Words per minute, 80 to 450.
    word_gap : int
        Pause between words, in units of 10 ms.
    amplitude : int
        0 to 200.

    Returns
    -------
    F32
        ``[samples]``, 16 kHz.
    """
    if "\0" in text:
        raise SettingError("a text for espeak-ng has no null characters")
    # Of what it does not know espeak-ng makes something else, without a word.
    if language not in languages():
        raise SettingError(f"espeak-ng has no language {language!r}; espeak-ng --voices lists them")
    if variant and variant not in variants():
        raise SettingError(f"espeak-ng has no variant {variant!r}; espeak-ng --voices=variant lists them")
    voice = f"{language}+{variant}" if variant else language
    numbers = {"-p": pitch, "-s": speed, "-g": word_gap, "-a": amplitude}
    arguments = [
        "--stdout",
        "-v",
        voice,
        *(part for key, value in numbers.items() for part in (key, str(value))),
    ]
    samples, rate = wav_samples(_run(arguments, text))
    common = np.gcd(rate, SAMPLE_RATE)
    resampled: F32 = resample_poly(samples, SAMPLE_RATE // common, rate // common).astype(np.float32)
    return resampled


def version() -> str | None:
    """Version of the installed program; None without it."""
    if not is_available():
        return None
    words = _run(["--version"]).decode("utf-8", "replace").split()
    return next((word for word in words if word[:1].isdigit()), None)
