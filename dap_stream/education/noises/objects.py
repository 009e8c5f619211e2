"""Things that sound when they are struck: modes that ring, a noise of contact, a place in a room."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dap_stream.core.array_types import F64
from dap_stream.education.synthesis.chance import log_uniform
from dap_stream.education.synthesis.levels import gain_of_db
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.noise import colour, filtered, white
from dap_stream.education.synthesis.noise_kernels import bursts, damped_sines


@dataclass(frozen=True)
class Body:
    """How something rings, and how it sounds where it is touched.

    Parameters
    ----------
    frequencies, decays, gains : F64
        Of each mode: Hz, seconds until it has fallen by ``e``, amplitude.
    contact : float
        How strong the noise of contact is beside the modes.
    contact_decay : float
        Seconds.
    contact_tilt : tuple of float
        dB an octave, from and to.
    hardness : float
        How much harder blows are brighter, 0 to 1.
    """

    frequencies: F64
    decays: F64
    gains: F64
    contact: float
    contact_decay: float
    contact_tilt: tuple[float, float]
    hardness: float


def body(
    rng: np.random.Generator,
    pitch: tuple[float, float],
    decay: tuple[float, float],
    contact: tuple[float, float] = (0.02, 3.0),
    contact_decay: tuple[float, float] = (0.0005, 0.02),
    tilt: tuple[float, float] = (-8.0, 6.0),
) -> Body:
    """A random thing: a bar, a plate, a string or a vessel, of a material that damps high modes or does not.

    Parameters
    ----------
    rng : numpy.random.Generator
    pitch : tuple of float
        Hz of the lowest mode, from and to.
    decay : tuple of float
        Seconds of the lowest mode, from and to.
    contact, contact_decay, tilt : tuple of float
        As in `Body`, from and to.

    Returns
    -------
    Body
    """
    n = int(rng.integers(2, 26))
    lowest, kind = log_uniform(rng, *pitch), int(rng.integers(0, 4))
    if kind == 0:  # a bar
        ratios = (np.arange(n) + 1.5) ** 2 / 2.25
    elif kind == 1:  # a plate or a vessel
        ratios = np.cumsum(np.concatenate(([1.0], rng.uniform(0.05, 1.4, n - 1))))
    elif kind == 2:  # nearly a string or a tube
        ratios = np.arange(1, n + 1) * np.sqrt(1.0 + rng.uniform(0.0, 0.02) * np.arange(n) ** 2)
    else:  # anything
        ratios = np.exp(rng.uniform(0.0, 4.0, n))
        ratios[0] = 1.0
    frequencies = lowest * ratios * (1.0 + 0.01 * rng.standard_normal(n))
    kept = frequencies < 7700.0
    kept[0] = True
    frequencies = np.clip(frequencies[kept], 30.0, 7700.0)
    octaves = np.log2(frequencies / frequencies[0] + 1e-3)
    damping = rng.uniform(-0.2, 1.2)
    decays = (
        log_uniform(rng, *decay)
        * 2.0 ** (-damping * octaves)
        * np.exp(0.4 * rng.standard_normal(len(octaves)))
    )
    gains = gain_of_db(rng.uniform(-9.0, 2.0) * octaves + 6.0 * rng.standard_normal(len(octaves)))
    gains /= np.sqrt(np.sum(gains**2))
    return Body(
        frequencies,
        np.clip(decays, 0.0008, 2.0),
        gains,
        log_uniform(rng, *contact),
        log_uniform(rng, *contact_decay),
        tilt,
        rng.uniform(0.0, 1.0),
    )


def struck(
    rng: np.random.Generator, thing: Body, at: F64, strengths: F64, n_samples: int, spread: float = 4.0
) -> F64:
    """The same thing struck again and again, never twice in the same place.

    Parameters
    ----------
    rng : numpy.random.Generator
    thing : Body
    at, strengths : F64
        Seconds and amplitude of each blow.
    n_samples : int
    spread : float
        dB by which the modes of two blows differ.

    Returns
    -------
    F64
    """
    out = np.zeros(n_samples)
    if len(at) == 0:
        return out
    starts = np.minimum((at * SAMPLE_RATE).astype(np.int64), n_samples - 1)
    n_modes = len(thing.frequencies)
    octaves = np.log2(thing.frequencies / thing.frequencies[0] + 1e-3)
    soft = thing.hardness * 6.0 * np.log10(strengths / np.max(strengths) + 1e-3)
    gains = (
        strengths[:, None]
        * thing.gains
        * gain_of_db(spread * rng.standard_normal((len(at), n_modes)) + soft[:, None] * octaves)
    )
    pitch = thing.frequencies * (1.0 + 0.002 * rng.standard_normal((len(at), n_modes)))
    decays = thing.decays * np.exp(0.1 * rng.standard_normal((len(at), 1)))
    damped_sines(out, np.repeat(starts, n_modes), pitch.ravel(), decays.ravel(), gains.ravel())
    touch = np.zeros(n_samples)
    attack = thing.contact_decay * rng.uniform(0.0, 0.5, len(at))
    decay = thing.contact_decay * np.exp(0.3 * rng.standard_normal(len(at)))
    bursts(touch, white(rng, n_samples), starts, attack, decay, strengths * thing.contact)
    return out + filtered(touch, colour(rng, thing.contact_tilt))


def blows(rng: np.random.Generator, n: int, spread_db: float) -> F64:
    """Strengths of blows, around 1."""
    return gain_of_db(spread_db * rng.standard_normal(n))
