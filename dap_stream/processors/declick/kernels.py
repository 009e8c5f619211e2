"""Clicks in a window of samples, found and filled in; compiled by numba.

A click is something added to the sound for a short time, while a drum, a plosive or a pulse of a voice is a
new cause of the sound: what follows is its effect. Of an autoregressive model the two differ. What was added
is foretold by neither the samples before it nor those after, and with it taken away (filled in) nothing
unforeseen is left. A new cause leaves what comes before it without explanation when its onset is filled in.

The search is by the matched filter of the residual (Godsill & Rayner 1998, 5.3), against its own size before
and after; the fill is least-squares interpolation (Janssen, Veldhuis & Vries 1986).
"""

from __future__ import annotations

import numpy as np

from dap_stream.core import jit
from dap_stream.core.array_types import F64
from dap_stream.dsp.autoregression import (
    autocorrelation,
    backward_residual,
    interpolate,
    levinson,
    residual,
)

_SIDE = 10  # blocks before, and after, whose size counts
_RANK = 2  # the third largest of them: neither two other clicks nor a quiet side make it small
_EDGE = 3.0  # times the usual error: from here on a sample next to a click may be part of it
_TAIL = 0.01  # of the height of a click: what is smaller is no part of it yet
_LEFT = 4.0  # times the usual power: more than this is left where it was no click, or not all of it
_WORTH = 3.0  # energy, in usual errors, that each further sample of a click must explain (2: Akaike)
_ROUNDS = 3  # what is small next to a large click is found when that is gone
_TRIES = 60  # in one round
_SUSPICIOUS = 6.0  # times the usual size: what is looked at
_MODEL_ODDS = -8.0  # for the model nearly all that stands out is left out

_jit = jit.kernel(fastmath={"reassoc", "contract", "nsz"})


@_jit
def usual_size(matched: F64, first: int, last: int, block: int) -> F64:
    """Of each block of samples, the usual root mean square around it: the larger of before and after."""
    count = len(matched) // block
    power = np.zeros(count)
    for i in range(count):
        begin, end = max(i * block, first), min((i + 1) * block, last)
        if end - begin >= block // 2:
            total = 0.0
            for j in range(begin, end):
                total += matched[j] * matched[j]
            power[i] = total / (end - begin)
    out = np.zeros(count)
    for i in range(count):
        for begin, end in ((max(i - 1 - _SIDE, 0), i - 1), (i + 2, min(i + 2 + _SIDE, count))):
            if end - begin > _RANK:
                out[i] = max(out[i], np.sort(power[begin:end])[end - begin - 1 - _RANK])
    return np.sqrt(out)


@_jit
def error_energy(x: F64, a: F64, begin: int, end: int) -> float:
    """Energy of the residual of ``x`` from ``begin`` to ``end``."""
    order = len(a) - 1
    backward = a[::-1].copy()
    total = 0.0
    for i in range(begin, end):
        known = x[i - order : i + 1]
        error = 0.0
        for k in range(len(backward)):
            error += backward[k] * known[k]
        total += error * error
    return total


@_jit
def fill(x: F64, a: F64, begin: int, end: int) -> None:
    """Fill in ``x`` from ``begin`` to ``end``, in place."""
    order = len(a) - 1
    first, last = max(begin - order, 0), min(end + order, len(x))
    around = x[first:last].copy()
    is_missing = np.zeros(last - first, np.bool_)
    is_missing[begin - first : end - first] = True
    interpolate(around, a, is_missing)
    x[begin:end] = around[begin - first : end - first]


@_jit
def extent(
    forward: F64, x: F64, a: F64, centre: int, least: float, longest: int, bridge: int
) -> tuple[int, int]:
    """First sample of the click at ``centre``, and the one behind its last.

    The residual forward in time grows at once where the click begins, the one backward where it ends. Smaller
    ones than ``least`` are passed over, up to ``bridge`` in a row.
    """
    order = len(a) - 1
    begin = centre
    for i in range(centre, max(centre - longest, order) - 1, -1):
        if begin - i > bridge:
            break
        if abs(forward[i]) > least:
            begin = i
    end = centre
    for i in range(centre, min(centre + longest, len(x) - order)):
        if i - end > bridge:
            break
        ahead = x[i : i + order + 1]
        error = 0.0
        for k in range(len(a)):
            error += a[k] * ahead[k]
        if abs(error) > least:
            end = i
    return begin, end + 1


@_jit
def try_fill(
    x: F64, a: F64, begin: int, end: int, first_due: int, usual: float, longest: int
) -> tuple[int, int, float, float]:
    """Fill in a click in place, its extent made larger as long as that explains more than it costs.

    Returns its extent, and the energy of the residual from its first sample up to ``order`` behind its last,
    before and after.
    """
    order = len(a) - 1
    low, high = max(begin - longest // 2, first_due), min(end + longest // 2, len(x) - order)
    original = x[low:high].copy()
    fill(x, a, begin, end)
    per_power = 1.0 / (usual * usual)
    cost = error_energy(x, a, low, high) * per_power + _WORTH * (end - begin)
    filled = x[low:high].copy()
    better = True
    while better:
        better = False
        step = max(1, (end - begin) // 4)
        for side in range(2):
            first = max(begin - step, low) if side == 0 else begin
            last = min(end + step, high) if side == 1 else end
            if last - first > longest or last - first == end - begin:
                continue
            x[low:high] = original
            fill(x, a, first, last)
            new_cost = error_energy(x, a, low, high) * per_power + _WORTH * (last - first)
            if new_cost < cost:
                cost, begin, end, better = new_cost, first, last, True
                filled[:] = x[low:high]
    stop = min(end + order, len(x))
    x[low:high] = original
    before = error_energy(x, a, begin, stop)
    x[low:high] = filled
    return begin, end, before, error_energy(x, a, begin, stop)


@_jit
def log_odds(weights: F64, features: F64) -> float:
    """Natural log odds that this is a click and no sound, as often as both: see `odds.py`."""
    total: float = weights[0]
    for i in range(len(features)):
        total += weights[i + 1] * min(max(np.log10(features[i] + 1e-30), -3.0), 4.0)
    return total


@_jit
def sweep(
    x: F64,
    a: F64,
    due: tuple[int, int],
    sizes: tuple[int, int, int],
    sample_rate: float,
    weights: F64,
    suspicious: float,
    least_odds: float,
    least: float,
    spans: F64,
) -> int:
    """Fill in the clicks of ``x`` that begin in ``due``, in place, the largest first.

    Parameters
    ----------
    x
        ``[samples]``.
    a
        Model of the sound.
    due
        First sample, and the one behind the last.
    sizes
        In samples: the blocks that sizes are taken of; the longest click; how many unsuspicious ones may be
        within one.
    sample_rate
        Hz.
    weights
        Of the features of a candidate in its log odds.
    suspicious
        Times the usual size: what is looked at.
    least_odds
        Log odds of a click.
    least
        Height of the smallest click that counts.
    spans
        ``[clicks, 3]`` for what is found: first sample, the one behind the last, log odds.

    Returns
    -------
    int
        How many were found.
    """
    block, longest, bridge = sizes
    order, found = len(a) - 1, 0
    norm = 1.0 / np.sqrt(np.sum(a * a))
    floor = least / (norm * suspicious)
    begin_due, end_due = max(due[0], order), min(due[1], len(x) - order)
    if begin_due >= end_due:
        return 0
    is_done = np.zeros(len(x), np.bool_)
    features = np.zeros(len(weights) - 1)
    for _ in range(_ROUNDS):
        forward = residual(x, a)
        matched = backward_residual(forward, a) * norm
        usual = np.maximum(usual_size(matched, order, len(x) - order, block), floor)
        size = np.zeros(len(x))
        for i in range(begin_due, min(end_due + longest, len(x) - order)):
            if not is_done[i]:
                size[i] = abs(matched[i]) / usual[min(i // block, len(usual) - 1)]
        before = found
        for _ in range(_TRIES):
            centre = int(np.argmax(size))
            peak = size[centre]
            if peak < suspicious or found == len(spans):
                break
            here = usual[min(centre // block, len(usual) - 1)]
            begin, end = extent(
                forward, x, a, centre, max(_EDGE * here, _TAIL * abs(matched[centre])), longest, bridge
            )
            size[max(begin - bridge, 0) : end + bridge] = 0.0
            begin = max(begin, begin_due)
            if end - begin > longest or begin >= min(end, end_due):
                continue
            original = x.copy()
            begin, end, old, new = try_fill(x, a, begin, end, begin_due, here, longest)
            added = 0.0
            for i in range(begin, end):
                added += (original[i] - x[i]) ** 2
            features[0] = (end - begin) / sample_rate * 1e3
            features[1] = peak
            features[2] = old / (new + 1e-30)
            features[3] = error_energy(original, a, end, min(end + order, len(x))) / (new + 1e-30)
            features[4] = np.sum(original[begin:end] ** 2) / (added + 1e-30)
            odds = log_odds(weights, features)
            if odds > least_odds and new <= _LEFT * here * here * (end - begin + order):
                spans[found, 0], spans[found, 1], spans[found, 2] = begin, end, odds
                found += 1
                size[max(begin - order, 0) : end + order] = 0.0
                is_done[begin:end] = True
            else:
                x[:] = original
        if found == before:
            break
    return found


@_jit
def mend(
    x: F64,
    taper: F64,
    order: int,
    due: tuple[int, int],
    sizes: tuple[int, int, int],
    sample_rate: float,
    weights: F64,
    large: float,
    least_odds: float,
    least: float,
    spans: F64,
) -> int:
    """As `sweep`, with the model that the window gives when its clicks are gone.

    ``large`` is the size, against the usual one, of what may spoil that model.
    """
    a = levinson(autocorrelation(x, taper, order), order)
    trial = x.copy()
    whole = (0, len(x))
    if sweep(trial, a, whole, sizes, sample_rate, weights, large, _MODEL_ODDS, least, spans) > 0:
        a = levinson(autocorrelation(trial, taper, order), order)
    found: int = sweep(x, a, due, sizes, sample_rate, weights, _SUSPICIOUS, least_odds, least, spans)
    return found
