"""Containers and codecs for the sound of films and phone recordings, and which of them a result gets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dap_stream.errors import SettingError
from dap_stream.io.formats import FileFormat
from dap_stream.io.media_format import MediaFormat, speakers_of, subtype_of_track


@dataclass(frozen=True)
class _Writer:
    """FFmpeg's writer of an extension, and codecs that it holds: first the one for lossy sound."""

    name: str
    codecs: tuple[str, ...]
    lossless: str | None = None


_MOV_PCM = ("pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be", "pcm_f32le")
_MP4 = _Writer("mp4", ("aac", "alac", "ac3", "eac3", "mp3", "opus", "flac"), "alac")
_M4A = _Writer("ipod", ("aac", "alac", "ac3"), "alac")
_MATROSKA = _Writer(
    "matroska",
    ("aac", "opus", "flac", "alac", "mp3", "mp2", "ac3", "eac3", "pcm_u8", "pcm_s16le", "pcm_s24le",
     "pcm_s32le", "pcm_f32le", "pcm_f64le"),
    "flac",
)  # fmt: skip
_ASF = _Writer("asf", ("wmav2",))
_3GP = _Writer("3gp", ("aac", "amr_nb"))
_TS = _Writer("mpegts", ("aac", "mp2", "mp3", "ac3", "eac3"))
WRITERS = {
    ".m4a": _M4A, ".m4b": _M4A, ".mp4": _MP4, ".m4v": _MP4,
    ".mov": _Writer("mov", ("aac", "alac", "ac3", "mp3", *_MOV_PCM), "pcm_s24le"),
    ".mkv": _MATROSKA, ".mka": _MATROSKA, ".webm": _Writer("webm", ("opus",)),
    ".wma": _ASF, ".wmv": _ASF, ".asf": _ASF, ".3gp": _3GP, ".3g2": _3GP,
    ".avi": _Writer("avi", ("mp3", "mp2", "ac3", "pcm_u8", "pcm_s16le", "pcm_s24le"), "pcm_s24le"),
    ".aac": _Writer("adts", ("aac",)), ".amr": _Writer("amr", ("amr_nb",)),
    ".ts": _TS, ".mts": _TS, ".m2ts": _TS,
}  # fmt: skip

_SOUND_ALONE = (".m4a", ".m4b", ".mka", ".wma", ".amr", ".aac")

_ENCODERS = {"opus": "libopus", "mp3": "libmp3lame", "amr_nb": "libopencore_amrnb"}
_RATES = {
    "aac": (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350),
    "opus": (48000, 24000, 16000, 12000, 8000),
    "mp3": (48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000),
    "mp2": (48000, 44100, 32000, 24000, 22050, 16000),
    "ac3": (48000, 44100, 32000),
    "eac3": (48000, 44100, 32000),
    "wmav2": (48000, 44100, 32000, 22050, 16000, 11025, 8000),
    "amr_nb": (8000,),
}
_MOST_CHANNELS = {"mp3": 2, "mp2": 2, "wmav2": 2, "amr_nb": 1, "ac3": 6, "eac3": 6}
# Bits per second of one channel: enough that a second encoding adds little, and the most that a codec takes.
_GOOD_RATE = {
    "aac": 96000,
    "opus": 64000,
    "mp3": 96000,
    "mp2": 128000,
    "ac3": 96000,
    "eac3": 96000,
    "wmav2": 96000,
}
_TOP_RATE = {
    "aac": 288000,
    "opus": 256000,
    "mp3": 160000,
    "mp2": 192000,
    "ac3": 320000,
    "eac3": 512000,
    "wmav2": 128000,
}
_DELAY = {"aac": 1024, "mp3": 1105, "mp2": 481, "ac3": 256}  # of FFmpeg's encoders, in samples
_STEPS = {
    "mp3": tuple(1000 * n for n in (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)),
    "mp2": tuple(1000 * n for n in (32, 48, 56, 64, 80, 96, 112, 128, 160)),
}  # fmt: skip


def is_media_name(path: Path) -> bool:
    """Whether a result of this name is written with PyAV."""
    return path.suffix.lower() in WRITERS


def is_sound_name(path: Path) -> bool:
    """Whether a file of this name has sound only, even if it comes from a film."""
    return path.suffix.lower() in _SOUND_ALONE


def media_format(path: Path, source: FileFormat) -> MediaFormat:
    """The format of a result: the codec of ``source`` where it can be written, else the usual one."""
    writer = WRITERS[path.suffix.lower()]
    own = source.codec if isinstance(source, MediaFormat) else ""
    if not own and source.subtype.startswith("ALAC"):
        own = "alac"
    if not own and source.subtype in ("OPUS", "MPEG_LAYER_III"):
        own = "opus" if source.subtype == "OPUS" else "mp3"
    codec = own if own in writer.codecs and _fits(own, source) else _other_codec(writer, source)
    subtype = _subtype_of(codec, source)
    media = MediaFormat(
        writer.name,
        subtype,
        _sample_rate(codec, source.sample_rate),
        source.channels,
        channel_layout=source.channel_layout,
        codec=codec,
        bit_rate=_bit_rate(codec, source),
        speakers=speakers_of(source),
    )
    _check_codec(path, media)
    return media


def _sample_rate(codec: str, wanted: int) -> int:
    """The same, or the next one that the codec has, rather a higher one."""
    rates = _RATES.get(codec, (wanted,))
    return min((rate for rate in rates if rate >= wanted), default=max(rates))


def _fits(codec: str, source: FileFormat) -> bool:
    rates = _RATES.get(codec)
    return (rates is None or source.sample_rate in rates) and source.channels <= _MOST_CHANNELS.get(codec, 8)


def _other_codec(writer: _Writer, source: FileFormat) -> str:
    """The usual codec of a container for sound that comes in another one: lossless stays lossless."""
    if source.is_lossy or writer.lossless is None:
        return next((codec for codec in writer.codecs if _fits(codec, source)), writer.codecs[0])
    if source.is_float and "pcm_f32le" in writer.codecs:
        return "pcm_f32le"
    if (source.bits or 24) <= 16 and "pcm_s16le" in writer.codecs and writer.lossless.startswith("pcm"):
        return "pcm_s16le"
    return writer.lossless


def _subtype_of(codec: str, source: FileFormat) -> str:
    bits = source.bits or 24
    if codec == "alac":
        return "ALAC_16" if bits <= 16 else "ALAC_24"
    if codec == "flac":
        return "PCM_16" if bits <= 16 else "PCM_24"
    return subtype_of_track(codec)


def _bit_rate(codec: str, source: FileFormat) -> int:
    """At least that of the recording, and enough for a second generation; 0 where nothing is chosen."""
    if codec == "amr_nb":
        return 12200
    if codec not in _GOOD_RATE:
        return 0
    own = source.bit_rate if isinstance(source, MediaFormat) and source.is_lossy else 0
    wanted = max(own, _GOOD_RATE[codec] * source.channels)
    most = _TOP_RATE[codec] * source.channels
    if codec == "aac":
        most = min(most, 6 * source.sample_rate * source.channels)  # what its frames hold
    rate = min(wanted, most)
    steps = _STEPS.get(codec)
    if steps is None:
        return rate
    doubled = [step * source.channels for step in steps]
    return next((step for step in doubled if step >= rate), doubled[-1])


def _check_codec(path: Path, media: MediaFormat) -> None:
    if not _fits(media.codec, media):
        raise SettingError(
            f"{path.name}: {media.codec} cannot hold {media.channels} channels at {media.sample_rate} Hz; "
            "choose .wav or .mka, which can"
        )


def writer_options(name: str, media: MediaFormat) -> dict[str, str]:
    """Options of what writes the container."""
    options = {"fflags": "+bitexact"}  # neither the time of day nor the version of a library
    if media.container in ("mp4", "ipod", "mov", "3gp"):
        # Edit lists say in these units where the sound begins: milliseconds would be off by some samples.
        options["movie_timescale"] = str(media.sample_rate)
    if name.lower().endswith((".mts", ".m2ts")):
        options["mpegts_m2ts_mode"] = "1"
    return options


def lead_in(media: MediaFormat) -> int:
    """Samples of silence to put first, since FFmpeg's decoder leaves out as many."""
    return 2048 if media.codec == "wmav2" else 0


def untold_delay(media: MediaFormat) -> int:
    """Samples by which a decoder will be late, and the container has no way to say it."""
    return _DELAY.get(media.codec, 0) if media.container in ("avi", "adts") else 0


def encoder_of(media: MediaFormat) -> str:
    """FFmpeg's name of what encodes it."""
    return _ENCODERS.get(media.codec, media.codec)


def changes(chosen: MediaFormat, source: FileFormat) -> str | None:
    """A remark if codec or sample rate are others than before; None if they are the same."""
    if source.sample_rate != chosen.sample_rate:
        return (
            f"the sound is written as {chosen.codec} at {chosen.sample_rate} Hz, since "
            f"{source.sample_rate} Hz cannot be written there; .mkv and .wav can hold it"
        )
    if not isinstance(source, MediaFormat) or source.codec == chosen.codec:
        return None
    loss = ", which loses a little" if chosen.is_lossy and not source.is_lossy else ""
    return f"the sound is written as {chosen.codec}{loss}: {source.codec} cannot be written there"
