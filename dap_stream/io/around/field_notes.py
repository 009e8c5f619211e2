"""Notes of field recorders in text: iXML and GUANO. Times in them follow a cut."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from dap_stream.io.around.cut import Cut

# Pairs of numbers of 32 bits: the samples since midnight at which the recording starts.
_PAIRS = (
    (b"TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI", b"TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO"),
    (b"BWF_TIME_REFERENCE_HIGH", b"BWF_TIME_REFERENCE_LOW"),
)
_TIMESTAMP = re.compile(rb"^(Timestamp: *)([0-9T:. -]+?)((?:Z|[+-]\d\d:?\d\d)?[ \r]*)$", re.MULTILINE)
_LENGTH = re.compile(rb"^(Length: *)([0-9.]+)", re.MULTILINE)


def _tag(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(<" + name + rb">\s*)(\d{1,10})(\s*</" + name + rb">)")


def moved_ixml(body: bytes, n_later: int) -> bytes:
    """iXML of a recording that starts so many samples later; all else stays as it is."""
    for high_name, low_name in _PAIRS:
        high, low = _tag(high_name).search(body), _tag(low_name).search(body)
        if low is None:
            continue
        value = int(low[2]) + ((int(high[2]) << 32) if high is not None else 0) + n_later
        for name, number in ((high_name, value >> 32), (low_name, value & 0xFFFFFFFF)):
            body = _tag(name).sub(rb"\g<1>%d\g<3>" % number, body)
    return body


def moved_guano(body: bytes, cut: Cut) -> bytes:
    """GUANO of a part of a recording: when it starts, and how long it is."""
    body = _TIMESTAMP.sub(lambda match: match[1] + _later(match[2], cut) + match[3], body)
    if cut.n_samples is None:
        return body
    seconds = f"{cut.n_samples / cut.sample_rate:.6g}".encode()
    return _LENGTH.sub(lambda match: match[1] + seconds, body)


def _later(text: bytes, cut: Cut) -> bytes:
    plain = text.decode("ascii").strip()
    try:
        moment = datetime.fromisoformat(plain) + timedelta(seconds=cut.start / cut.sample_rate)
    except (ValueError, OverflowError):
        return text
    is_whole = "." not in plain and not moment.microsecond
    return moment.isoformat(plain[10:11] or "T", "seconds" if is_whole else "milliseconds").encode()
