"""The format of a stream: its sample rate and its number of channels."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

from dap_stream.errors import SettingError

MIN_SAMPLE_RATE, MAX_SAMPLE_RATE = 8_000, 384_000  # Hz
MAX_CHANNELS = 64


@dataclass(frozen=True)
class StreamFormat:
    """Sample rate and channels, as a processor is built for them.

    Parameters
    ----------
    sample_rate
        Hz, 8000 to 384000.
    channels
        1 to 64.

    Raises
    ------
    SettingError
        Outside of what any processor takes.
    """

    sample_rate: int
    channels: int = 1

    def __post_init__(self) -> None:
        for name in ("sample_rate", "channels"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Real) or float(value) % 1.0 != 0.0:
                raise SettingError(f"{name}={value!r} must be a whole number")
            object.__setattr__(self, name, int(float(value)))
        if not MIN_SAMPLE_RATE <= self.sample_rate <= MAX_SAMPLE_RATE:
            raise SettingError(
                f"sample_rate={self.sample_rate} Hz must be in {MIN_SAMPLE_RATE}..{MAX_SAMPLE_RATE}; "
                "resample first"
            )
        if not 1 <= self.channels <= MAX_CHANNELS:
            raise SettingError(f"channels={self.channels} must be in 1..{MAX_CHANNELS}")
