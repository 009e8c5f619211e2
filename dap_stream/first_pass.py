"""The first of two passes: learn from random pieces of the whole recording before any of it is cleaned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

import numpy as np

from dap_stream import workers
from dap_stream.errors import SettingError
from dap_stream.kernels import F32
from dap_stream.noise import NoiseFloor
from dap_stream.observation import active_frames, lane_power, log_power, whiten
from dap_stream.prior.base import Block, Generator
from dap_stream.prior.choose import make_generator, make_profile
from dap_stream.processor import Source
from dap_stream.profile import Profile
from dap_stream.settings import TWO_PASS_GENERATORS, Settings
from dap_stream.stft import StftSpec

STEPS = 300
STEPS_PER_PIECE = 6
PIECE_S = 4.0
LAST_RATE = 0.1  # steps shrink linearly to this part of the first: the end settles what the start found

LearnProgress: TypeAlias = Callable[[float], None]
"""Told the fraction done after each piece; may raise to cancel."""


class SeekableSource(Source, Protocol):
    """A source of known length that can be read from anywhere."""

    def seek(self, sample: int) -> None:
        """The next read starts at ``sample``."""


def learn(
    source: SeekableSource,
    settings: Settings,
    profile: Profile | None = None,
    progress: LearnProgress | None = None,
) -> Profile:
    """Fit the generator to ``source`` and return its weights; from ``profile`` on, if given.

    Pieces of `PIECE_S` seconds, drawn evenly over the recording; ``settings.steps`` steps in all
    (`STEPS` if None). More steps learn finer structure and, in noise that has structure too, that.
    """
    generator = make_generator(settings, profile)
    if generator is None or settings.generator not in TWO_PASS_GENERATORS:
        raise SettingError(f"generator={settings.generator} has no first pass; choose generator=context")
    n_steps = STEPS if settings.steps is None else settings.steps
    spec = StftSpec.for_rate(source.sample_rate, settings.window_ms)
    n_pieces = -(-n_steps // STEPS_PER_PIECE)
    n_samples = round(PIECE_S * source.sample_rate)
    pieces = (
        _blocks(spec, _read(source, start, n_samples), generator, settings.linked)
        for start in _starts(source, n_pieces, settings.seed)
    )
    with workers.ahead(pieces) as prepared:
        for i, blocks in enumerate(prepared):
            rate = 1.0 - (1.0 - LAST_RATE) * i / n_pieces
            for block in blocks:
                generator.learn(block, min(STEPS_PER_PIECE, n_steps - i * STEPS_PER_PIECE), rate)
            if progress is not None:
                progress((i + 1) / n_pieces)
    return make_profile(settings, generator)


def _starts(source: SeekableSource, n_pieces: int, seed: int) -> list[int]:
    """One random start in each of ``n_pieces`` equal parts of the recording, in random order."""
    assert source.n_samples is not None
    room = max(source.n_samples - round(PIECE_S * source.sample_rate), 0)
    rng = np.random.default_rng(seed)
    places = (rng.permutation(n_pieces) + rng.uniform(size=n_pieces)) / max(n_pieces, 1)
    return [int(place * room) for place in places]


def _read(source: SeekableSource, start: int, n_samples: int) -> F32:
    """``n_samples`` from ``start`` on or what there is: a source may give less at a time."""
    source.seek(start)
    parts = []
    while n_samples > 0 and (part := source.read(n_samples)).shape[1]:
        parts.append(part)
        n_samples -= part.shape[1]
    joined = np.concatenate(parts, axis=1) if parts else np.zeros((source.channels, 0))
    return np.ascontiguousarray(np.nan_to_num(joined, nan=0.0, posinf=0.0, neginf=0.0), np.float32)


def _blocks(spec: StftSpec, audio: F32, generator: Generator, is_linked: bool) -> list[Block]:
    """The piece as one block, or one for each channel, whitened by its own floor."""
    padded = np.pad(audio, ((0, 0), (0, max(spec.n_fft - audio.shape[1], 0))))
    spectrum = np.stack([spec.spectrum(channel, spec.observation) for channel in padded])
    blocks = []
    for power in lane_power(spectrum, is_linked):
        log_observed = log_power(power)
        is_active = active_frames(log_observed)
        white = whiten(log_observed, is_active, NoiseFloor(1).advance(log_observed, is_active))
        around = (generator.before, generator.after)
        white, is_active = np.pad(white, (around, (0, 0))), np.pad(is_active, around)
        blocks.append(Block(white, is_active, generator.before, generator.after))
    return blocks
