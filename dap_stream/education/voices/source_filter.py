"""From sounds to samples: targets become smooth tracks, tracks drive the glottis and the tract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from dap_stream.core.array_types import F32, F64
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.voices import glottis, tract
from dap_stream.education.voices.sounds import Sound
from dap_stream.education.voices.speaker import Speaker

HOP = 40
"""Samples per frame of the tracks: 2.5 ms, short enough for a burst."""

FRAMES_PER_SECOND = SAMPLE_RATE / HOP
NASAL_POLE = 270.0
HIGHEST_FORMANT = 7200.0
"""Hz; beside its mirror image above 8 kHz a resonance would whistle."""

WIDTHS = np.array([60.0, 90.0, 130.0, 200.0, 280.0, 380.0, 500.0, 650.0])
"""Bandwidths of the formants, Hz."""

F1, F2, F3, DAMPING, VOICE, AIR, NASAL, PITCH, ROUGH, LEVEL = range(10)
LOW, LOW_WIDTH, LOW_GAIN, HIGH, HIGH_WIDTH, HIGH_GAIN = range(10, 16)


@dataclass(frozen=True)
class Manner:
    """How the sounds are brought out."""

    whisper: bool = False
    reach: float = 1.0
    """How far formants go from those of a neutral tract: less than 1 is mumbling."""
    consonants: float = 1.0
    """Factor of frication."""
    tilt: float = 0.0
    """Added to that of the speaker."""
    quotient: float = 0.0
    """Added to that of the speaker."""
    first: float = 1.0
    """Factor of F1: an open mouth."""
    vibrato: float = 0.0
    """Semitones."""
    drift: float = 0.4
    """Semitones that the pitch strays by."""
    glide: float = 0.12
    """Seconds that the pitch takes from target to target."""


def _row(sound: Sound) -> tuple[float, ...]:
    controls = (
        sound.damping,
        sound.voice,
        sound.aspiration,
        sound.nasal,
        sound.pitch,
        sound.rough,
        sound.level,
    )
    return (*sound.formants, *controls, *sound.low, *sound.high)


def _fill(rows: F64) -> None:
    """Each NaN becomes the next number of its column, or else the one before."""
    for column in rows.T:
        known = np.flatnonzero(~np.isnan(column))
        if known.size == 0:
            column[:] = 0.0
        elif known.size < column.size:
            following = np.searchsorted(known, np.arange(column.size)).clip(max=known.size - 1)
            column[:] = column[known[following]]


def _smooth(columns: F64, seconds: float) -> F64:
    """Two running means in a row: an S-shaped way from target to target."""
    size = max(round(0.5 * seconds * FRAMES_PER_SECOND), 1)
    once = uniform_filter1d(columns, size, axis=0, mode="nearest")
    smooth: F64 = uniform_filter1d(once, size, axis=0, mode="nearest", origin=0 if size % 2 else -1)
    return smooth


def _drift(rng: np.random.Generator, frames: int, seconds: float) -> F64:
    """Slow noise with a deviation of about 1."""
    knots = rng.standard_normal(int(frames / FRAMES_PER_SECOND / seconds) + 3)
    where = np.arange(frames) / FRAMES_PER_SECOND / seconds
    return _smooth(np.interp(where, np.arange(knots.size), knots), seconds)


def _tracks(sounds: Sequence[Sound], speaker: Speaker) -> F64:
    """Targets of each frame ``[frames, columns]``, smoothed."""
    rows = np.array([_row(sound) for sound in sounds])
    _fill(rows)
    ends = np.round(np.cumsum([sound.seconds for sound in sounds]) * FRAMES_PER_SECOND).astype(np.int64)
    tracks = np.repeat(rows, np.diff(ends, prepend=0), axis=0)
    slow, quick = [F1, F2, F3, DAMPING, NASAL], [VOICE, AIR, LOW_GAIN, HIGH_GAIN]
    tracks[:, slow] = _smooth(tracks[:, slow], speaker.slackness)
    tracks[:, [LEVEL]] = _smooth(tracks[:, [LEVEL]], 0.04)
    tracks[:, quick] = _smooth(tracks[:, quick], 0.01)
    tracks[:, [VOICE]] = _smooth(tracks[:, [VOICE]], speaker.softness)
    return tracks


def _pitch(rng: np.random.Generator, tracks: F64, speaker: Speaker, manner: Manner) -> F64:
    """f0 of each frame, Hz."""
    frames = len(tracks)
    semitones = _smooth(tracks[:, PITCH], manner.glide) + manner.drift * _drift(rng, frames, 0.25)
    if manner.vibrato:
        speed = rng.uniform(4.5, 6.8) * (1.0 + 0.05 * _drift(rng, frames, 0.5))
        depth = manner.vibrato * np.clip(0.8 + 0.5 * _drift(rng, frames, 0.7), 0.0, None)
        semitones = semitones + depth * np.sin(2 * np.pi * np.cumsum(speed) / FRAMES_PER_SECOND)
    hertz: F64 = np.clip(speaker.f0 * 2 ** (semitones / 12), 25.0, 900.0)
    return hertz


def _resonances(rng: np.random.Generator, tracks: F64, speaker: Speaker, manner: Manner) -> tuple[F64, F64]:
    """Centres and widths ``[frames, 10]``: eight formants, nasal pole, nasal zero."""
    neutral = np.array([500.0, 1500.0, 2500.0])
    lower = neutral + manner.reach * (tracks[:, :3] - neutral)
    lower[:, 0] *= manner.first
    frames = len(tracks)
    pole = np.full((frames, 1), NASAL_POLE)
    # The upper formants have no targets of their own, but they do not stand still either.
    upper = speaker.upper * (1.0 + 0.04 * _drift(rng, frames, 0.15))[:, None]
    upper[:, 0] = np.maximum(upper[:, 0], lower[:, 2] + 250.0)
    centres = speaker.tract * np.hstack([lower, upper, pole, pole + tracks[:, [NASAL]]])
    centres = np.minimum(centres, HIGHEST_FORMANT)
    # Left out for good: to come and go would click.
    centres[:, 3:8][:, speaker.upper * speaker.tract > HIGHEST_FORMANT] = SAMPLE_RATE
    damping = speaker.damping * tracks[:, [DAMPING]]
    widths = np.hstack([WIDTHS * damping * np.sqrt(speaker.tract), np.full((frames, 2), 100.0)])
    return np.maximum(centres, 80.0) / SAMPLE_RATE, widths / SAMPLE_RATE


def _ramps(track: F64) -> F32:
    """From frames to samples, in straight lines."""
    ends = np.append(track, track[-1])
    steps = np.arange(HOP, dtype=np.float32) / HOP
    begin, rise = ends[:-1, None].astype(np.float32), np.diff(ends)[:, None].astype(np.float32)
    samples: F32 = (begin + rise * steps).astype(np.float32, copy=False).ravel()
    return samples


def render(
    rng: np.random.Generator, sounds: Sequence[Sound], speaker: Speaker, manner: Manner | None = None
) -> F32:
    """Let a speaker bring out sounds one after the other.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all randomness.
    sounds : sequence of Sound
        What to say; not empty.
    speaker : Speaker
        Who says it.
    manner : Manner, optional
        How; by default plain speech.

    Returns
    -------
    F32
        ``[samples]`` at 16 kHz; the loud parts have an RMS of about 1.
    """
    manner = manner or Manner()
    tracks = _tracks(sounds, speaker)
    frames = len(tracks)
    samples = frames * HOP
    f0 = _pitch(rng, tracks, speaker, manner)
    voice, air = tracks[:, VOICE], tracks[:, AIR] + speaker.breath * tracks[:, VOICE]
    if manner.whisper:
        voice, air = np.zeros(frames), np.maximum(tracks[:, AIR], tracks[:, VOICE])
    # Less effort is also a duller voice with a more open glottis.
    effort = np.clip(tracks[:, LEVEL] * voice, 0.05, 1.0)
    quotient = np.clip(speaker.quotient + manner.quotient - 0.1 * np.log10(effort), 0.25, 0.9)
    tilt = np.clip(speaker.tilt + manner.tilt - 0.25 * np.log10(effort), 0.0, 0.93)
    rough = speaker.rough + tracks[:, ROUGH]
    flow, source = np.zeros((2, samples), np.float32)
    chance = rng.standard_normal(4096, dtype=np.float32)
    glottis.pulses(
        np.append(f0, f0[-1]) / SAMPLE_RATE, quotient, tilt, rough, speaker.skew, chance, HOP, flow, source
    )

    noise = rng.standard_normal((3, samples), dtype=np.float32)
    voiced = _ramps(voice)
    # Air that goes through the glottis comes in puffs while it vibrates.
    puffs = 1.0 - voiced.clip(0.0, 1.0) * (0.8 - 1.2 * flow)
    driven = source * voiced + noise[0] * (np.float32(0.25) * _ramps(air) * puffs + np.float32(1e-5))
    driven *= _ramps(tracks[:, LEVEL])
    out = np.zeros(samples, np.float32)
    tract.resonate(driven, *_resonances(rng, tracks, speaker, manner), HOP, out)
    energy = np.sort(np.square(out.reshape(-1, HOP)).mean(axis=1))
    out /= np.float32(max(float(np.sqrt(energy[int(0.75 * frames) :].mean())), 0.01))

    gains = tracks[:, [LOW_GAIN, HIGH_GAIN]] * tracks[:, [LEVEL]] * manner.consonants
    gains = np.vstack([gains, gains[-1:]])
    centres, widths = tracks[:, [LOW, HIGH]] / SAMPLE_RATE, tracks[:, [LOW_WIDTH, HIGH_WIDTH]] / SAMPLE_RATE
    noise[1:] *= 1.0 - voiced.clip(0.0, 1.0) * (0.4 - 0.8 * flow)
    tract.noise_bands(noise[1:], gains, centres.clip(1e-3), widths.clip(1e-3), HOP, out)
    return out
