"""Noise that a user shows: a stretch of the recording, or a file of its own."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.core.finite import finite
from dap_stream.core.streams import read_up_to
from dap_stream.core.units import seconds_to_samples
from dap_stream.errors import SettingError
from dap_stream.io.open_audio import open_audio

MOST_S = 60.0  # of it that is listened to


@dataclass(frozen=True)
class KnownNoise:
    """Where noise is that has nothing else in it.

    Parameters
    ----------
    path
        Of the file; that of the recording for a stretch of it.
    start_s, end_s
        The stretch; all of the file if ``end_s`` is None.
    track
        Which one of a film, from 1; None is the one that a player takes.
    """

    path: str
    start_s: float = 0.0
    end_s: float | None = None
    track: int | None = None

    def read(self, sample_rate: int) -> F32:
        """The noise ``[channels, samples]``; InputError or SettingError if it is not there."""
        with open_audio(self.path, track=self.track) as whole:
            rate, length = whole.sample_rate, whole.n_samples
        start = seconds_to_samples(self.start_s, rate)
        stop = None if self.end_s is None else seconds_to_samples(self.end_s, rate)
        if length is not None and (start >= length or (stop is not None and stop > length)):
            raise SettingError(
                f"the noise from {self.start_s:g} to {self.end_s:g} s is not in {self.path}, which has "
                f"{length / rate:.1f} s; choose a stretch of it"
            )
        with open_audio(self.path, start, stop, self.track) as source:
            audio = finite(read_up_to(source, round(MOST_S * rate)))
        if rate != sample_rate:
            from scipy.signal import resample_poly  # takes longer to load than all the rest of a command

            common = gcd(rate, sample_rate)
            audio = resample_poly(audio, sample_rate // common, rate // common, axis=1)
        return np.ascontiguousarray(audio, np.float32)
