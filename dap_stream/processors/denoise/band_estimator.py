"""The educated gain over any other: what the band network knows of sound, joined with a finer gain."""

from __future__ import annotations

from collections.abc import Callable

from dap_stream.core.array_types import F32
from dap_stream.core.units import db_to_gain
from dap_stream.models.band.frames import Frames
from dap_stream.models.band.fusion_kernels import fuse
from dap_stream.models.band.predictor import BandPredictor
from dap_stream.models.band.stream import BandStream
from dap_stream.models.band.wanted import Wanted
from dap_stream.processors.spectral import Estimator

# Weight of the bands in the geometric mean, where their gain is the smaller one and where it is not. What the
# fine gain takes for sound since it comes and goes, they know to be noise; of other sounds than voices they
# know less.
WEIGHTS_VOICE, WEIGHTS_ANY = (0.8, 0.5), (0.3, 0.3)


class BandEstimator:
    """The geometric mean of a fine gain and of the band gain, as late as the fine one.

    Parameters
    ----------
    fine
        Gives the fine gain.
    frames
        What both look at.
    wanted
        Decides whether only voices are kept.
    predictor
        Called before each advance for the weights of now.
    reduction_db
        Called for the largest attenuation of now.
    noise
        Natural log of the power ``[frames, bins]`` of known noise, heard before the first frame.
    hear
        Called with the newest log power ``[frames, bins]`` of each lane in turn, to learn from it.
    """

    def __init__(
        self,
        fine: Estimator,
        frames: Frames,
        wanted: Wanted,
        predictor: Callable[[], BandPredictor],
        reduction_db: Callable[[], float],
        noise: F32 | None = None,
        hear: Callable[[F32], None] | None = None,
    ) -> None:
        self._fine, self._frames, self._wanted = fine, frames, wanted
        self._predictor, self._reduction_db = predictor, reduction_db
        self._noise, self._hear, self._n_calls = noise, hear, 0
        self._lanes: list[BandStream] = []

    @property
    def delay(self) -> int:
        """That of the fine gain."""
        return self._fine.delay

    def advance(self, log_observed: F32, power: F32) -> F32:
        """Newest log power, and power ``delay`` frames before, to gain: all ``[lanes, frames, bins]``."""
        gain = self._fine.advance(log_observed, power)
        if not self._lanes:
            self._lanes = [BandStream(self._frames, self.delay, self._wanted) for _ in log_observed]
            if self._noise is not None:
                for lane in self._lanes:
                    lane.prime(self._noise, self._predictor())
        predictor, least = self._predictor(), db_to_gain(-self._reduction_db())
        position, n_present = self._frames.bands.position, self._frames.bands.n_present
        weights = WEIGHTS_VOICE if self._wanted.keeps_voice else WEIGHTS_ANY
        for lane, newest, lane_gain in zip(self._lanes, log_observed, gain, strict=True):
            fuse(lane_gain, lane.advance(newest, predictor), position, n_present, *weights, least)
        if self._hear is not None:
            self._hear(log_observed[self._n_calls % len(log_observed)])  # unlinked channels take turns
        self._n_calls += 1
        return gain
