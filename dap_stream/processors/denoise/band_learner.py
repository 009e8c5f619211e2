"""The band network fitted to a stream on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.dsp.features import active_frames
from dap_stream.models.band.frames import Frames
from dap_stream.models.band.model import BandModel
from dap_stream.processors.denoise.band_fit import LEAST_ACTIVE, take_if_better

if TYPE_CHECKING:
    from dap_stream.models.band.fitting import BandFitter

FIRST_PIECES, PIECES_APART = 60, 10  # a step with each of the first pieces, then with every tenth
JUDGED_STEPS = 20  # between one look at the pieces kept apart and the next
RATE = 0.5  # of the steps: there is no end at which they could become smaller


class BandLearner:
    """Pieces of a stream as they come, and a step now and then.

    Parameters
    ----------
    model
        Gets the weights as soon as they are better than those it had.
    frames
        Of the stream.
    seed
        Of the random numbers.
    known_noise
        Log power ``[frames, bins]`` of a stretch in which there is only noise.
    """

    def __init__(self, model: BandModel, frames: Frames, seed: int, known_noise: F32 | None = None) -> None:
        self._model, self._frames, self._seed = model, frames, seed
        self._known_noise = () if known_noise is None else (known_noise,)
        self._fitter: BandFitter | None = None
        self._waiting = np.empty((0, frames.bands.n_bins), np.float32)
        self._n_pieces = self._n_steps = 0

    def hear(self, log_observed: F32) -> None:
        """Learn from the newest log power ``[frames, bins]`` what there is time for."""
        # torch takes seconds to import: only who fits pays.
        from dap_stream.models.band.fitting import BandFitter, piece_frames

        newest = log_observed[:, : self._frames.bands.n_bins]
        self._waiting = np.concatenate((self._waiting, newest))
        n = piece_frames(self._frames)
        while len(self._waiting) >= n:
            piece, self._waiting = self._waiting[:n].copy(), self._waiting[n:]
            if active_frames(piece).mean() < LEAST_ACTIVE:
                continue
            if self._fitter is None:
                self._fitter = BandFitter(self._model.predictor, self._frames, self._seed, self._known_noise)
            self._learn(self._fitter, piece)

    def _learn(self, fitter: BandFitter, piece: F32) -> None:
        keeps_voice = self._model.wanted.keeps_voice
        fitter.add(piece, keeps_voice)
        self._n_pieces += 1
        is_due = self._n_pieces <= FIRST_PIECES or self._n_pieces % PIECES_APART == 0
        if not is_due or not fitter.is_ready:
            return
        for _ in fitter.steps(keeps_voice, [RATE]):
            self._n_steps += 1
        if self._n_steps % JUDGED_STEPS == 0:
            take_if_better(self._model, fitter)
