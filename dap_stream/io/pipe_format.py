"""The format of a stream of samples: raw, or with a WAV header."""

from __future__ import annotations

from dataclasses import dataclass

from dap_stream.errors import SettingError
from dap_stream.io.formats import PCM_BITS, FileFormat
from dap_stream.io.sample_encoding import ENCODINGS
from dap_stream.io.speakers import mask_of_layout

_MAX_DIGITS = 9  # of a rate or a count


@dataclass(frozen=True)
class PipeFormat:
    """How samples stand in a stream: interleaved ``encoding``, after a WAV header or raw.

    ``valid_bits`` and ``channel_layout`` are those of `FileFormat`.
    """

    encoding: str
    sample_rate: int
    channels: int
    is_wave: bool = True
    valid_bits: int | None = None
    channel_layout: bytes = b""

    @classmethod
    def parse(cls, text: str) -> PipeFormat:
        """Raw samples, as ``ENCODING:RATE:CHANNELS``.

        >>> PipeFormat.parse("f32le:48000:2").channels
        2
        """
        encoding, _, rest = text.partition(":")
        rate, _, channels = rest.partition(":")
        if encoding not in ENCODINGS or not all(
            number.isdecimal() and len(number) <= _MAX_DIGITS for number in (rate, channels)
        ):
            raise SettingError(
                f"raw={text!r} must be ENCODING:RATE:CHANNELS like f32le:48000:2; "
                f"encodings: {' '.join(ENCODINGS)}"
            )
        if int(rate) < 1 or not 1 <= int(channels) <= 1024:
            raise SettingError(f"raw={text!r} must have a rate of 1 Hz or more and 1..1024 channels")
        return cls(encoding, int(rate), int(channels), is_wave=False)

    @classmethod
    def from_file(cls, file_format: FileFormat) -> PipeFormat:
        """The WAV stream that loses nothing of such a file; float for lossy codecs."""
        bits = PCM_BITS.get(file_format.subtype)
        if bits is None:
            encoding = "f64le" if file_format.subtype == "DOUBLE" else "f32le"
        else:
            words = ((8, "u8"), (16, "s16le"), (24, "s24le"), (32, "s32le"))
            encoding = next(name for limit, name in words if bits <= limit)
        return cls(
            encoding,
            file_format.sample_rate,
            file_format.channels,
            valid_bits=file_format.valid_bits,
            channel_layout=file_format.channel_layout,
        )

    def as_file(self) -> FileFormat:
        """A WAV file with the same samples."""
        has_more = self.valid_bits is not None or mask_of_layout(self.channel_layout) != 0
        return FileFormat(
            "WAVEX" if has_more else "WAV",
            ENCODINGS[self.encoding].subtype,
            self.sample_rate,
            self.channels,
            valid_bits=self.valid_bits,
            channel_layout=self.channel_layout,
        )

    @property
    def width(self) -> int:
        """Bytes of one sample of all channels."""
        return ENCODINGS[self.encoding].width * self.channels
