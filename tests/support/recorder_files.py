"""WAV files as recorders and editors write them, and what is needed to look at them by hand.

Nothing of the package is used: chunks are packed and walked through here once more.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np

Chunks = list[tuple[bytes, bytes]]

RATE = 48000
N_SAMPLES = 9600


def pack(name: bytes, body: bytes, order: str = "<") -> bytes:
    """A chunk with its padding."""
    return struct.pack(f"{order}4sI", name, len(body)) + body + bytes(len(body) % 2)


def samples(n: int = N_SAMPLES, channels: int = 1, bits: int = 24, seed: int = 0) -> bytes:
    """Noise as little-endian PCM."""
    rng = np.random.default_rng(seed)
    words = rng.integers(-(2 ** (bits - 3)), 2 ** (bits - 3), (n * channels,)).astype("<i4")
    return words.view(np.uint8).reshape(-1, 4)[:, : bits // 8].tobytes()


def fmt(channels: int = 1, bits: int = 24, rate: int = RATE, form: int = 16) -> bytes:
    """The body of a fmt chunk, in its form of 16, 18 or 40 bytes."""
    width = channels * bits // 8
    tag = 0xFFFE if form == 40 else 1
    plain = struct.pack("<HHIIHH", tag, channels, rate, rate * width, width, bits)
    if form == 16:
        return plain
    if form == 18:
        return plain + bytes(2)
    guid = bytes.fromhex("0100000000001000800000aa00389b71")
    return plain + struct.pack("<HHI", 22, bits, (1 << channels) - 1) + guid


def bext(
    description: str,
    originator: str,
    time_reference: int = 0,
    history: bytes = b"",
    version: int = 1,
    loudness: bytes = bytes(10),
    size: int = 0,
) -> bytes:
    """The body of a bext chunk, filled up with zeros to ``size``."""
    body = struct.pack(
        "<256s32s32s10s8sQH64s10s180x",
        description.encode(),
        originator.encode(),
        b"REF0001",
        b"2024-05-17",
        b"06:30:00",
        time_reference,
        version,
        bytes(range(64)),
        loudness,
    )
    return (body + history).ljust(size, b"\0")


def cue(*points: tuple[int, int]) -> bytes:
    """The body of a cue chunk: numbers and samples."""
    packed = [struct.pack("<II4sIII", number, place, b"data", 0, 0, place) for number, place in points]
    return struct.pack("<I", len(points)) + b"".join(packed)


def labels(*names: tuple[int, str], regions: Iterable[tuple[int, int]] = ()) -> bytes:
    """The body of a LIST chunk of labels, and of regions with their length."""
    parts = [pack(b"labl", struct.pack("<I", number) + name.encode() + b"\0") for number, name in names]
    parts += [
        pack(b"ltxt", struct.pack("<II4sHHHH", number, length, b"rgn ", 0, 0, 0, 0))
        for number, length in regions
    ]
    return b"adtl" + b"".join(parts)


def info(**texts: str) -> bytes:
    """The body of a LIST chunk of texts."""
    return b"INFO" + b"".join(pack(key.encode(), text.encode() + b"\0") for key, text in texts.items())


def smpl(*loops: tuple[int, int]) -> bytes:
    """The body of a smpl chunk."""
    packed = [struct.pack("<6I", at, 0, begin, end, 0, 0) for at, (begin, end) in enumerate(loops)]
    return struct.pack("<9I", 0, 0, 20833, 60, 0, 0, 0, len(loops), 0) + b"".join(packed)


def filled(chunks: Chunks, name: bytes, start: int) -> Chunks:
    """With a filler of this name, such that the samples begin at ``start``."""
    size = 12 + sum(len(pack(*chunk)) for chunk in chunks)
    return [*chunks, (name, bytes(start - size - 16))]


def wav(before: Chunks, data: bytes, behind: Chunks = [], magic: bytes = b"RIFF") -> bytes:  # noqa: B006
    """A file of these chunks."""
    body = b"".join(pack(*chunk) for chunk in [*before, (b"data", data), *behind])
    return struct.pack("<4sI4s", magic, 4 + len(body), b"WAVE") + body


def rf64(before: Chunks, data: bytes, behind: Chunks = [], magic: bytes = b"RF64") -> bytes:  # noqa: B006
    """The same with its sizes in ds64."""
    head = [*before, (b"data", data), *behind]
    body = b"".join(pack(*chunk) for chunk in head)
    body = body.replace(struct.pack("<4sI", b"data", len(data)), b"data\xff\xff\xff\xff", 1)
    size = 4 + 36 + len(body)
    ds64 = struct.pack("<QQQI", size, len(data), 0, 0)
    return magic + b"\xff\xff\xff\xffWAVE" + pack(b"ds64", ds64) + body


def chunks_of(path: Path) -> tuple[Chunks, bytes, Chunks]:
    """Chunks before the samples, the samples, and chunks behind them."""
    content = path.read_bytes()
    position, order = 12, ">" if content[:4] in (b"RIFX", b"FORM") else "<"
    before: Chunks = []
    behind: Chunks = []
    audio = b""
    found = before
    long_size = 0
    while position + 8 <= len(content):
        name, size = struct.unpack_from(f"{order}4sI", content, position)
        if name == b"ds64":
            long_size = struct.unpack_from("<Q", content, position + 16)[0]
        if name == b"data" and size == 0xFFFFFFFF:
            size = long_size
        body = content[position + 8 : position + 8 + size]
        assert len(body) == size, f"{name!r} is cut off"
        if name in (b"data", b"SSND"):
            audio, found = body, behind
        else:
            found.append((name, body))
        position += 8 + size + size % 2
    assert position == len(content), "the last chunk has no padding"
    if content[:4] in (b"RIFF", b"RIFX", b"FORM"):
        assert struct.unpack_from(f"{order}I", content, 4)[0] == len(content) - 8
    return before, audio, behind


IXML = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<BWFXML><IXML_VERSION>1.5</IXML_VERSION><PROJECT>Wood</PROJECT>'
    b"<SPEED><FILE_SAMPLE_RATE>48000</FILE_SAMPLE_RATE>"
    b"<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>0</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>"
    b"<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>1123200000</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO></SPEED>"
    b"<BEXT><BWF_TIME_REFERENCE_LOW>1123200000</BWF_TIME_REFERENCE_LOW>"
    b"<BWF_TIME_REFERENCE_HIGH>0</BWF_TIME_REFERENCE_HIGH></BEXT></BWFXML>"
)
START = 1_123_200_000  # samples since midnight, 06:30 at 48 kHz
GUANO = (
    "GUANO|Version: 1.0\nTimestamp: 2024-05-17T06:30:00-04:00\nLength: 0.2\nMake: Wildlife Acoustics, Inc.\n"
    "Model: SM4\nSpecies Manual ID: Grünspecht\n"
).encode()


def wamd() -> bytes:
    """Metadata of a Song Meter: types and lengths of 16 and 32 bits."""
    texts = ((0, b"\1\0"), (1, b"SM4"), (2, b"S4A0123"), (4, b"PRE"), (5, b"2024-05-17 06:30:00.000-04:00"))
    return b"".join(struct.pack("<HI", kind, len(text)) + text for kind, text in texts)


def zoom() -> bytes:
    """Handy recorder: bext with room for history, filler to a sector, marks behind the samples."""
    history = b"A=PCM,F=48000,W=24,M=stereo,T=ZOOM Handy Recorder H6\r\n"
    head = [(b"bext", bext("zSPEED=48.000-ND", "ZOOM Handy Recorder H6", START, history, size=858))]
    head = filled([*head, (b"fmt ", fmt(2))], b"junk", 1024)
    return wav(head, samples(channels=2), [(b"cue ", cue((1, 480), (2, 4800)))])


def sound_devices() -> bytes:
    """Mixer: room for ds64, bext, iXML padded with blanks, filler to 4096."""
    head = [
        (b"JUNK", bytes(28)),
        (
            b"bext",
            bext("sSCENE=12A\r\nsTAKE=03\r\n", "SoundDev: 633 AB123456", START, b"A=PCM,F=48000,W=24\r\n"),
        ),
        (b"iXML", IXML.ljust(2001)),
        (b"fmt ", fmt(4)),
    ]
    return wav(filled(head, b"FLLR", 4096), samples(channels=4))


def tascam() -> bytes:
    """Linear recorder: bext of version 0, marks with names behind the samples."""
    head = [(b"bext", bext("", "TASCAM DR-100mkIII", START, version=0)), (b"fmt ", fmt(2, 16))]
    behind = [
        (b"cue ", cue((1, 100), (2, 5000), (3, 9000))),
        (b"LIST", labels((1, "MARK 01"), (2, "MARK 02"), (3, "MARK 3"), regions=[(2, 2000)])),
    ]
    return wav(head, samples(channels=2, bits=16), behind)


def audiomoth() -> bytes:
    """Recorder for bats: texts of fixed length before the samples, GUANO behind them."""
    comment = "Recorded at 20:00:00 17/05/2024 (UTC) by AudioMoth 24E144085F2569CB at medium gain"
    texts = b"INFO" + pack(b"ICMT", comment.encode().ljust(384, b"\0"))
    texts += pack(b"IART", b"AudioMoth 24E144085F2569CB".ljust(32, b"\0"))
    return wav([(b"fmt ", fmt(1, 16)), (b"LIST", texts)], samples(bits=16), [(b"guan", GUANO)])


def song_meter() -> bytes:
    """Recorder for birds: metadata of its own before and behind the samples, of odd sizes."""
    behind = [(b"wamd", wamd() + b"\0"[: 1 - len(wamd()) % 2]), (b"guan", GUANO)]
    return wav([(b"fmt ", fmt(1, 16, form=18)), (b"wamd", wamd())], samples(N_SAMPLES + 1, bits=16), behind)


def audacity() -> bytes:
    """Editor: texts twice behind the samples, once as ID3."""
    frame = b"TIT2" + struct.pack(">IH", 5, 0) + b"\x03Wald"
    tag = b"ID3\3\0\0" + bytes([0, 0, 0, len(frame)]) + frame
    texts = info(INAM="Wald", IART="Ä. Specht", ICRD="2024")
    return wav([(b"fmt ", fmt(2, 24))], samples(channels=2), [(b"LIST", texts), (b"id3 ", tag)])


RECORDERS = {
    "zoom": zoom,
    "sound_devices": sound_devices,
    "tascam": tascam,
    "audiomoth": audiomoth,
    "song_meter": song_meter,
    "audacity": audacity,
}
