"""Short spectra on a grid over the stream, in which the tracks look for their lines."""

from __future__ import annotations

import numpy as np
from scipy import fft

from dap_stream.core.array_types import C128, F64

GRID_S = 0.05  # from frame to frame; a frame is twice as long, and keeps lines 20 Hz apart from each other


class Frames:
    """Geometry: frame ``i`` is centred on sample ``i hop``, and is ``2 hop`` long.

    Parameters
    ----------
    sample_rate
        Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.hop = round(GRID_S * sample_rate)
        # Twice as many bins as samples ask for, so that a line is never far from the middle of one.
        self._n_fft = fft.next_fast_len(4 * self.hop, real=True)
        self._window = np.sin(np.pi * np.arange(2 * self.hop) / (2 * self.hop)) ** 2

    def spectra(self, samples: F64) -> C128:
        """Spectra ``[frames, bins]`` of ``samples [(frames + 1) hop]``."""
        cut = np.lib.stride_tricks.sliding_window_view(samples, 2 * self.hop)[:: self.hop]
        return np.asarray(fft.rfft(cut * self._window, self._n_fft))

    def lines(self, spectra: C128, frequencies_hz: F64) -> C128:
        """Half the complex amplitude of lines at the centres of frames, ``[lines, frames]``.

        The phase counts from the centre of each frame; the loss of a line between two bins is made good.
        """
        places = frequencies_hz * self._n_fft / self.sample_rate
        bins = np.rint(places).astype(np.int64)
        bins = np.clip(bins, 0, spectra.shape[1] - 1)
        turned = np.exp(2j * np.pi * bins * self.hop / self._n_fft)
        off = (frequencies_hz - bins * self.sample_rate / self._n_fft) * 2.0 * self.hop / self.sample_rate
        response = self.hop * np.sinc(off) / (1.0 - off**2)  # of the Hann window
        return np.asarray(spectra[:, bins].T * (turned / response)[:, None])
