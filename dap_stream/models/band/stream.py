"""The band network along a stream: frames in, and how much of each band is wanted, some frames later."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from dap_stream.core.array_types import F32
from dap_stream.dsp.bands import N_BANDS
from dap_stream.dsp.features import active_frames
from dap_stream.models.band.frames import LEAST_HOP_S, Frames
from dap_stream.models.band.layout import LOOKAHEADS, N_OUTPUTS
from dap_stream.models.band.predictor import BandPredictor, BandState
from dap_stream.models.band.wanted import Wanted


class BandStream:
    """One lane. The gain of each band is its share of what is wanted, and is ``delay`` frames late.

    Parameters
    ----------
    frames
        What is known of the frames.
    delay
        Frames that may be waited for; the network uses of them what it was taught to use.
    wanted
        Decides whether only voices are kept; hears what this lane hears.
    """

    def __init__(self, frames: Frames, delay: int, wanted: Wanted) -> None:
        self._thinning = max(int(np.ceil(LEAST_HOP_S / frames.hop_s)), 1)
        n_late = delay // self._thinning
        self._output = max(i for i, late in enumerate(LOOKAHEADS) if late <= n_late)
        self._hop_s = frames.hop_s * self._thinning
        self._features = frames.features(self._thinning)
        n_waiting = delay - LOOKAHEADS[self._output] * self._thinning
        self._waiting = np.ones((n_waiting, N_BANDS), np.float32)  # gains on their way out
        self._state: BandState | None = None  # made by the first predictor
        self._n_frames = 0
        self._newest = np.ones((1, N_BANDS), np.float32)
        self._wanted = wanted

    def advance(self, log_observed: F32, predictor: BandPredictor) -> F32:
        """Newest log power ``[frames, bins]`` to gain ``[frames, N_BANDS]``, ``delay`` frames late."""
        n_frames = len(log_observed)
        looked_at = np.arange(self._n_frames, self._n_frames + n_frames) % self._thinning == 0
        self._n_frames += n_frames
        gains = self._newest
        if looked_at.any():
            gains = np.concatenate((gains, self._predicted(log_observed[looked_at], predictor)))
            self._newest = gains[-1:]
        queue = np.concatenate((self._waiting, gains[np.cumsum(looked_at)]))
        self._waiting = queue[n_frames:]
        return np.ascontiguousarray(queue[:n_frames], np.float32)

    def prime(self, log_observed: F32, predictor: BandPredictor) -> None:
        """Hear noise ``[frames, bins]`` before the first frame."""
        self._predicted(log_observed[:: self._thinning], predictor)

    def _predicted(self, log_observed: F32, predictor: BandPredictor) -> F32:
        if self._state is None:
            self._state = predictor.new_state()
        self._features.keeps_voice = self._wanted.keeps_voice
        features = self._features.advance(log_observed)
        logits = predictor.logits(features, self._state).reshape(len(features), len(LOOKAHEADS), N_OUTPUTS)
        given = logits[:, self._output]
        voice = expit(given[:, N_BANDS])
        self._wanted.hear(voice[active_frames(log_observed)], self._hop_s)
        return np.asarray(expit(-given[:, :N_BANDS]), np.float32)
