"""When things happen: regular, halting, in bursts, in rhythms, in crowds."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F64
from dap_stream.education.synthesis.chance import log_uniform


def regular(rng: np.random.Generator, seconds: float, rate: float, jitter: float = 0.02) -> F64:
    """About `rate` a second, each off by so much of a period; the tempo may drift."""
    n = int(seconds * rate) + 2
    drift = 1.0 + rng.uniform(-0.15, 0.15) * np.linspace(0.0, 1.0, n) if rng.random() < 0.3 else np.ones(n)
    at = (np.cumsum(drift) - rng.random() + jitter * rng.standard_normal(n)) / rate
    return inside(at, seconds)


def scattered(rng: np.random.Generator, seconds: float, rate: float) -> F64:
    """Independent of each other, `rate` a second on average, at least one."""
    return np.sort(rng.uniform(0.0, seconds, max(1, int(rng.poisson(rate * seconds)))))


def in_bursts(rng: np.random.Generator, seconds: float, rate: float, pause: float) -> F64:
    """Some in a row at about `rate` a second, then a pause of about so many seconds, and again."""
    spread, most = rng.uniform(0.15, 0.8), int(rng.integers(3, 25))
    at, found = -rng.random() * 0.5, [rng.uniform(0.0, seconds)]
    while at < seconds:
        gaps = rng.gamma(1.0 / spread**2, spread**2 / rate, int(rng.integers(1, most)))
        found.extend((at + np.cumsum(gaps)).tolist())
        at = found[-1] + float(rng.exponential(pause))
    return inside(np.array(found), seconds)


def rhythm(rng: np.random.Generator, seconds: float, rate: float) -> F64:
    """A pattern of two to eight beats, some left out, that repeats."""
    n = int(rng.integers(2, 9))
    steps = np.arange(n) + rng.uniform(-0.3, 0.3, n)
    steps = steps[rng.random(n) < rng.uniform(0.4, 1.0)]
    if len(steps) == 0:
        steps = np.zeros(1)
    rounds = np.arange(-1, int(seconds * rate / n) + 2) * n
    at = (rounds[:, None] + steps[None, :]).ravel() / rate + rng.random() / rate
    return inside(at + 0.004 * rng.standard_normal(len(at)), seconds)


def bouncing(rng: np.random.Generator, seconds: float) -> F64:
    """Something falls and bounces, each time sooner."""
    found = []
    for start in scattered(rng, seconds, log_uniform(rng, 0.1, 1.0)):
        gap, ratio = log_uniform(rng, 0.05, 0.4), rng.uniform(0.5, 0.93)
        gaps = gap * ratio ** np.arange(int(rng.integers(2, 20)))
        found.append(start + np.concatenate(([0.0], np.cumsum(gaps))))
    return inside(np.concatenate(found), seconds)


def any_times(rng: np.random.Generator, seconds: float, rate: float) -> F64:
    """One of these manners, drawn by chance."""
    kind = int(rng.integers(0, 6))
    if kind == 0:
        return regular(rng, seconds, rate, log_uniform(rng, 0.001, 0.3))
    if kind == 1:
        return rhythm(rng, seconds, rate * 1.5)
    if kind == 2:
        return bouncing(rng, seconds)
    if kind == 3:
        return scattered(rng, seconds, rate)
    return in_bursts(rng, seconds, rate * log_uniform(rng, 1.0, 4.0), log_uniform(rng, 0.1, 1.5))


def inside(at: F64, seconds: float) -> F64:
    """Those that fall into the recording, in order; one in it if there would be none."""
    at = np.sort(at[(at >= 0.0) & (at < seconds)])
    return at if len(at) else np.array([0.3 * seconds])
