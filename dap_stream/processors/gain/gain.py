"""A change of level."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from dap_stream.core.array_types import Audio
from dap_stream.core.processor import checked_buffer
from dap_stream.core.state_bytes import pack, settings_from, unpack
from dap_stream.core.stream_format import StreamFormat
from dap_stream.core.units import db_to_gain
from dap_stream.processors.gain.settings import GainSettings


class Gain:
    """A processor that makes the sound louder or softer; no latency, nothing to remember.

    Parameters
    ----------
    sample_rate
        Hz, 8000 to 384000.
    channels
        1 to 64.
    settings
        By how much.

    Raises
    ------
    SettingError
        If rate, channels or settings cannot be.
    """

    latency = 0

    def __init__(self, sample_rate: int, channels: int = 1, settings: GainSettings | None = None) -> None:
        self.channels = StreamFormat(sample_rate, channels).channels
        self.settings = settings or GainSettings()
        self._factor = db_to_gain(self.settings.gain_db)

    def process(self, buffer: Audio) -> Audio:
        """``[channels, n]`` in, a new ``[channels, n]`` of the same dtype out, for any n."""
        buffer = checked_buffer(buffer, self.channels)
        return np.asarray(buffer * buffer.dtype.type(self._factor))

    def flush(self) -> Audio:
        """Nothing is inside: ``[channels, 0]``."""
        return np.zeros((self.channels, 0), np.float32)

    def reset(self) -> None:
        """Nothing to forget."""

    def state(self) -> bytes:
        """Its settings, for `set_state`.

        Returns
        -------
        bytes
            To be kept as it is.
        """
        return pack("Gain", asdict(self.settings))

    def set_state(self, state: bytes) -> None:
        """Be as loud as the one it is from.

        Parameters
        ----------
        state
            Bytes from `state`.

        Raises
        ------
        ProfileError, SettingError
            For anything else.
        """
        facts, _ = unpack(state, "Gain")
        self.settings = settings_from(GainSettings, facts)
        self._factor = db_to_gain(self.settings.gain_db)
