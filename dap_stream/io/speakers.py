"""Which channel belongs to which speaker, as headers say it.

WAV has a *channel mask*, a bit for each speaker in a fixed order. CAF and AIFF have the *channel layout*
of Core Audio: a tag (a named layout, "see the mask" or "see the list"), a mask whose bits are those of
WAV, and a list of labels. The layout can say all that a mask can, so it is what we keep:
byte for byte from CAF and AIFF, made from the mask otherwise. Empty bytes: nothing was said.
"""

from __future__ import annotations

import struct

_FROM_LIST, _FROM_MASK = 0, 0x10000
_LABEL_BYTES = 20  # label, flags, three coordinates
_N_MASK_BITS = 18  # speakers that have a bit in WAV; their labels are 1 to 18
MAX_LAYOUT_BYTES = 12 + 1024 * _LABEL_BYTES
# Named layouts whose channels stand in the order of the bits; surrounds are side speakers, as ffmpeg has it.
_MASKS = {
    0x640001: 0x4,  # mono
    0x650002: 0x3,  # stereo
    0x6C0004: 0x33,  # quadraphonic
    0x710003: 0x7,  # MPEG 3.0 A
    0x730004: 0x107,  # MPEG 4.0 A
    0x750005: 0x607,  # MPEG 5.0 A
    0x790006: 0x60F,  # MPEG 5.1 A
    0x830003: 0x103,  # ITU 2.1
    0x840004: 0x603,  # ITU 2.2
}
# Codecs mean certain speakers by a number of channels; of one and two that goes without saying.
_USUAL = {1: 0x4, 2: 0x3}
_XIPH = {3: 0x7, 4: 0x33, 5: 0x37, 6: 0x3F, 7: 0x70F, 8: 0x63F}
_FLAC = {
    **_XIPH,
    5: 0x607,
    6: 0x60F,
}  # its surrounds may stand behind or beside: taken as by the program flac
_ALAC = {3: 0x7, 4: 0x107, 5: 0x37, 6: 0x3F, 7: 0x13F, 8: 0xFF}
# Some have the speakers in an order of their own, which libsndfile leaves to us: which of the channels, as
# WAV orders them, stands at each place.
_VORBIS_ORDER = {
    3: (0, 2, 1),
    5: (0, 2, 1, 3, 4),
    6: (0, 2, 1, 4, 5, 3),
    7: (0, 2, 1, 5, 6, 4, 3),
    8: (0, 2, 1, 6, 7, 4, 5, 3),
}
_ALAC_ORDER = {
    3: (2, 0, 1),
    4: (2, 0, 1, 3),
    5: (2, 0, 1, 3, 4),
    6: (2, 0, 1, 4, 5, 3),
    7: (2, 0, 1, 4, 5, 6, 3),
    8: (2, 6, 7, 0, 1, 4, 5, 3),
}


def layout_of_mask(mask: int) -> bytes:
    """The layout that says the same as a channel mask; nothing for a mask of 0."""
    return struct.pack(">III", _FROM_MASK, mask, 0) if mask else b""


def mask_of_layout(layout: bytes) -> int:
    """The channel mask that says the same as a layout; 0 if there is none, other orders of channels too."""
    if len(layout) < 12:
        return 0
    tag, mask, n_labels = struct.unpack(">III", layout[:12])
    if tag == _FROM_MASK:
        return int(mask)
    if tag != _FROM_LIST:
        return _MASKS.get(tag, 0)
    labels = [struct.unpack(">I", layout[at : at + 4])[0] for at in range(12, len(layout) - 3, _LABEL_BYTES)]
    in_order = labels == sorted(set(labels)) and all(1 <= label <= _N_MASK_BITS for label in labels)
    return sum(1 << label - 1 for label in labels) if in_order and len(labels) == n_labels else 0


def implied_mask(container: str, subtype: str, channels: int) -> int:
    """The channel mask that the number of channels alone means in a codec; 0 if it means nothing."""
    if subtype.startswith("ALAC"):
        return _ALAC.get(channels, 0)
    masks = {"FLAC": _FLAC, "OGG": _XIPH}.get(container, {})
    return masks.get(channels, 0)


def channel_order(container: str, subtype: str, channels: int) -> tuple[int, ...] | None:
    """Which channel, as WAV orders them, stands at each place of such a file; None for the same order."""
    if subtype.startswith("ALAC"):
        return _ALAC_ORDER.get(channels)
    return _VORBIS_ORDER.get(channels) if container == "OGG" else None


def is_understood(layout: bytes, container: str, subtype: str, channels: int) -> bool:
    """Whether a reader of such a file will know which channel is which speaker, as the layout has it."""
    codec_mask = implied_mask(container, subtype, channels)
    if not layout or (codec_mask == 0 and container in ("CAF", "AIFF")):
        return True
    mask = mask_of_layout(layout)
    if mask and container in ("WAVEX", "RF64"):
        return True
    if container == "FLAC" and mask == _XIPH.get(channels):
        return True
    return mask == (codec_mask or _USUAL.get(channels))
