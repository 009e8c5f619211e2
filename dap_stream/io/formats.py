"""File formats: what each container can hold, and which one an output gets.

Names of containers and subtypes are those of libsndfile (``WAV``, ``PCM_24`` ...).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from dap_stream.errors import SettingError
from dap_stream.io.speakers import implied_mask, is_understood, mask_of_layout

# Bits of one sample that survive a round trip.
PCM_BITS = {
    "PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32,
    "ALAC_16": 16, "ALAC_20": 20, "ALAC_24": 24, "ALAC_32": 32,
}  # fmt: skip
_PLAIN_BYTES = {"PCM_S8": 1, "PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
# Codecs whose decoders give floats beyond full scale; all other codecs decode to 16 bits.
_FLOAT_CODECS = frozenset({"VORBIS", "OPUS", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III"})
_MAX_UINT32 = 2**32 - 1
_HEADER_BYTES = 4096  # more than any header that libsndfile writes


@dataclass(frozen=True)
class Container:
    """Container and what it can hold; ``subtypes`` in order of preference, smallest first."""

    subtypes: tuple[str, ...]
    max_channels: int = 1024
    max_bytes: int | None = None
    max_rate: int = 2**31 - 1
    rates: tuple[int, ...] | None = None


_RIFF_SUBTYPES = ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")
_RIFF_CODECS = ("IMA_ADPCM", "MS_ADPCM", "GSM610")
_AU_CODECS = ("ULAW", "ALAW", "G721_32", "G723_24", "G723_40")
_ALAC = ("ALAC_16", "ALAC_24", "ALAC_32")  # 20 bits of noise do not survive libsndfile 1.2.2
_PCM = ("PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")

CONTAINERS = {
    "WAV": Container((*_RIFF_SUBTYPES, *_RIFF_CODECS, "G721_32"), max_bytes=_MAX_UINT32),
    "WAVEX": Container(_RIFF_SUBTYPES, max_bytes=_MAX_UINT32),
    "RF64": Container(_RIFF_SUBTYPES),
    "W64": Container((*_RIFF_SUBTYPES, *_RIFF_CODECS)),
    "FLAC": Container(("PCM_S8", "PCM_16", "PCM_24"), max_channels=8, max_rate=655350),
    "OGG": Container(("VORBIS", "OPUS"), max_channels=255, max_rate=200000),
    "MP3": Container(
        ("MPEG_LAYER_III",),
        max_channels=2,
        rates=(8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
    ),
    "AIFF": Container((*_PCM, "PCM_U8", "ULAW", "ALAW", "IMA_ADPCM", "GSM610"), max_bytes=_MAX_UINT32),
    "AU": Container((*_PCM, *_AU_CODECS), max_bytes=_MAX_UINT32),
    "CAF": Container((*_PCM, "ULAW", "ALAW", *_ALAC)),
}
_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)

EXTENSIONS = {
    ".wav": "WAV", ".wave": "WAV", ".bwf": "WAV", ".rf64": "RF64", ".w64": "W64", ".flac": "FLAC",
    ".ogg": "OGG", ".oga": "OGG", ".opus": "OGG", ".mp3": "MP3", ".aif": "AIFF", ".aiff": "AIFF",
    ".aifc": "AIFF", ".au": "AU", ".snd": "AU", ".caf": "CAF",
}  # fmt: skip
_WAV_FAMILY = frozenset({"WAV", "WAVEX", "RF64"})
# Containers that can say how many bits of a word count; the first two for words of any length.
_HAS_VALID_BITS = ("WAVEX", "RF64", "W64", "AIFF")
# Codecs of blocks in containers that count nothing else: samples of a block.
_BLOCK_SAMPLES = {
    ("AIFF", "IMA_ADPCM"): 64,
    ("AU", "G721_32"): 120,
    ("AU", "G723_24"): 120,
    ("AU", "G723_40"): 120,
}


@dataclass(frozen=True)
class FileFormat:
    """All that makes a file of samples: container, subtype, byte order, rate and channels.

    ``valid_bits`` of each PCM word count if not all do, from the top. ``channel_layout`` says which
    channel belongs to which speaker, see `dap_stream.io.speakers`; empty if nothing was said.
    """

    container: str
    subtype: str
    sample_rate: int
    channels: int
    endian: str = "FILE"
    valid_bits: int | None = None
    channel_layout: bytes = b""

    @property
    def bits(self) -> int | None:
        """Word length of linear PCM, also when packed without loss; None for anything else."""
        return self.valid_bits or PCM_BITS.get(self.subtype)

    @property
    def channel_mask(self) -> int:
        """Which channel is which speaker, as said or as the codec means it; 0 if nobody knows."""
        said = mask_of_layout(self.channel_layout)
        return said or implied_mask(self.container, self.subtype, self.channels)

    @property
    def is_float(self) -> bool:
        """Stored as floating point."""
        return self.subtype in ("FLOAT", "DOUBLE")

    @property
    def is_lossy(self) -> bool:
        """Whether other samples are read back than were written."""
        return self.bits is None and not self.is_float

    @property
    def decodes_to_float(self) -> bool:
        """A codec whose samples may be beyond full scale, or finer than 16 bits."""
        return self.subtype in _FLOAT_CODECS

    @property
    def needs_float64(self) -> bool:
        """Samples have more bits than float32 can carry."""
        return self.subtype == "DOUBLE" or PCM_BITS.get(self.subtype, 0) > 24

    def n_bytes(self, n_samples: int) -> int | None:
        """Size of a file of this length with its header, rounded up; None if it is compressed."""
        width = self.sample_bytes
        return None if width is None else n_samples * width + _HEADER_BYTES

    @property
    def sample_bytes(self) -> int | None:
        """Bytes of one sample of all channels; None if it is compressed."""
        width = _PLAIN_BYTES.get(self.subtype)
        return None if width is None or self.container == "FLAC" else width * self.channels

    def has_room(self, n_samples: int, n_around: int = 0) -> bool:
        """Whether the container can count that many samples, and ``n_around`` bytes beside them."""
        limit = CONTAINERS[self.container].max_bytes if self.container in CONTAINERS else _MAX_UINT32
        size = self.n_bytes(n_samples)
        return limit is None or size is None or size + n_around <= limit

    def check(self, name: str) -> None:
        """SettingError if the container cannot hold this; ``name`` is the file, for the message."""
        container = CONTAINERS.get(self.container)
        if container is None:
            return  # a rare one that libsndfile has read; what it cannot write shows when it is opened
        rates = _OPUS_RATES if self.subtype == "OPUS" else container.rates
        if self.subtype not in container.subtypes:
            problem = f"{self.container} cannot hold {self.subtype}"
        elif self.channels > (8 if self.subtype in _ALAC else container.max_channels):
            problem = f"{self.container} cannot hold {self.channels} channels"
        elif self.sample_rate > container.max_rate or (rates is not None and self.sample_rate not in rates):
            problem = f"{self.subtype} in {self.container} cannot hold a sample rate of {self.sample_rate} Hz"
        else:
            return
        raise SettingError(f"{name}: {problem}; choose .wav (or .w64, .caf), which can")


def output_format(path: Path, source: FileFormat) -> FileFormat:
    """The format of ``path`` for audio that came as ``source``: the same unless the extension differs.

    In another container it gets the smallest subtype that loses nothing; an extension of a lossy
    codec (.ogg, .opus, .mp3) is taken as the wish for that codec.
    """
    extension = path.suffix.lower()
    container = _container(path, source)
    if container == source.container or (container == "WAV" and source.container in _WAV_FAMILY):
        chosen = source
        if source.container == "OGG" and extension == ".opus":
            chosen = replace(source, subtype="OPUS")
        elif container in CONTAINERS and source.subtype not in CONTAINERS[container].subtypes:
            chosen = replace(source, subtype=_best_subtype(source, container, path), valid_bits=None)
    else:
        subtype = "OPUS" if extension == ".opus" else _best_subtype(source, container, path)
        if (
            container == "WAV"
            and subtype in CONTAINERS["WAVEX"].subtypes
            and (source.valid_bits or mask_of_layout(source.channel_layout))
        ):
            container = "WAVEX"
        chosen = FileFormat(
            container,
            subtype,
            source.sample_rate,
            source.channels,
            valid_bits=_valid_bits(source, container, subtype),
            channel_layout=source.channel_layout,
        )
    chosen.check(path.name)
    return chosen


def _valid_bits(source: FileFormat, container: str, subtype: str) -> int | None:
    """Those of ``source`` if they can be said in another container, for words of the same length."""
    bits, word = source.valid_bits, PCM_BITS.get(subtype)
    if bits is None or word != PCM_BITS.get(source.subtype) or container not in _HAS_VALID_BITS:
        return None
    # The two others have no length of the word besides.
    return bits if container in ("WAVEX", "RF64") or -(-bits // 8) * 8 == word else None


def shortcomings(chosen: FileFormat, n_samples: int | None) -> tuple[str, ...]:
    """Remarks on what a file of this format and length cannot say of the audio, though it holds it."""
    found = []
    if not is_understood(chosen.channel_layout, chosen.container, chosen.subtype, chosen.channels):
        found.append(
            f"{chosen.subtype} in {chosen.container} cannot say for which speakers its {chosen.channels} "
            "channels are; .wav, .caf and .aiff can"
        )
    block = _BLOCK_SAMPLES.get((chosen.container, chosen.subtype))
    if block is not None and (n_samples is None or n_samples % block):
        found.append(
            f"{chosen.container} counts {chosen.subtype} in blocks of {block} samples: silence fills up the "
            "last one; .wav keeps the exact length"
        )
    return tuple(found)


def removed_format(path: Path, source: FileFormat) -> FileFormat:
    """The format of the file of what was taken out, such that wet + removed = dry.

    PCM stays as it is, since the difference of two PCM values is one; floats become DOUBLE, which
    holds the difference of two float32 to 53 bits. Lossy files have no such sum; they become FLOAT
    where the extension allows.
    """
    if source.is_float:
        source = replace(source, subtype="DOUBLE")
    return output_format(path, source)


def _container(path: Path, source: FileFormat) -> str:
    extension = path.suffix.lower()
    if extension in EXTENSIONS:
        return EXTENSIONS[extension]
    # Rare containers that libsndfile knows (.voc, .sds ...) are kept when the name says so.
    if extension in ("", f".{source.container.lower()}"):
        return source.container
    known = " ".join(EXTENSIONS)
    raise SettingError(f"{path.name}: extension {extension} is not known; choose one of {known}")


def _best_subtype(source: FileFormat, container: str, path: Path) -> str:
    """The smallest subtype of ``container`` that holds every sample value of ``source``."""
    subtypes = CONTAINERS[container].subtypes
    if container in ("OGG", "MP3"):
        return subtypes[0]
    if source.subtype in subtypes and not source.is_lossy:
        return source.subtype
    if source.subtype == "ALAC_20" and "ALAC_24" in subtypes:
        return "ALAC_24"
    if source.decodes_to_float:
        # Decoded floats exceed full scale now and then; else 24 bits are far below the codec's noise.
        return "FLOAT" if "FLOAT" in subtypes else "PCM_24"
    if source.is_float:
        candidates = [name for name in ("FLOAT", "DOUBLE") if source.subtype == "FLOAT" or name == "DOUBLE"]
    else:
        bits = source.bits or 16
        candidates = [name for name in subtypes if PCM_BITS.get(name, 0) >= bits]
    for name in candidates:
        if name in subtypes:
            return name
    raise SettingError(
        f"{path.name}: {container} cannot hold {source.subtype} without loss; "
        "choose .wav (or .w64, .aiff, .caf), which can"
    )
