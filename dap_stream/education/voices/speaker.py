"""Who speaks: the body and the habits of a made-up person, drawn at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dap_stream.core.array_types import F64

VOWELS_AT_MOST = 14

RANGES = {"bass": (60, 105), "tenor": (95, 165), "alto": (150, 260), "child": (230, 420)}
"""Hz of the mean pitch."""

TRACTS = {"bass": (0.83, 0.98), "tenor": (0.88, 1.05), "alto": (1.0, 1.2), "child": (1.12, 1.33)}
"""Formants relative to those of a tract of 17 cm."""


@dataclass(frozen=True)
class Speaker:
    """Properties that stay while somebody talks."""

    f0: float
    """Mean pitch, Hz."""
    melody: float
    """How far the pitch goes, as a factor: 0 is monotone."""
    tract: float
    """All formants relative to a tract of 17 cm."""
    upper: F64
    """Formants 4 to 8, Hz, for a tract of 17 cm."""
    damping: float
    """Factor of all bandwidths."""
    quotient: float
    """Open share of the glottal period."""
    skew: float
    """Rising share of the open phase."""
    tilt: float
    """Coefficient of the low-pass on the pulses: 0 is bright."""
    breath: float
    """Aspiration while voiced, relative to that of a whisper."""
    rough: float
    """Random deviation of the periods."""
    rate: float
    """Syllables per second."""
    sibilance: float
    """Frequencies of frication relative to the usual ones."""
    frication: float
    """Level of frication relative to the usual one."""
    bursts: float
    """Level of bursts relative to the usual one."""
    aspirated: float
    """Seconds of aspiration after unvoiced plosives, at most."""
    nasality: float
    """0 to 1: how far vowels may be nasal."""
    creak: float
    """Chance that a phrase ends in vocal fry."""
    breaths: float
    """Chance of a breath in a pause."""
    slackness: float
    """Seconds that formants take from target to target."""
    softness: float
    """Seconds in which the voice sets in and ends."""
    vowels: F64
    """``[vowels, 3]``, Hz, for a tract of 17 cm."""
    classes: F64
    """How frequent the classes of consonants are, as probabilities; order: `sounds.CLASSES`."""


def vowel(rng: np.random.Generator) -> tuple[float, float, float]:
    """Three formants, Hz, from anywhere in the space that a tract of 17 cm can reach.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    tuple of float
        F1, F2 and F3.
    """
    first = rng.uniform(250, 850)
    open_ = (first - 250) / 600
    second = rng.uniform(700 + 350 * open_, 2450 - 800 * open_)
    third = max(second + rng.uniform(300, 700), rng.normal(2550, 180))
    if rng.random() < 0.08:  # as in "bird"
        third = max(second + 150, rng.uniform(1550, 2000))
    return first, second, third


def random_speaker(rng: np.random.Generator, kind: str | None = None) -> Speaker:
    """Somebody new.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all randomness.
    kind : str, optional
        A key of `RANGES`; by default any, children more rarely.

    Returns
    -------
    Speaker
    """
    kind = kind or str(rng.choice(["bass", "tenor", "alto", "child"], p=[0.25, 0.28, 0.35, 0.12]))
    log_low, log_high = np.log(RANGES[kind])
    upper = np.array([3500.0, 4500.0, 5500.0, 6500.0, 7500.0]) * rng.normal(1.0, 0.05, 5)
    return Speaker(
        f0=float(np.exp(rng.uniform(log_low, log_high))),
        melody=rng.uniform(0.2, 1.6),
        tract=rng.uniform(*TRACTS[kind]),
        upper=np.sort(upper),
        damping=rng.uniform(0.7, 1.6),
        quotient=rng.uniform(0.4, 0.75),
        skew=rng.uniform(0.6, 0.85),
        tilt=rng.uniform(0.0, 0.75),
        breath=float(10 ** rng.uniform(-1.7, -0.2)),
        rough=rng.uniform(0.003, 0.02),
        rate=rng.uniform(2.5, 7.0),
        sibilance=rng.uniform(0.85, 1.2),
        frication=float(10 ** rng.normal(0.0, 0.2)),
        bursts=float(10 ** rng.normal(0.0, 0.2)),
        aspirated=rng.uniform(0.01, 0.09),
        nasality=rng.random(),
        creak=float(rng.random() ** 2),
        breaths=rng.random(),
        slackness=rng.uniform(0.03, 0.09),
        softness=rng.uniform(0.005, 0.05),
        vowels=np.array([vowel(rng) for _ in range(rng.integers(5, VOWELS_AT_MOST + 1))]),
        classes=rng.dirichlet(np.array([5.0, 2.5, 5.0, 3.0, 2.5, 2.5, 1.0, 1.5])),
    )
