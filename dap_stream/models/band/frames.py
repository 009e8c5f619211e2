"""All that the band network needs to know of the frames it looks at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dap_stream.dsp.bands import Bands
from dap_stream.dsp.stft import StftSpec
from dap_stream.models.band.features import BandFeatures

LEAST_HOP_S = 0.0045  # of what it was taught; of shorter hops every so many frames are looked at


@dataclass(frozen=True)
class Frames:
    """Geometry of the STFT at a sample rate in Hz."""

    spec: StftSpec
    sample_rate: int

    @cached_property
    def bands(self) -> Bands:
        """Of these frames."""
        return Bands.for_stft(self.spec.n_fft, self.sample_rate)

    @property
    def hop_s(self) -> float:
        """Seconds between frames."""
        return self.spec.hop / self.sample_rate

    @property
    def is_fittable(self) -> bool:
        """Whether the network may be fitted to such frames: not to shorter ones than it was taught with."""
        return self.hop_s >= LEAST_HOP_S

    def features(self, thinning: int = 1, keeps_voice: bool = False) -> BandFeatures:
        """Features for a new stream, of every ``thinning``-th frame."""
        return BandFeatures(self.bands, self.spec.n_fft, self.sample_rate, self.hop_s * thinning, keeps_voice)
