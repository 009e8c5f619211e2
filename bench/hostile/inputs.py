"""Files and words that somebody could hand over, wrong in ways that a seed decides."""

from __future__ import annotations

import io
import random
import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soundfile

RATE, N_SAMPLES = 8000, 4000
HEAD = 160  # bytes at the beginning of a file that are changed most
CONTAINERS = (
    ("wav", "WAV", "PCM_16", None),
    ("wav", "WAV", "FLOAT", None),
    ("wav", "WAV", "IMA_ADPCM", None),
    ("wav", "WAV", "ULAW", None),
    ("wav", "WAVEX", "PCM_24", None),
    ("wav", "RF64", "PCM_16", None),
    ("wav", "WAV", "PCM_16", "BIG"),
    ("w64", "W64", "PCM_16", None),
    ("aiff", "AIFF", "PCM_16", None),
    ("aiff", "AIFF", "FLOAT", None),
    ("au", "AU", "PCM_16", None),
    ("caf", "CAF", "PCM_16", None),
    ("caf", "CAF", "ALAC_16", None),
    ("flac", "FLAC", "PCM_16", None),
    ("ogg", "OGG", "VORBIS", None),
    ("opus", "OGG", "OPUS", None),
    ("mp3", "MP3", "MPEG_LAYER_III", None),
    ("voc", "VOC", "PCM_16", None),
    ("paf", "PAF", "PCM_16", None),
    ("nist", "NIST", "PCM_16", None),
)
FROM_FFMPEG = tuple((name, name, ()) for name in ("wav", "w64", "caf", "aiff", "au", "flac", "ogg"))
INTERESTING = (
    0,
    1,
    2,
    3,
    7,
    8,
    127,
    128,
    255,
    2**15,
    2**16 - 1,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**62,
    2**63,
    2**64 - 1,
)


@dataclass(frozen=True)
class Recording:
    """A file that is right, in memory."""

    kind: str
    suffix: str
    data: bytes


def tone() -> npt.NDArray[np.float64]:
    """A tone in noise ``[samples, channels]``."""
    rng = np.random.default_rng(0)
    t = np.arange(N_SAMPLES) / RATE
    sound: npt.NDArray[np.float64] = 0.2 * np.sin(2 * np.pi * 440 * t) + 0.03 * rng.standard_normal(
        (2, N_SAMPLES)
    )
    return sound.T


def recordings() -> list[Recording]:
    """One of every container; those of ffmpeg, as it sends them through a pipe, where it is installed."""
    sound = tone()
    made = []
    for suffix, container, subtype, endian in CONTAINERS:
        buffer = io.BytesIO()
        channels = 1 if container == "NIST" or subtype == "IMA_ADPCM" else 2
        soundfile.write(buffer, sound[:, :channels], RATE, subtype, endian, container)
        made.append(Recording(f"{container} {subtype}{' big' if endian else ''}", suffix, buffer.getvalue()))
    if shutil.which("ffmpeg") is not None:
        for suffix, name, options in FROM_FFMPEG:
            argv = ["ffmpeg", "-v", "error", "-i", "-", *options, "-f", name, "-"]
            sent = subprocess.run(argv, input=made[0].data, stdout=subprocess.PIPE, check=True).stdout
            made.append(Recording(f"{name} of a pipe", suffix, sent))
    return made


def _flip(data: bytearray, rng: random.Random, others: list[bytes]) -> None:
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        data[rng.randrange(min(len(data), HEAD))] = rng.randrange(256)


def _flip_anywhere(data: bytearray, rng: random.Random, others: list[bytes]) -> None:
    for _ in range(rng.choice((1, 4, 64))):
        data[rng.randrange(len(data))] = rng.randrange(256)


def _set_number(data: bytearray, rng: random.Random, others: list[bytes]) -> None:
    layout = rng.choice(("<H", ">H", "<I", ">I", "<Q", ">Q"))
    n_bytes = struct.calcsize(layout)
    at = rng.randrange(0, min(len(data), HEAD) - n_bytes, 2)
    struct.pack_into(layout, data, at, rng.choice(INTERESTING) % 2 ** (8 * n_bytes))


def _truncate(data: bytearray, rng: random.Random, others: list[bytes]) -> None:
    del data[rng.randrange(1, rng.choice((min(len(data), HEAD), len(data)))) :]


def _insert(data: bytearray, rng: random.Random, others: list[bytes]) -> None:
    at = rng.randrange(min(len(data), HEAD))
    data[at:at] = rng.randbytes(rng.choice((1, 2, 4, 8, 1000)))


def _remove(data: bytearray, rng: random.Random, others: list[bytes]) -> None:
    at = rng.randrange(min(len(data), HEAD))
    del data[at : at + rng.choice((1, 2, 4, 8, 100))]


def _append(data: bytearray, rng: random.Random, others: list[bytes]) -> None:
    data += rng.choice((bytes(data), rng.choice(others), rng.randbytes(rng.randrange(1, 9000)), bytes(5000)))


CHANGES: tuple[Callable[[bytearray, random.Random, list[bytes]], None], ...] = (
    _flip,
    _flip_anywhere,
    _set_number,
    _set_number,
    _truncate,
    _insert,
    _remove,
    _append,
)


def changed(data: bytes, rng: random.Random, others: list[bytes]) -> bytes:
    """``data`` with one to three changes."""
    result = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        if len(result) > 16:
            rng.choice(CHANGES)(result, rng, others)
    return bytes(result)


NUMBERS = (
    "0",
    "-1",
    "1e999",
    "nan",
    "inf",
    "9" * 400,
    "1_000",
    "0x10",
    "\N{ARABIC-INDIC DIGIT FIVE}",
    "",
    " ",
    "1e-320",
)
WORDS = (
    "",
    "-",
    "--",
    ".",
    "..",
    "/",
    "/dev/null",
    "/dev/zero",
    "a.wav",
    "x" * 300,
    "\n",
    "\udcff",
    "*",
    "~",
    "None",
)
OPTIONS = (
    "-o", "--removed", "--in-place", "--force", "--preset", "--set", "--chain", "--profile",
    "--save-profile", "--raw", "--start", "--end", "--reduction", "--wet", "--window", "--passes",
    "--steps", "--seed", "--device", "--generator", "--keep", "--quality", "--noise",
    "--noise-file", "--low-cut", "--dry-run", "--json", "-q", "--gain", "--unknown",
)  # fmt: skip
KEYS = (
    "generator",
    "passes",
    "reduction_db",
    "wet",
    "seed",
    "window_ms",
    "lookahead",
    "steps",
    "keep",
    "gain.gain_db",
)
ENCODINGS = ("s16le", "f32le", "u8", "s24le", "f64le", "s32le", "s8", "")


def command_line(rng: random.Random) -> list[str]:
    """Options and words as they should not be put together."""
    argv = ["denoise", *rng.choice((["a.wav"], [], ["a.wav", "a.wav"], [rng.choice(WORDS)]))]
    for _ in range(rng.randrange(1, 5)):
        argv.append(rng.choice(OPTIONS))
        if rng.random() < 0.8:
            key = f"{rng.choice(KEYS)}={rng.choice(NUMBERS + WORDS)}"
            argv.append(rng.choice((rng.choice(NUMBERS), rng.choice(WORDS), key)))
    return [word.replace("\0", "") for word in argv]


def raw_format(rng: random.Random) -> str:
    """A text for ``--raw``, near to a right one, and right now and then."""
    if rng.random() < 0.4:
        return f"{rng.choice(ENCODINGS[:6])}:{rng.choice((8000, 44100))}:{rng.choice((1, 2, 7))}"
    parts = [rng.choice(ENCODINGS), rng.choice(("8000", "48000")), rng.choice(("1", "2", "1024"))]
    if rng.random() < 0.5:
        parts[rng.randrange(3)] = rng.choice(NUMBERS)
    return ":".join(parts[: rng.choice((1, 2, 3, 3, 3))]) + rng.choice(("", "", "", ":", " "))


def preset(rng: random.Random) -> str:
    """A TOML file, right or not."""
    lines = []
    for _ in range(rng.randrange(0, 6)):
        value = rng.choice(
            (
                *NUMBERS,
                '"context"',
                "true",
                "[[[1]]]",
                "{a = 1}",
                "1979-05-27",
                '"' + "x" * 500,
                "[" * 3000,
                "'voice'",
            )
        )
        lines.append(rng.choice(("", "[denoise]", "[gain]", "[[denoise]]", f"{rng.choice(KEYS)} = {value}")))
    return "\n".join(lines) + rng.choice(("", "\n", "\0", "\ufeff"))
