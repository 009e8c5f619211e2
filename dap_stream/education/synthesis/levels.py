"""Levels: the factor of so many decibels, an RMS of 1, and the level that a finished sound has.

The ways to find that level differ in what they take for the active part of a sound.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import lfilter

from dap_stream.core.array_types import F32, F64
from dap_stream.education.synthesis.chance import log_uniform
from dap_stream.education.synthesis.maker import SAMPLE_RATE

ACTIVE_RMS = (0.05, 0.1)  # of a finished sound, from and to
PEAK = 0.95  # at most
_FRAME = SAMPLE_RATE // 50
_ACTIVE_DB = 30.0  # a frame is active if it is no further than this below the loudest


def gain_of_db(db: float | F64) -> F64:
    """Amplitude factors of levels in decibel."""
    # Also of one number: the powers of NumPy and of Python (`db_to_gain`) differ in the last bit.
    return np.asarray(10.0 ** (np.asarray(db) / 20.0), dtype=np.float64)


def unit(audio: F64) -> F64:
    """`audio` at RMS 1; silence stays what it is."""
    rms = np.sqrt(np.mean(audio * audio))
    return audio / rms if rms > 1e-9 else audio


def levelled_as_a_whole(rng: np.random.Generator, audio: F64) -> F32:
    """Bring a noise to a level at random: all of it counts, so that what is sparse has high peaks.

    Peaks above full scale make it quieter, down to a quarter; what then is still too high is bent.
    """
    audio = np.nan_to_num(audio, nan=0.0, posinf=0.0, neginf=0.0)
    audio = unit(audio - np.mean(audio)) * log_uniform(rng, *ACTIVE_RMS)
    peak = float(np.max(np.abs(audio), initial=1e-9))
    if peak > PEAK:
        audio = audio * max(PEAK / peak, 0.25)
        audio = np.where(
            np.abs(audio) > 0.8, np.sign(audio) * (0.8 + 0.18 * np.tanh((abs(audio) - 0.8) / 0.18)), audio
        )
    return audio.astype(np.float32)


def levelled_by_frames(rng: np.random.Generator, sound: F32) -> F32:
    """Bring a sound to a level at random: frames far below the loudest do not count. Silence stays silent."""
    wanted = rng.uniform(*ACTIVE_RMS)
    if len(sound) == 0:
        return sound
    frames = np.pad(sound, (0, -len(sound) % _FRAME)).reshape(-1, _FRAME).astype(np.float64)
    power = np.mean(frames * frames, axis=1)
    loudest, peak = float(power.max()), float(np.abs(sound).max())
    if not loudest > 1e-20:
        return np.zeros_like(sound)
    active = float(np.sqrt(power[power > loudest * 10.0 ** (-_ACTIVE_DB / 10.0)].mean()))
    return sound * np.float32(min(wanted / active, PEAK / peak))


def levelled_as_a_voice(rng: np.random.Generator, audio: F32) -> F32:
    """Bring a voice to a level at random: pauses do not count, and a constant part is taken away."""
    audio = lfilter([1.0, -1.0], [1.0, -0.985], audio).astype(np.float32)
    power = uniform_filter1d(np.square(audio), 800)[::400]
    active = power[power > 0.01 * power.max(initial=0.0)]  # 20 dB down
    rms = float(np.sqrt(active.mean())) if active.size else 1.0
    gain = rng.uniform(*ACTIVE_RMS) / max(rms, 1e-9)
    gain = min(gain, PEAK / max(float(np.abs(audio).max(initial=0.0)), 1e-9))
    level: F32 = audio * np.float32(gain)
    return level
