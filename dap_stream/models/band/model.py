"""The band network of one recording: the weights it was taught, or fitted to, and what is wanted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from dap_stream.core.array_types import F32
from dap_stream.models.band.educated import educated_weights
from dap_stream.models.band.predictor import BandPredictor
from dap_stream.models.band.wanted import Wanted
from dap_stream.models.weight_check import check_weights


class BandModel:
    """Starts from the education, or from what `load` is given.

    Parameters
    ----------
    keep
        ``voice``, ``any`` or ``auto``, as in `dap_stream.models.band.wanted.Wanted`.
    """

    def __init__(self, keep: str) -> None:
        self._start: Mapping[str, F32] = educated_weights()
        self.wanted = Wanted(keep)
        self.reset()

    @property
    def is_as_at_start(self) -> bool:
        """Whether nothing was fitted since."""
        return self.predictor.weights is self._start

    def weights(self) -> dict[str, F32]:
        """Those of now, by name."""
        return dict(self.predictor.weights)

    def load(self, weights: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Start from other weights; ProfileError if they are not of this network."""
        check_weights(weights, educated_weights(), "band network")
        self._start = {name: np.array(value, np.float32) for name, value in weights.items()}
        self.reset()

    def reset(self) -> None:
        """Back to the start, nothing heard."""
        self.predictor = BandPredictor(self._start)
        self.wanted.reset()
        self.fit_remark = ""  # on what a fit was worth
        self.fit_losses: tuple[float, ...] = ()  # of its steps

    @property
    def remarks(self) -> tuple[str, ...]:
        """The decision and the worth of the fit, in a few words."""
        if not self.wanted.heard_s:
            return ()
        return tuple(filter(None, (str(self.wanted), self.fit_remark)))
