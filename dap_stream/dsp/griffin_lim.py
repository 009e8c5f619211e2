"""Sound from magnitudes where a part of it is known: samples around a hole, or the bands below a limit.

The fast Griffin-Lim algorithm (Griffin & Lim 1984; Perraudin, Balazs & Sondergaard 2013) looks for a signal
whose STFT has given magnitudes: it goes to and fro between spectra with these magnitudes and spectra that are
those of a signal. Here what is known is put back each time, so that the phases that are found go on from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from dap_stream.core.array_types import C64, F32, Mask
from dap_stream.dsp.stft import StftSpec, istft, stft

ITERATIONS = 100  # the next hundred bring the magnitudes 0.3 dB nearer, the first one 5 dB
MOMENTUM = 0.99  # of Perraudin et al., who tried many
_TINY = np.float32(1e-20)

_Demand: TypeAlias = Callable[[C64], C64]
_Pin: TypeAlias = Callable[[F32], F32]


def fill_samples(
    spec: StftSpec,
    audio: F32,
    is_known: Mask,
    magnitude: F32,
    iterations: int = ITERATIONS,
    seed: int = 0,
) -> F32:
    """``audio`` with other samples where it is not known.

    Parameters
    ----------
    spec
        Geometry of the STFT.
    audio
        ``[samples]``. The phases start from what stands in the holes; from chance where there are zeros.
    is_known
        ``[samples]``; these come back bit for bit.
    magnitude
        ``[frames, bins]`` of ``stft(spec, audio)`` as it should be. Frames without a hole are not looked at.
    iterations
        More of them come nearer to the magnitudes, each at the price of two transforms of the surroundings.
    seed
        Of the phases by chance.

    Returns
    -------
    numpy.ndarray
        ``[samples]``.
    """
    out = audio.copy()
    for first_frame, begin, end in _stretches(spec, is_known):
        piece, known = audio[begin:end], is_known[begin:end]
        is_touched = touched_frames(spec, known)
        wanted = magnitude[first_frame:][: len(is_touched)]

        def demand(spectrum: C64, is_touched: Mask = is_touched, wanted: F32 = wanted) -> C64:
            return np.where(is_touched[:, None], wanted * _phase(spectrum), spectrum)

        def pin(sound: F32, piece: F32 = piece, known: Mask = known) -> F32:
            return np.where(known, piece, sound)

        start = demand(_with_some_phase(stft(spec, piece), seed))
        out[begin:end] = _alternate(spec, start, demand, pin, len(piece), iterations)
    return out


def fill_bins(
    spec: StftSpec,
    audio: F32,
    is_known: Mask,
    magnitude: F32,
    iterations: int = ITERATIONS,
    seed: int = 0,
) -> F32:
    """``audio`` with more in the bands that are not known.

    Parameters
    ----------
    spec
        Geometry of the STFT.
    audio
        ``[samples]``, with nothing in the unknown bands.
    is_known
        ``[bins]``; the spectra of ``audio`` there are kept.
    magnitude
        ``[frames, bins]`` of the sound that is wanted; known bins are not looked at.
    iterations, seed
        As in `fill_samples`.

    Returns
    -------
    numpy.ndarray
        ``[samples]``.
    """
    kept = stft(spec, audio)

    def demand(spectrum: C64) -> C64:
        return np.where(is_known, kept, magnitude * _phase(spectrum))

    start = demand(_with_some_phase(np.where(is_known, kept, 0).astype(np.complex64), seed))
    return _alternate(spec, start, demand, lambda sound: sound, len(audio), iterations)


def touched_frames(spec: StftSpec, is_known: Mask) -> Mask:
    """Which frames of a signal have a sample that is not known: ``[samples]`` to ``[frames]``."""
    n_unknown = np.concatenate(([0], np.cumsum(~is_known)))
    first = np.arange(spec.n_frames(len(is_known))) * spec.hop - (spec.n_fft - spec.hop)
    low, high = (np.clip(edge, 0, len(is_known)) for edge in (first, first + spec.n_fft))
    return np.asarray(n_unknown[high] > n_unknown[low])


def _stretches(spec: StftSpec, is_known: Mask) -> Iterator[tuple[int, int, int]]:
    """First frame, begin and end of the holes with all that shares a frame with them."""
    unknown = np.flatnonzero(~is_known)
    if len(unknown) == 0:
        return
    # Holes further from each other than a frame and its neighbours have nothing to do with each other.
    for hole in np.split(unknown, np.flatnonzero(np.diff(unknown) > 2 * spec.n_fft) + 1):
        first_frame = max(int(hole[0]) - spec.n_fft, 0) // spec.hop
        yield first_frame, first_frame * spec.hop, min(int(hole[-1]) + 1 + spec.n_fft, len(is_known))


def _alternate(
    spec: StftSpec, start: C64, demand: _Demand, pin: _Pin, n_samples: int, iterations: int
) -> F32:
    """Signal between what magnitudes demand and what is pinned down; the latter has the last word."""
    sound = pin(istft(spec, start, n_samples))
    before = stft(spec, sound)
    ahead = before
    for _ in range(iterations):
        sound = pin(istft(spec, demand(ahead), n_samples))
        here = stft(spec, sound)
        ahead = here + np.float32(MOMENTUM) * (here - before)
        before = here
    return sound


def _phase(spectrum: C64) -> C64:
    return np.asarray(spectrum / np.maximum(np.abs(spectrum), _TINY), np.complex64)


def _with_some_phase(spectrum: C64, seed: int) -> C64:
    """A phase by chance for each cell that has none."""
    turns = np.random.default_rng(seed).random(spectrum.shape, np.float32)
    by_chance = np.exp(np.complex64(2j * np.pi) * turns)
    return np.where(np.abs(spectrum) > _TINY, spectrum, by_chance).astype(np.complex64)
