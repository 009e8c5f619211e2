"""Music to play: keys, tempo, melodies, chords and arpeggios, all at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.education.synthesis.chance import log_uniform
from dap_stream.education.synthesis.envelopes import add_at
from dap_stream.education.synthesis.levels import levelled_by_frames
from dap_stream.education.synthesis.maker import SAMPLE_RATE, MakeSound
from dap_stream.education.synthesis.rooms import somewhere
from dap_stream.education.synthesis.scales import (
    BLUES,
    CHROMATIC,
    DORIAN,
    DOUBLE_HARMONIC,
    MAJOR,
    MINOR,
    PENTATONIC,
)

Instrument = Callable[[np.random.Generator, float, float], F32]
"""Plays a note: ``(rng, hz, seconds) -> [samples]``, which ring on for as long as the instrument does."""

DrawInstrument = Callable[[np.random.Generator], Instrument]
"""Draws an instrument of one kind; its docstring says only which kind that is."""

_SCALES = (MAJOR, MINOR, DORIAN, PENTATONIC, BLUES, DOUBLE_HARMONIC, CHROMATIC)


@dataclass(frozen=True)
class Key:
    """The agreement of those who play together."""

    root: float  # Hz, within the octave from 55 Hz
    scale: tuple[int, ...]  # semitones
    beat: float  # seconds

    def hz(self, step: int) -> float:
        """Give the pitch of a step of the scale, 0 the root.

        Parameters
        ----------
        step : int
            Counted from the root up, over octaves.

        Returns
        -------
        float
            Its pitch in Hz.
        """
        octave, place = divmod(step, len(self.scale))
        return float(self.root * 2.0 ** (octave + self.scale[place] / 12.0))

    def step(self, hz: float) -> int:
        """Give the step of the scale that is nearest to a pitch.

        Parameters
        ----------
        hz : float
            The pitch.

        Returns
        -------
        int
            The step.
        """
        return round(len(self.scale) * float(np.log2(hz / self.root)))


def draw_key(rng: np.random.Generator) -> Key:
    """Draw a key and a tempo.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    Key
        Both.
    """
    return Key(
        root=55.0 * 2.0 ** rng.uniform(0.0, 1.0),
        scale=_SCALES[int(rng.integers(len(_SCALES)))],
        beat=log_uniform(rng, 0.22, 1.0),
    )


def _until_the_end(seconds: float, left: int) -> float:
    """Shorten a note that would last longer than the piece: nobody hears the rest of it."""
    return min(seconds, left / SAMPLE_RATE + 0.3)


def melody(
    rng: np.random.Generator,
    n: int,
    instrument: Instrument,
    key: Key,
    low: float,
    high: float,
    slowest: float = 4.0,
) -> F32:
    """Play a tune: one note after the other, tied or short, with rests.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    n : int
        How many samples.
    instrument : Instrument
        Who plays.
    key : Key
        The key and the tempo.
    low, high : float
        The range in Hz.
    slowest : float, optional
        The longest note, in beats.

    Returns
    -------
    F32
        The tune, ``[n]``.
    """
    out = np.zeros(n, dtype=np.float32)
    bottom, top = key.step(low), key.step(high)
    step = int(rng.integers(bottom, top + 1))
    lengths = key.beat * 2.0 ** np.arange(-2.0, np.log2(slowest) + 0.1)
    lengths = lengths[lengths > 0.09]
    odds = rng.dirichlet(0.6 / lengths)
    rests, tied, leap = rng.uniform(0.0, 0.3), log_uniform(rng, 0.4, 1.3), int(rng.integers(1, 6))
    at = begin = int(rng.uniform(0.0, min(0.3 * n, SAMPLE_RATE)))
    while at < n:
        length = float(rng.choice(lengths, p=odds))
        if at == begin or rng.random() >= rests:
            add_at(
                out,
                instrument(rng, key.hz(step), _until_the_end(length * tied, n - at)),
                at,
                log_uniform(rng, 0.35, 1.0),
            )
            step += int(rng.integers(-leap, leap + 1))
            step = min(max(step, bottom), top)
        elif rng.random() < 0.15:
            length += rng.uniform(0.5, 2.5)
        at += max(1, int(length * SAMPLE_RATE * rng.uniform(0.97, 1.03)))
    return out


def chords(
    rng: np.random.Generator,
    n: int,
    instrument: Instrument,
    key: Key,
    low: float,
    high: float,
    spread: tuple[float, float] = (0.0005, 0.25),
) -> F32:
    """Play chords: struck at once, strummed, or spread into arpeggios.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    n : int
        How many samples.
    instrument : Instrument
        Who plays.
    key : Key
        The key and the tempo.
    low, high : float
        The range in Hz.
    spread : (float, float), optional
        Seconds from one note of a chord to the next, from and to.

    Returns
    -------
    F32
        The chords, ``[n]``.
    """
    out = np.zeros(n, dtype=np.float32)
    bottom, top = key.step(low), key.step(high)
    apart, most = log_uniform(rng, *spread), int(rng.integers(2, 6))
    beats, rests = float(rng.choice((1.0, 2.0, 4.0))), rng.uniform(0.0, 0.25)
    tied, stacked = log_uniform(rng, 0.4, 1.5), int(rng.integers(2, 4))
    at = begin = int(rng.uniform(0.0, min(0.3 * n, SAMPLE_RATE)))
    while at < n:
        length = max(beats * key.beat, 1.2 * apart * most, 0.3)
        if at == begin or rng.random() >= rests:
            first = int(rng.integers(bottom, max(bottom + 1, top - stacked * most)))
            steps = [first + stacked * k + int(rng.integers(0, 2)) * (k > 1) for k in range(most)]
            if rng.random() < 0.25:
                steps.reverse()
            loudness = log_uniform(rng, 0.4, 1.0)
            for k, step in enumerate(steps):
                when = at + int(k * apart * SAMPLE_RATE * rng.uniform(0.85, 1.15))
                if when < n:
                    sound = instrument(
                        rng, key.hz(step), _until_the_end(max(0.1, length * tied - k * apart), n - when)
                    )
                    add_at(out, sound, when, loudness * log_uniform(rng, 0.6, 1.0))
        elif rng.random() < 0.2:
            length += rng.uniform(0.5, 2.5)
        at += max(1, int(length * SAMPLE_RATE))
    return out


def played(draw: DrawInstrument, low: float, high: float, chordal: float, slowest: float = 4.0) -> MakeSound:
    """Make a kind of instrument into something that plays tunes or chords, in a room, at its level.

    Parameters
    ----------
    draw : callable
        Draws an instrument of that kind.
    low, high : float
        Its range in Hz; a piece keeps to a part of it.
    chordal : float
        How likely it plays chords, rather than a tune.
    slowest : float, optional
        The longest note of a tune, in beats.

    Returns
    -------
    callable
        Makes such pieces.
    """

    def play(rng: np.random.Generator, n_samples: int) -> F32:
        instrument, key = draw(rng), draw_key(rng)
        before = int(rng.uniform(0.0, 1.0) * min(n_samples, 2 * SAMPLE_RATE)) * (rng.random() < 0.5)
        bottom = log_uniform(rng, low, 0.6 * high)
        top = min(high, bottom * log_uniform(rng, 1.5, 5.0))
        if rng.random() < chordal:
            sound = chords(rng, before + n_samples, instrument, key, bottom, top)
        else:
            sound = melody(rng, before + n_samples, instrument, key, bottom, top, slowest)
        sound = somewhere(rng, sound)
        # It may be under way already; not where that would leave next to nothing.
        heard = sound[before:]
        if n_samples and np.abs(heard).max() < 0.03 * np.abs(sound).max():
            heard = sound[:n_samples]
        return levelled_by_frames(rng, heard)

    return play
