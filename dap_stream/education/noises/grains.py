"""Many small events that make one sound: rain, fire, applause, gravel, frying."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.education.noises.objects import blows, body, struck
from dap_stream.education.noises.times import regular
from dap_stream.education.synthesis.chance import log_uniform, slow
from dap_stream.education.synthesis.filters import high_pass
from dap_stream.education.synthesis.levels import gain_of_db, levelled_as_a_whole, unit
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.noise import colour, coloured, filtered, white
from dap_stream.education.synthesis.noise_kernels import bursts, damped_sines
from dap_stream.education.synthesis.rooms import in_room


def grains(
    rng: np.random.Generator,
    n_samples: int,
    rate: float,
    pitch: tuple[float, float],
    decay: tuple[float, float],
    tone: float,
    spread_db: float,
    tilt: tuple[float, float] = (-6.0, 6.0),
) -> F64:
    """Independent grains: bits of noise and damped tones, few of them loud.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_samples : int
    rate : float
        Grains a second.
    pitch, decay : tuple of float
        Hz and seconds, from and to, for each grain.
    tone : float
        Amplitude of the tones beside that of the noise.
    spread_db : float
        How different their strengths are.
    tilt : tuple of float
        Of the noise, dB an octave, from and to.

    Returns
    -------
    F64
        RMS 1.
    """
    n = int(rng.poisson(rate * n_samples / SAMPLE_RATE)) + 1
    chance = np.exp(np.clip(rng.uniform(0.0, 1.0) * slow(rng, n_samples, log_uniform(rng, 0.3, 10.0)), -3, 2))
    starts = rng.integers(0, n_samples, n)
    kept = rng.random(n) * np.max(chance) < chance[starts]
    kept[0] = True
    starts = starts[kept]
    n = len(starts)
    strengths = blows(rng, n, spread_db)
    decays = np.exp(rng.uniform(np.log(decay[0]), np.log(decay[1]), n))
    noise = np.zeros(n_samples)
    bursts(noise, white(rng, n_samples), starts, decays * rng.uniform(0.0, 0.6), decays, strengths)
    audio = filtered(noise, colour(rng, tilt))
    tones = np.zeros(n_samples)
    frequencies = np.exp(rng.uniform(np.log(pitch[0]), np.log(pitch[1]), n))
    damped_sines(tones, starts, frequencies, decays, strengths * rng.exponential(1.0, n))
    return unit(unit(audio) + unit(tones) * tone)


def rain(rng: np.random.Generator, n_samples: int) -> F32:
    """Far rain as a hiss, near drops on whatever they fall on, a gutter."""
    audio = coloured(rng, n_samples, (-5.0, 4.0), 5)
    if rng.random() < 0.3:
        audio *= gain_of_db(1.5 * slow(rng, n_samples, 0.5))
    for _ in range(int(rng.integers(1, 4))):
        lowest = log_uniform(rng, 150.0, 3000.0)
        layer = grains(
            rng,
            n_samples,
            log_uniform(rng, 3.0, 2500.0),
            (lowest, min(lowest * log_uniform(rng, 1.3, 12.0), 7500.0)),
            (0.0005, log_uniform(rng, 0.0015, 0.012)),
            gain_of_db(rng.uniform(-25.0, 3.0)).item(),
            rng.uniform(2.0, 9.0),
        )
        audio += layer * gain_of_db(rng.uniform(-15.0, 12.0))
    return levelled_as_a_whole(rng, audio)


def fire(rng: np.random.Generator, n_samples: int) -> F32:
    """A low roar that flickers, crackling in all sizes, pops; close or in a stove."""
    flicker = np.exp(np.clip(0.6 * slow(rng, n_samples, log_uniform(rng, 2.0, 12.0)), -3.0, 2.0))
    audio = coloured(rng, n_samples, (-9.0, -2.0), 3) * flicker
    audio += coloured(rng, n_samples, (-3.0, 4.0), 3) * gain_of_db(rng.uniform(-30.0, 6.0))
    for _ in range(int(rng.integers(1, 5))):
        crackle = grains(
            rng,
            n_samples,
            log_uniform(rng, 1.0, 500.0),
            (log_uniform(rng, 200.0, 1500.0), 6500.0),
            (0.0003, log_uniform(rng, 0.001, 0.02)),
            gain_of_db(rng.uniform(-25.0, 0.0)).item(),
            rng.uniform(2.0, 11.0),
        )
        audio += crackle * gain_of_db(rng.uniform(-20.0, 10.0))
    return levelled_as_a_whole(rng, in_room(rng, audio))


def frying(rng: np.random.Generator, n_samples: int) -> F32:
    """Frying, fizzing, gravel, sand: dense and bright, with coarser grains between."""
    audio = coloured(rng, n_samples, (-3.0, 6.0), 3) * gain_of_db(rng.uniform(-25.0, 0.0))
    for _ in range(int(rng.integers(1, 4))):
        layer = grains(
            rng,
            n_samples,
            log_uniform(rng, 30.0, 3000.0),
            (log_uniform(rng, 500.0, 3000.0), 7500.0),
            (0.0003, log_uniform(rng, 0.0008, 0.01)),
            gain_of_db(rng.uniform(-25.0, -3.0)).item(),
            rng.uniform(2.0, 8.0),
        )
        audio += layer * gain_of_db(rng.uniform(-9.0, 6.0))
    return levelled_as_a_whole(rng, audio)


def gravel(rng: np.random.Generator, n_samples: int) -> F32:
    """Rattling, pouring and crunching in gestures: rice, pills, leaves, a box of screws."""
    gesture = np.exp(
        np.clip(rng.uniform(0.8, 2.5) * slow(rng, n_samples, log_uniform(rng, 0.7, 8.0)), -6.0, 2.0)
    )
    audio = np.zeros(n_samples)
    for _ in range(int(rng.integers(1, 4))):
        layer = grains(
            rng,
            n_samples,
            log_uniform(rng, 30.0, 1500.0),
            (log_uniform(rng, 300.0, 3000.0), 7000.0),
            (0.0005, log_uniform(rng, 0.001, 0.04)),
            gain_of_db(rng.uniform(-20.0, 6.0)).item(),
            rng.uniform(3.0, 9.0),
        )
        audio += layer * gain_of_db(rng.uniform(-9.0, 0.0))
    return levelled_as_a_whole(rng, in_room(rng, audio * gesture))


def applause(rng: np.random.Generator, n_samples: int) -> F32:
    """People who clap, each with hands and a tempo of their own: from two in a room to a full hall."""
    seconds = n_samples / SAMPLE_RATE
    crowd = int(log_uniform(rng, 2.0, 30.0) if rng.random() < 0.45 else log_uniform(rng, 20.0, 1200.0))
    swell = np.exp(np.clip(0.4 * slow(rng, n_samples, log_uniform(rng, 0.1, 0.6)), -2.0, 1.0))
    together = log_uniform(rng, 1.5, 4.0) if rng.random() < 0.12 else 0.0
    near = np.zeros(n_samples)
    for _ in range(min(crowd, int(rng.integers(2, 13)))):
        at = _claps(rng, seconds, together)
        hands = body(rng, (350.0, 2600.0), (0.0012, 0.008), (0.4, 5.0), (0.002, 0.012), (-5.0, 4.0))
        part = struck(rng, hands, at, blows(rng, len(at), rng.uniform(1.0, 4.0)), n_samples, 5.0)
        near += part * gain_of_db(-20.0 * abs(float(rng.standard_normal())) * 0.5)
    audio = in_room(rng, near)
    if crowd > 12:
        far = np.zeros(n_samples)
        for group in range(4):
            at = np.concatenate([_claps(rng, seconds, together) for _ in range(max(1, (crowd - 12) // 4))])
            starts, n = (at * SAMPLE_RATE).astype(np.int64), len(at)
            noise = np.zeros(n_samples)
            decays = log_uniform(rng, 0.002, 0.01) * np.exp(0.3 * rng.standard_normal(n))
            bursts(noise, white(rng, n_samples), starts, 0.3 * decays, decays, blows(rng, n, 5.0))
            noise = filtered(noise, colour(rng, (-5.0, 3.0)))
            tones = np.zeros(n_samples)
            pitch = np.exp(rng.normal(np.log(900.0 + 250.0 * group), 0.4, n))
            damped_sines(tones, starts, np.clip(pitch, 200.0, 6000.0), decays, blows(rng, n, 6.0))
            far += unit(noise) + unit(tones) * gain_of_db(rng.uniform(-12.0, 3.0))
        # The more people, the less any of them stands out.
        mean = 5.0 * np.log10(crowd / 30.0)
        audio = unit(audio) + in_room(rng, unit(far), 1.0) * gain_of_db(rng.uniform(-9.0, 15.0) + mean)
    # Hands are small: there is little in them at low pitch.
    limit_hz, order = log_uniform(rng, 60.0, 900.0), rng.uniform(0.5, 2.5)
    audio = filtered(audio, lambda frequencies_hz: high_pass(frequencies_hz, limit_hz, order))
    if rng.random() < 0.3:
        audio = unit(audio) + coloured(rng, n_samples, (-6.0, 2.0), 5) * gain_of_db(rng.uniform(-40.0, -8.0))
    return levelled_as_a_whole(rng, audio * swell)


def _claps(rng: np.random.Generator, seconds: float, together: float) -> F64:
    tempo = together * (1.0 + 0.01 * rng.standard_normal()) if together else log_uniform(rng, 1.8, 6.5)
    at = regular(rng, seconds, float(tempo), rng.uniform(0.01, 0.12))
    first, last = np.sort(rng.uniform(-0.5 * seconds, 1.5 * seconds, 2))
    kept = at[(at > first) & (at < last)]
    return kept if len(kept) else at[:1]
