"""Lines put together to series of harmonics, and which of them are taken for hum."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dap_stream.processors.dehum.lines import Line
from dap_stream.processors.dehum.settings import MAINS

MAINS_HZ = (50.0, 60.0)
_LOW = 6  # harmonics of mains of which one has to be strong
_OFF_HZ = 0.4  # that mains may be off, most of it the clock of a recorder
_NEAR_HZ, _NEAR_PART = 0.3, 2e-4  # that a harmonic may be off: what interpolation and drift leave
WHINE_HZ = 10_000.0  # above it nothing is played
MOST_HARMONICS = 400
_FEWEST_TRIED = 60  # harmonics that are looked for, also where no line was found

_CLEAR_DB = 12.0
WEAK_DB = 8.0  # prominence of one among others of a series
# Least prominence, largest spread and trend, in dB, of a line that says that there is a series. In speech as
# loud, hum has a spread and a trend of 0 to 1.5, notes of instruments have 3 and more. Mains may change its
# level with the machines on the line, and is known by its frequency.
_MAINS, _TONE = (12.0, 3.5, 3.0), (12.0, 2.0, 2.0)
_SURE = (15.0, 1.5, 1.5)  # in a recording that is too short to be certain of a tone
_WEAK_SPREAD_DB = 4.5  # what fluctuates more is no line, but noise or speech


@dataclass(frozen=True)
class Series:
    """A fundamental and its harmonics.

    Parameters
    ----------
    fundamental_hz
        Need not be heard itself.
    n_harmonics
        Numbers that there may be, the fundamental included.
    is_mains
        Whether it comes from the power line.
    """

    fundamental_hz: float
    n_harmonics: int
    is_mains: bool


def _is_steady(line: Line, prominence_db: float, spread_db: float, trend_db: float) -> bool:
    return line.prominence_db >= prominence_db and line.spread_db <= spread_db and line.trend_db <= trend_db


def _members(lines: Sequence[Line], fundamental_hz: float) -> list[tuple[int, Line]]:
    """Lines that are its harmonics, with their numbers: low ones tell where the high ones are."""
    found: list[tuple[int, Line]] = []
    for most in (6, 20, 80, MOST_HARMONICS):
        if found:
            fundamental_hz = _refined(found)
        found = []
        for line in lines:
            number = round(line.frequency_hz / fundamental_hz)
            off = abs(line.frequency_hz - number * fundamental_hz)
            if 1 <= number <= most and off <= _NEAR_HZ + _NEAR_PART * line.frequency_hz:
                found.append((number, line))
    return found


def _refined(members: Sequence[tuple[int, Line]]) -> float:
    """The fundamental that fits best: each line says it as exactly as its number is high."""
    numbers = np.array([number for number, _ in members], float)
    frequencies = np.array([line.frequency_hz for _, line in members])
    return float(np.sum(frequencies * numbers) / np.sum(numbers**2))


def _mains(lines: Sequence[Line]) -> list[list[tuple[int, Line]]]:
    """Harmonics of the power line, with their numbers: at most one series of each kind."""
    found: list[list[tuple[int, Line]]] = []
    free = [line for line in lines if line.spread_db <= _WEAK_SPREAD_DB]
    for _ in MAINS_HZ:
        candidates = [_best_mains(free, base) for base in MAINS_HZ]
        best = max(candidates, key=len)
        lowest = [line for number, line in best if number <= _LOW and _is_steady(line, *_MAINS)]
        numbers = [number for number, _ in best]
        # Rectified mains has even harmonics only; all of a higher common factor are those of another tone.
        if not lowest or math.gcd(*numbers) > 2 or (len(best) < 3 and min(numbers) > 2):
            break
        found.append(best)
        free = [line for line in free if line not in (member for _, member in best)]
    return found


def _best_mains(lines: Sequence[Line], base: float) -> list[tuple[int, Line]]:
    """The most lines that are harmonics of one frequency near ``base``."""
    best: list[tuple[int, Line]] = []
    for line in lines:
        number = round(line.frequency_hz / base)
        if 1 <= number <= _LOW and abs(line.frequency_hz / number - base) <= _OFF_HZ:
            members = _members(lines, line.frequency_hz / number)
            best = max(best, members, key=len)
    return best


def find_series(
    lines: Sequence[Line], sample_rate: int, tones: str, is_long: bool, is_all: bool
) -> list[Series]:
    """The series that are hum.

    Parameters
    ----------
    lines
        Of one time.
    sample_rate
        Hz.
    tones
        As of the settings.
    is_long
        Whether they were watched for long enough to tell any steady tone from music.
    is_all
        Whether there is no more of the recording, so that those that are surest are taken all the same.
    """
    taken: set[Line] = set()
    series = []

    def add(members: Sequence[tuple[int, Line]], is_mains: bool) -> None:
        fundamental_hz = _refined(members)
        # A faint line far up may be there by chance.
        clear = [number for number, line in members if line.prominence_db >= _CLEAR_DB]
        tried = max(_FEWEST_TRIED, 2 * max(clear, default=0))
        most = min(tried, int(0.98 * sample_rate / 2.0 / fundamental_hz), MOST_HARMONICS)
        if most >= 1:
            series.append(Series(fundamental_hz, most, is_mains))
        taken.update(line for _, line in members)

    for members in _mains(lines):
        add(members, True)
    if not is_long and not is_all:
        return series
    for line in lines:
        if line in taken or not _is_steady(line, *(_TONE if is_long else _SURE)):
            continue
        if tones == MAINS and line.frequency_hz < WHINE_HZ:
            continue
        add(_members(lines, line.frequency_hz), False)
    return series
