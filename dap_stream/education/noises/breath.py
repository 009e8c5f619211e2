"""Things that breathe: snoring, purring, coughs and sighs."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.education.noises.harmonic_tones import random_harmonics
from dap_stream.education.noises.times import any_times
from dap_stream.education.synthesis.chance import log_uniform, slow
from dap_stream.education.synthesis.levels import gain_of_db, levelled_as_a_whole, unit
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.noise import coloured, white
from dap_stream.education.synthesis.noise_kernels import swept_band
from dap_stream.education.synthesis.rooms import in_room


def snoring(rng: np.random.Generator, n_samples: int) -> F32:
    """Breath in and out; while it is drawn, a flutter of soft parts through a throat and a nose."""
    pace = log_uniform(rng, 0.18, 0.6)
    drift = 1.0 + 0.15 * slow(rng, n_samples, 0.3)
    phase = (np.cumsum(drift * pace) / SAMPLE_RATE + rng.random()) % 1.0
    split, rest = rng.uniform(0.3, 0.6), rng.uniform(0.0, 0.25)
    drawn = _hump(phase / split, rng.uniform(0.3, 2.5), rng.uniform(0.4, 2.5))
    blown = _hump(
        (phase - split) / max(1.0 - split - rest, 0.1), rng.uniform(0.3, 2.0), rng.uniform(0.5, 3.0)
    )
    audio = coloured(rng, n_samples, (-8.0, 2.0), 6) * (
        drawn * rng.uniform(0.1, 1.0) + blown * rng.uniform(0.05, 1.0)
    )
    audio = unit(audio) * gain_of_db(rng.uniform(-25.0, 3.0))
    for hump, often in ((drawn, 0.9), (blown, 0.3)):
        if rng.random() < often:
            audio += _flutter(rng, hump) * gain_of_db(rng.uniform(-9.0, 3.0))
    for hump in (drawn, blown):
        if rng.random() < 0.25:
            audio += _wheeze(rng, hump) * gain_of_db(rng.uniform(-18.0, 0.0))
    ground = coloured(rng, n_samples, (-9.0, 2.0)) * gain_of_db(rng.uniform(-60.0, 0.0))
    return levelled_as_a_whole(rng, in_room(rng, unit(audio)) + ground)


def _wheeze(rng: np.random.Generator, force: F64) -> F64:
    """A tone in the breath that glides as it swells: a moan, a wheeze, a whistle; RMS 1."""
    n = len(force)
    pitch = log_uniform(rng, 70.0, 1800.0) * np.exp(rng.uniform(-0.6, 0.6) * force)
    pitch *= np.exp(rng.uniform(0.01, 0.15) * slow(rng, n, log_uniform(rng, 1.0, 15.0)))
    tone = random_harmonics(rng, pitch, 30, (-14.0, -2.0), 0.1) * force ** rng.uniform(0.7, 3.0)
    centre = log_uniform(rng, 250.0, 3000.0) * np.exp(rng.uniform(-0.5, 0.5) * force)
    return unit(tone * 0.3 + swept_band(tone, centre, np.full(n, log_uniform(rng, 1.0, 9.0))))


def _hump(x: F64, rise: float, fall: float) -> F64:
    """Up and down between 0 and 1; zero outside."""
    x = np.clip(x, 0.0, 1.0)
    hump = x**rise * (1.0 - x) ** fall * ((rise + fall) ** (rise + fall) / (rise**rise * fall**fall))
    return np.asarray(hump, dtype=np.float64)


def _flutter(rng: np.random.Generator, force: F64) -> F64:
    """Pulses as of a flutter, uneven in time and strength, through moving resonances; RMS 1."""
    n = len(force)
    pitch = log_uniform(rng, 14.0, 110.0) * (0.7 + rng.uniform(0.0, 0.6) * force)
    pitch *= np.exp(rng.uniform(0.02, 0.25) * slow(rng, n, log_uniform(rng, 5.0, 40.0)))
    turns = np.cumsum(pitch) / SAMPLE_RATE
    shape = np.exp(log_uniform(rng, 0.4, 6.0) * (np.cos(2 * np.pi * turns) - 1.0))
    every = gain_of_db(rng.uniform(0.0, 4.0) * rng.standard_normal(int(turns[-1]) + 2))
    gate = np.maximum(force - rng.uniform(0.0, 0.35), 0.0)
    pulses = shape * every[turns.astype(np.int64)] * gate
    source = np.diff(pulses, prepend=0.0) * log_uniform(rng, 5.0, 60.0) + pulses * white(
        rng, n
    ) * rng.uniform(0.05, 1.0)
    audio = source * rng.uniform(0.0, 0.3)
    wobble = np.exp(0.1 * slow(rng, n, 3.0))
    for _ in range(int(rng.integers(2, 6))):
        centre = log_uniform(rng, 80.0, 3500.0)
        formant = swept_band(source, centre * wobble, np.full(n, log_uniform(rng, 1.5, 12.0)))
        audio += formant * (300.0 / centre) ** rng.uniform(-0.3, 1.0)
    return unit(audio)


def purring(rng: np.random.Generator, n_samples: int) -> F32:
    """Purring, growling, bubbling, ratchets: pulses that never quite stop, in and out."""
    force = 0.6 + 0.4 * np.sin(2 * np.pi * log_uniform(rng, 0.3, 3.0) * np.arange(n_samples) / SAMPLE_RATE)
    force = np.clip(force + 0.2 * slow(rng, n_samples, 2.0), 0.05, 1.2)
    audio = _flutter(rng, force)
    audio += coloured(rng, n_samples, (-8.0, 0.0)) * gain_of_db(rng.uniform(-40.0, -6.0))
    return levelled_as_a_whole(rng, in_room(rng, audio))


def breathing(rng: np.random.Generator, n_samples: int) -> F32:
    """Breath, coughs, sniffs, sighs: short noises with the resonances of a mouth."""
    audio = np.zeros(n_samples)
    at = any_times(rng, n_samples / SAMPLE_RATE, log_uniform(rng, 0.3, 2.5))
    gate = np.zeros(n_samples)
    for start in at[:40]:
        n = int(log_uniform(rng, 0.06, 1.2) * SAMPLE_RATE)
        hump = _hump(np.linspace(0.0, 1.0, n), rng.uniform(0.1, 1.5), rng.uniform(0.5, 4.0))
        piece = gate[int(start * SAMPLE_RATE) : int(start * SAMPLE_RATE) + n]
        piece += hump[: len(piece)] * gain_of_db(rng.uniform(-15.0, 0.0))
    for _ in range(int(rng.integers(2, 6))):
        centre = log_uniform(rng, 250.0, 6000.0) * np.exp(0.15 * slow(rng, n_samples, 3.0))
        noise = swept_band(white(rng, n_samples), centre, np.full(n_samples, log_uniform(rng, 1.0, 9.0)))
        audio += unit(noise) * gain_of_db(rng.uniform(-12.0, 0.0))
    audio = audio * gate
    if rng.random() < 0.4:
        audio += _flutter(rng, gate) * np.std(audio) * gain_of_db(rng.uniform(-9.0, 9.0))
    ground = coloured(rng, n_samples, (-9.0, 2.0)) * gain_of_db(rng.uniform(-60.0, 0.0))
    return levelled_as_a_whole(rng, in_room(rng, unit(audio)) + ground)
