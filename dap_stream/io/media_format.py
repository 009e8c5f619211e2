"""How a track of a film or phone recording is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dap_stream.io.formats import FileFormat
from dap_stream.io.speakers import layout_of_mask, mask_of_layout

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream


@dataclass(frozen=True)
class MediaFormat(FileFormat):
    """A `FileFormat` in a container of films. ``container`` is FFmpeg's name of what reads or writes it.

    Parameters
    ----------
    codec
        FFmpeg's name of the codec.
    bit_rate
        Bits per second of a lossy codec, 0 if it is not known.
    speakers
        FFmpeg's name of the channels together.
    """

    codec: str = ""
    bit_rate: int = 0
    speakers: str = ""

    @property
    def sample_bytes(self) -> int | None:
        """None: the rest of a film counts more than its sound."""
        return None

    @property
    def decodes_to_float(self) -> bool:
        """Whether samples may be beyond full scale, or finer than 16 bits."""
        return self.is_lossy


# Several names of one codec, or of one that only differs for its decoder.
_SAME = {"aac_latm": "aac", "wmav1": "wmav2", "wmapro": "wmav2", "amrnb": "amr_nb"}
_PCM_SUBTYPES = {
    "pcm_u8": "PCM_U8", "pcm_s8": "PCM_S8", "pcm_s16": "PCM_16", "pcm_s24": "PCM_24", "pcm_s32": "PCM_32",
    "pcm_f32": "FLOAT", "pcm_f64": "DOUBLE",
}  # fmt: skip
_LOSSLESS = ("truehd", "mlp", "wmalossless", "tta", "wavpack")
# In the order of the bits of a channel mask.
_SPEAKERS = (
    "FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC",
    "SL", "SR", "TC", "TFL", "TFC", "TFR", "TBL", "TBC", "TBR",
)  # fmt: skip
_USUAL_SPEAKERS = {1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


def format_of(stream: AudioStream, frame: AudioFrame, reader: str) -> MediaFormat:
    """The format of a track, of which this is the first frame."""
    context: Any = stream.codec_context
    codec = str(context.codec.canonical_name)
    codec = _SAME.get(codec, codec)
    names = [channel.name for channel in frame.layout.channels]
    is_known = len(names) > 2 and all(name in _SPEAKERS for name in names)
    mask = sum(1 << _SPEAKERS.index(name) for name in names) if is_known else 0
    return MediaFormat(
        reader,
        subtype_of_track(codec, bytes(context.extradata or b""), frame.format.name),
        frame.sample_rate,
        len(names),
        channel_layout=layout_of_mask(mask),
        codec=codec,
        bit_rate=int(context.bit_rate or 0),
        speakers=frame.layout.name,
    )


def subtype_of_track(codec: str, header: bytes = b"", sample_format: str = "") -> str:
    """Name of a codec in `FileFormat`; the word length of lossless ones is in their headers only."""
    if codec == "alac" and len(header) >= 18:
        return f"ALAC_{header[17]}"
    if codec == "flac" and len(header) >= 14:
        bits = ((header[12] & 1) << 4 | header[13] >> 4) + 1
        return {8: "PCM_S8", 16: "PCM_16"}.get(bits, "PCM_24" if bits <= 24 else "PCM_32")
    for name, subtype in _PCM_SUBTYPES.items():
        if codec.startswith(name):
            return subtype
    if codec in _LOSSLESS:
        return "PCM_16" if sample_format.startswith("s16") else "PCM_24"
    return codec.upper()


def speakers_of(source: FileFormat) -> str:
    """FFmpeg's name of the channels together."""
    if isinstance(source, MediaFormat) and source.speakers:
        return source.speakers
    mask = mask_of_layout(source.channel_layout)
    if mask and source.channels > 2:
        return "+".join(name for bit, name in enumerate(_SPEAKERS) if mask >> bit & 1)
    return _USUAL_SPEAKERS.get(source.channels, f"{source.channels} channels")
