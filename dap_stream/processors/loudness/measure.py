"""The first of two readings: the gain that gives a recording its loudness, with the limiter at work."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dap_stream.core.array_types import F64
from dap_stream.core.finite import finite
from dap_stream.core.processed_source import ProcessedSource
from dap_stream.core.streams import SeekableSource
from dap_stream.core.units import db_to_gain, gain_to_db
from dap_stream.dsp.loudness import KWeighting, LoudnessMeter
from dap_stream.dsp.true_peak import TruePeakMeter
from dap_stream.processors.loudness.limiter import MARGIN_DB, Limiter
from dap_stream.processors.loudness.plan import NEAR_LU, Plan
from dap_stream.processors.loudness.settings import LoudnessSettings

_MOST_TRIES = 4  # readings with the limiter
# More gain than without the limiter, at most: beyond it peaks are crushed more than the sound gets louder.
_MOST_MORE_DB = 6.0
_LEAST_SLOPE = 0.25  # LU for each dB of gain
_PIECE = 65536


def make_plan(
    settings: LoudnessSettings,
    source: SeekableSource,
    weights: F64,
    progress: Callable[[float], None] | None = None,
) -> Plan:
    """Read the recording, once if no peak is in the way of its loudness, else a few times.

    Parameters
    ----------
    settings
        Loudness and true peak that are wanted.
    source
        The recording; read from its beginning.
    weights
        Of its channels, from `dap_stream.dsp.loudness.channel_weights`.
    progress
        Told the part that is done, 0..1; may raise to cancel.
    """
    readings = 0

    def read(heard: SeekableSource, peaks: TruePeakMeter | None = None) -> LoudnessMeter:
        nonlocal readings
        left = 0.5**readings  # nobody knows how many there will be

        def tell(part: float) -> None:
            if progress is not None:
                progress(1.0 - left * (1.0 - 0.5 * part))

        readings += 1
        return _measured(heard, weights, peaks, tell)

    peaks = TruePeakMeter(source.sample_rate, source.channels)
    meter = read(source, peaks)
    before, ceiling = meter.lufs, settings.true_peak_dbtp
    if before is None:
        return Plan(None, None, 0.0, ceiling)
    plain_db = _gain_db(meter, settings.lufs)
    if gain_to_db(peaks.end()) + plain_db <= ceiling - MARGIN_DB:
        after = meter.lufs_at(db_to_gain(plain_db))
        return Plan(before, before + plain_db if after is None else after, plain_db, ceiling)
    gain_db, slope = plain_db, 1.0
    plans: list[Plan] = []
    while len(plans) < _MOST_TRIES:
        limiter = Limiter(source.sample_rate, source.channels, gain_db, ceiling)
        meter = read(ProcessedSource(source, limiter))
        after = before + gain_db if meter.lufs is None else meter.lufs
        plan = Plan(before, after, gain_db, ceiling, limiter.n_held, limiter.most_db)
        plans.append(plan)
        missing = _missing(plan, settings)
        if abs(missing) <= NEAR_LU / 2.0:
            break
        if len(plans) > 1 and gain_db != plans[-2].gain_db:
            gained = _missing(plans[-2], settings) - missing
            slope = min(max(gained / (gain_db - plans[-2].gain_db), _LEAST_SLOPE), 1.0)
        wanted_db = min(gain_db + missing / slope, plain_db + _MOST_MORE_DB)
        if wanted_db <= gain_db and missing > 0.0:
            break
        gain_db = wanted_db
    return min(plans, key=lambda each: abs(_missing(each, settings)))


def _missing(plan: Plan, settings: LoudnessSettings) -> float:
    """LU up to what is wanted."""
    return settings.lufs - (plan.after_lufs if plan.after_lufs is not None else -np.inf)


def _measured(
    source: SeekableSource, weights: F64, peaks: TruePeakMeter | None, tell: Callable[[float], None]
) -> LoudnessMeter:
    """Loudness of all of a recording; ``peaks`` hears it too."""
    weighting = KWeighting(source.sample_rate, source.channels)
    meter = LoudnessMeter(source.sample_rate, weights)
    source.seek(0)
    done = 0
    while (audio := source.read(_PIECE)).shape[1]:
        sound = np.asarray(finite(audio), np.float64)
        meter.add(weighting.process(sound))
        if peaks is not None:
            peaks.add(sound)
        done += sound.shape[1]
        tell(min(done / source.n_samples, 1.0) if source.n_samples else 0.0)
    return meter


def _gain_db(meter: LoudnessMeter, lufs: float) -> float:
    """Gain to a loudness where no peak is in the way."""
    gain_db = 0.0
    for _ in range(20):  # more gain lets more blocks through the gate of silence: a little beside it at first
        now = meter.lufs_at(db_to_gain(gain_db))
        if now is None or abs(lufs - now) < 1e-6:
            break
        gain_db += lufs - now
    return gain_db
