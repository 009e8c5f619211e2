"""The first of two passes: learn from random pieces of the whole recording before any of it is cleaned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from dap_stream.core import parallel
from dap_stream.core.array_types import F32
from dap_stream.core.finite import finite
from dap_stream.core.profile import Profile
from dap_stream.core.streams import SeekableSource, read_up_to
from dap_stream.dsp.features import observed_log_power
from dap_stream.dsp.stft import StftSpec
from dap_stream.errors import SettingError
from dap_stream.models.band.frames import Frames
from dap_stream.models.base import Block
from dap_stream.models.registry import TWO_PASS_GENERATORS
from dap_stream.processors.denoise.band_fit import adapt
from dap_stream.processors.denoise.model import DenoiseModel
from dap_stream.processors.denoise.settings import DenoiseSettings

STEPS_PER_PIECE = 6
PIECE_S = 4.0
BAND_PIECE_S, MOST_EXCERPTS = 4.0, 30  # that the band network gets to know a recording by
BAND_PART = 0.7  # of the time, where the band network is fitted too: for the progress alone
LAST_RATE = 0.1  # steps shrink linearly to this part of the first: the end settles what the start found

LearnProgress: TypeAlias = Callable[[float], None]
"""Told the fraction done after each piece; may raise to cancel."""


def learn(
    source: SeekableSource,
    settings: DenoiseSettings,
    profile: Profile | None = None,
    progress: LearnProgress | None = None,
) -> Profile:
    """Learn a recording and return what was learned, to start a `Denoiser` with.

    Parameters
    ----------
    source
        The recording, of known length; read from random places, and left at some place.
    settings
        ``steps`` are those of learning in all (300 if None). More of them learn finer structure and, in noise
        that has structure too, that.
    profile
        Weights to go on from.
    progress
        Told the fraction done; may raise to cancel.

    Returns
    -------
    Profile
        The weights, with the frames they belong to.

    Raises
    ------
    SettingError
        If the generator of the settings has no first pass.
    """
    check_pretraining(settings)
    model = DenoiseModel(settings, profile)
    pretrain(model, source, progress)
    return model.profile()


def check_pretraining(settings: DenoiseSettings) -> None:
    """SettingError unless the generator can learn before it cleans."""
    if settings.generator not in TWO_PASS_GENERATORS:
        raise SettingError(
            f"generator={settings.generator} has no first pass; choose generator={TWO_PASS_GENERATORS[0]}"
        )


def pretrain(model: DenoiseModel, source: SeekableSource, progress: LearnProgress | None = None) -> None:
    """Fit the generator of ``model`` to pieces of `PIECE_S` seconds, drawn evenly over ``source``.

    Unlinked channels take turns, a step each.
    """
    settings = model.settings
    n_steps = settings.pretrain_steps
    spec = StftSpec.for_rate(source.sample_rate, settings.window())
    n_pieces = -(-n_steps // STEPS_PER_PIECE)
    n_samples = round(PIECE_S * source.sample_rate)
    n_lanes = 1 if settings.linked else source.channels
    around = (model.generator.before, model.generator.after)

    frames = Frames(spec, source.sample_rate)
    band_part = BAND_PART if model.bands is not None and settings.band_steps else 0.0

    def piece(i: int, start: int) -> list[tuple[F32, int]]:
        """Log power ``[frames, bins]``, and how many steps each gets."""
        audio = _read(source, start, n_samples)
        numbers = range(i * STEPS_PER_PIECE, min((i + 1) * STEPS_PER_PIECE, n_steps))
        turns = Counter(number % n_lanes for number in numbers)
        lanes = {lane: audio if n_lanes == 1 else audio[lane : lane + 1] for lane in turns}
        return [(_log_power(spec, lanes[lane]), count) for lane, count in turns.items()]

    starts = _starts(source, n_pieces, settings.seed)
    pieces = (piece(i, start) for i, start in enumerate(starts))
    with parallel.prefetch(pieces) as prepared:
        for i, observed in enumerate(prepared):
            rate = 1.0 - (1.0 - LAST_RATE) * i / n_pieces
            for log_observed, count in observed:
                block, _ = Block.of_excerpt(log_observed, *around)
                model.generator.learn(block, count, rate)
            if progress is not None:
                progress((1.0 - band_part) * (i + 1) / n_pieces)
    if model.bands is not None and (settings.band_steps or not model.bands.wanted.is_settled):

        def fitting(part: float) -> None:
            if progress is not None:
                progress(1.0 - band_part * (1.0 - part))

        excerpts = _excerpts(source, frames, settings.seed)
        adapt(model.bands, excerpts, frames, settings.band_steps, settings.seed, fitting, model.noise)


def _excerpts(source: SeekableSource, frames: Frames, seed: int) -> list[F32]:
    """Log power ``[frames, bins]`` of pieces that do not overlap: of all of a short recording, one after the
    other, of a long one at random places.
    """
    assert source.n_samples is not None
    n_frames = 2 * round(BAND_PIECE_S / frames.hop_s / 2.0)
    n_samples = (n_frames - 1) * frames.spec.hop + frames.spec.n_fft
    n_all = -(-source.n_samples // n_samples)
    if n_all > MOST_EXCERPTS:
        starts = _starts(source, MOST_EXCERPTS, seed + 1)
    else:
        starts = [i * n_samples for i in range(n_all)]
    found = (_log_power(frames.spec, _read(source, start, n_samples)) for start in starts)
    return [log_observed[:, : frames.bands.n_bins].copy() for log_observed in found]


def _starts(source: SeekableSource, n_pieces: int, seed: int) -> list[int]:
    """One random start in each of ``n_pieces`` equal parts of the recording, in random order."""
    assert source.n_samples is not None
    room = max(source.n_samples - round(PIECE_S * source.sample_rate), 0)
    rng = np.random.default_rng(seed)
    places = (rng.permutation(n_pieces) + rng.uniform(size=n_pieces)) / max(n_pieces, 1)
    return [int(place * room) for place in places]


def _read(source: SeekableSource, start: int, n_samples: int) -> F32:
    """``n_samples`` from ``start`` on, or what there is."""
    source.seek(start)
    return np.ascontiguousarray(finite(read_up_to(source, n_samples)), np.float32)


def _log_power(spec: StftSpec, audio: F32) -> F32:
    """Log power ``[frames, bins]`` of a piece ``[channels, samples]``, at least one frame."""
    return observed_log_power(spec, np.pad(audio, ((0, 0), (0, max(spec.n_fft - audio.shape[1], 0)))))
