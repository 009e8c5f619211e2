"""Samples to packets of one encoder."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dap_stream.core.array_types import Audio
from dap_stream.io.media_files import load_av
from dap_stream.io.media_format import MediaFormat
from dap_stream.io.media_writers import encoder_of, lead_in, untold_delay
from dap_stream.io.pcm import Codes, Storage

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet

_PIECE = 4096  # samples of a packet where the codec leaves it to us
# Preferred first: lossy codecs are given floats where they take them.
_LOSSY_FORMATS = ("fltp", "flt", "s16p", "s16")


class MediaEncoder:
    """The encoder of a track in ``container``; makes packets and knows what they will hold.

    What it is given has ``sample_rate``, and is resampled if the codec has no such rate.
    ``first_sample`` is the time of the first sample, counted in samples of the encoder.
    """

    def __init__(self, container: OutputContainer, media: MediaFormat, name: str, sample_rate: int) -> None:
        self._av = load_av(name)
        self._media, self._sample_rate = media, sample_rate
        codec = encoder_of(media)
        offered = [each.name for each in self._av.codec.Codec(codec, "w").audio_formats or []]
        self._sample_format = _sample_format(media, offered)
        is_integer = self._sample_format.startswith(("s", "u"))
        bits = media.bits if not media.is_lossy else 16 if is_integer else None
        self.storage = Storage(bits, np.float64 if media.needs_float64 else np.float32)
        rate: Any = media.sample_rate
        self.stream: AudioStream = cast(Any, container.add_stream(codec, rate=rate))
        context = self.stream.codec_context
        context.format, context.layout = self._sample_format, media.speakers
        context.time_base = Fraction(1, media.sample_rate)
        context.flags |= self._av.codec.context.Flags.bitexact
        if media.bit_rate:
            context.bit_rate = media.bit_rate
        self._rest: Codes = np.zeros((media.channels, 0))
        self.first_sample = 0
        self._n_encoded = 0
        self._resampler: Any = None
        if sample_rate != media.sample_rate:
            self._resampler = self._av.AudioResampler(self._sample_format, media.speakers, media.sample_rate)
        self._n_cut = untold_delay(media)
        self._lead_in = lead_in(media)

    @property
    def n_encoded(self) -> int:
        """Samples that were given to the encoder so far."""
        return self._n_encoded

    def encode(self, audio: Audio) -> tuple[Audio, Iterator[Packet[AudioStream]]]:
        """``[channels, n]`` -> what will be stored of it, and the packets that are ready."""
        codes, stored = self.storage.store(audio)
        if self._resampler is not None:
            pieces = [codes[:, at : at + _PIECE] for at in range(0, codes.shape[1], _PIECE)]
            made = [self._resampled(self._frame(piece)) for piece in pieces]
            codes = np.concatenate([codes[:, :0], *made], axis=1)
        self._take(codes)
        return stored, self._packets(is_end=False)

    def _take(self, codes: Codes) -> None:
        """Put codes of the encoder's sample rate in the queue."""
        if self._lead_in:
            codes = np.pad(codes, ((0, 0), (self._lead_in, 0)))
            self._n_encoded -= self._lead_in
            self._lead_in = 0
        # In the place of these comes the encoder's delay, so that what follows is in time.
        n_cut = min(self._n_cut, codes.shape[1])
        self._n_cut -= n_cut
        self._n_encoded += n_cut
        codes = codes[:, n_cut:]
        self._rest = codes if not self._rest.shape[1] else np.concatenate([self._rest, codes], axis=1)

    def _resampled(self, frame: Any) -> Codes:
        """The next samples at the rate of the encoder; with None those that are left."""
        assert self._resampler is not None
        made = [self._unpacked(each) for each in self._resampler.resample(frame)]
        return np.concatenate(made, axis=1) if made else self._rest[:, :0]

    def _unpacked(self, frame: Any) -> Codes:
        """``[channels, n]`` in the type that `Storage` gives."""
        raw = frame.to_ndarray()
        codes: Codes = raw if frame.format.is_planar else raw.reshape(-1, self._media.channels).T
        return codes

    def end(self) -> Iterator[Packet[AudioStream]]:
        """The packets that are left."""
        if self._resampler is not None:
            self._take(self._resampled(None))
        yield from self._packets(is_end=True)
        yield from self.stream.encode(None)

    def _packets(self, is_end: bool) -> Iterator[Packet[AudioStream]]:
        size = self.stream.codec_context.frame_size or _PIECE
        while self._rest.shape[1] >= size or (is_end and self._rest.shape[1]):
            piece, self._rest = self._rest[:, :size], self._rest[:, size:]
            frame = self._frame(piece)
            frame.sample_rate = self._media.sample_rate
            frame.time_base = Fraction(1, self._media.sample_rate)
            frame.pts = self.first_sample + self._n_encoded
            self._n_encoded += piece.shape[1]
            yield from self.stream.encode(frame)

    def _frame(self, codes: Codes) -> Any:
        """One frame of the encoder's sample format."""
        name = self._sample_format
        kind = np.dtype({"u8": "u1", "s1": "i2", "s3": "i4", "fl": "f4", "db": "f8"}[name[:2]])
        if name.startswith("u8"):
            values = ((codes >> 8) + 128).astype(kind)  # the word is in the upper bits
        elif kind.kind == "i" and codes.dtype.itemsize < kind.itemsize:
            values = codes.astype(kind) << 16
        else:
            values = codes.astype(kind)
        packed = values if name.endswith("p") else values.T.reshape(1, -1)
        frame = self._av.AudioFrame.from_ndarray(np.ascontiguousarray(packed), name, self._media.speakers)
        frame.sample_rate = self._sample_rate
        return frame


def _sample_format(media: MediaFormat, offered: list[str]) -> str:
    """Name of the encoder's sample format: floats for lossy codecs, else words of the right length."""
    if media.is_lossy:
        return next((name for name in _LOSSY_FORMATS if name in offered), offered[0])
    if media.is_float:
        width = ("dbl", "dblp") if media.subtype == "DOUBLE" else ("flt", "fltp")
    elif media.subtype == "PCM_U8":
        width = ("u8", "u8p")
    else:
        width = ("s16", "s16p") if (media.bits or 16) <= 16 else ("s32", "s32p")
    return next((name for name in width if name in offered), offered[0])
