"""The first pass over a recording: where each channel ends in frequency, from its begin to its end."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dap_stream.core.finite import finite
from dap_stream.core.streams import SeekableSource
from dap_stream.dsp.features import lane_power
from dap_stream.dsp.stft import StftSpec
from dap_stream.processors.bandwidth.bandwidth import WINDOW_MS
from dap_stream.processors.bandwidth.limits import (
    CERTAIN_S,
    LEAST_S,
    Decision,
    LimitPlan,
    LimitTracker,
    plan_of,
)

READ = 65536


def survey(source: SeekableSource, progress: Callable[[float], None] | None = None) -> tuple[LimitPlan, ...]:
    """Read all of a source, from its begin.

    Parameters
    ----------
    source
        Recording.
    progress
        Told which part is done, 0 to 1; may raise to stop.

    Returns
    -------
    tuple of LimitPlan
        Of each channel.
    """
    spec = StftSpec.for_rate(source.sample_rate, WINDOW_MS)
    bin_hz, hop_s = source.sample_rate / spec.n_fft, spec.hop / source.sample_rate
    trackers = [LimitTracker(spec.n_bins, bin_hz, hop_s) for _ in range(source.channels)]
    decisions: list[list[Decision]] = [[] for _ in trackers]
    rest = np.zeros((source.channels, spec.n_fft - spec.hop), np.float32)  # frames begin as in the stream
    source.seek(0)
    n_read = 0
    while (audio := source.read(READ)).shape[1]:
        n_read += audio.shape[1]
        joined = np.concatenate((rest, finite(audio).astype(np.float32)), axis=1)
        n_frames = max((joined.shape[1] - spec.n_fft) // spec.hop + 1, 0)
        rest = joined[:, n_frames * spec.hop :]
        if n_frames:
            for channel, tracker, made in zip(joined, trackers, decisions, strict=True):
                spectrum = spec.spectrum(channel, spec.observation)
                made += tracker.advance(lane_power(spectrum[None], is_linked=False)[0])
        if progress is not None and source.n_samples:
            progress(min(n_read / source.n_samples, 1.0))
    return tuple(
        plan_of(
            made,
            tracker.decide(CERTAIN_S if any(each.is_certain for each in made) else LEAST_S),
            tracker.n_frames,
        )
        for made, tracker in zip(decisions, trackers, strict=True)
    )
