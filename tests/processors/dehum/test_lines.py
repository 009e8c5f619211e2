"""Which lines and series are found in sounds, and which are not."""

from __future__ import annotations

import numpy as np
import pytest
from hums import RATE, drifting, organ_tone, voice

from dap_stream.core.array_types import F64
from dap_stream.education.instruments.catalogue import INSTRUMENTS
from dap_stream.processors.dehum.lines import Search, Spectra
from dap_stream.processors.dehum.series import WEAK_DB, Series
from dap_stream.processors.dehum.settings import ALL, MAINS, DehumSettings
from dap_stream.processors.dehum.watcher import Watcher


def seen(audio: F64, tones: str = ALL, n_parts: int = 1) -> list[tuple[Series, ...]]:
    """Decisions on a stream in buffers of a twentieth of a second."""
    watcher, decisions = Watcher(RATE, DehumSettings(tones), n_parts), []
    for begin in range(0, len(audio), RATE // 20):
        if watcher.feed(audio[None, begin : begin + RATE // 20]):
            decisions += [watcher.series]
    return decisions


@pytest.mark.parametrize("hz", [50.13, 117.3, 1000.0, 7012.5])
def test_a_tone_in_noise_is_told_to_a_tenth_of_a_hz_and_a_decibel(
    rng: np.random.Generator, hz: float
) -> None:
    tone = 0.1 * np.sqrt(2.0) * np.sin(2 * np.pi * hz * np.arange(20 * RATE) / RATE)
    spectra = Spectra(RATE, 39)
    spectra.feed((tone + 0.05 * rng.standard_normal(len(tone)))[None])
    search = Search(spectra.last(39), spectra.resolution_hz, 12.0)
    search.part(0, 1)
    (line,) = search.lines()
    assert abs(line.frequency_hz - hz) < 0.1
    assert abs(10 * np.log10(line.power / 0.01)) < 1.0
    assert line.spread_db < 1.0 and line.trend_db < 1.0


def test_noise_has_no_lines(rng: np.random.Generator) -> None:
    for seconds in (8, 20):
        spectra = Spectra(RATE, 39)
        spectra.feed(rng.standard_normal((1, seconds * RATE)))
        search = Search(spectra.last(39), spectra.resolution_hz, WEAK_DB)
        for part in range(5):
            search.part(part, 5)
        assert search.lines() == []


@pytest.mark.parametrize(("hz", "is_mains"), [(50.1, True), (59.9, True), (117.3, False)])
def test_the_fundamental_is_found_under_a_voice(rng: np.random.Generator, hz: float, is_mains: bool) -> None:
    spoken = voice(rng, 22.0)
    hum = drifting(rng, len(spoken), RATE, hz, 20) * np.std(spoken) / 3.0
    (series,) = seen(spoken + hum)[-1]
    assert abs(series.fundamental_hz - hz) < 0.2
    assert series.is_mains == is_mains
    assert series.n_harmonics >= 20


def test_several_at_once(rng: np.random.Generator) -> None:
    n = 22 * RATE
    whine = np.sin(2 * np.pi * 1013.3 * np.arange(n) / RATE)
    audio = voice(rng, 22.0) + 0.02 * drifting(rng, n, RATE, 50.0, 10) + 0.01 * whine
    found = [round(series.fundamental_hz) for series in seen(audio)[-1]]
    assert found == [50, 1013]


def test_mains_is_believed_sooner_than_another_tone(rng: np.random.Generator) -> None:
    n = 22 * RATE
    audio = (
        voice(rng, 22.0) + 0.02 * drifting(rng, n, RATE, 50.0, 10) + 0.02 * drifting(rng, n, RATE, 117.3, 4)
    )
    decisions = [[round(series.fundamental_hz) for series in each] for each in seen(audio)]
    assert decisions[0] == [50]
    assert decisions[-1] == [50, 117]


@pytest.mark.parametrize("hz", [55.0, 98.0, 440.0])
def test_a_held_tone_is_hum_unless_only_mains_is_wanted(rng: np.random.Generator, hz: float) -> None:
    n = 22 * RATE
    held = 0.1 * drifting(rng, n, RATE, hz, 5) + 1e-4 * rng.standard_normal(n)
    assert seen(held)[-1]
    assert seen(held, MAINS)[-1] == ()
    assert not any(series.is_mains for series in seen(held)[-1])


def test_an_organ_stays_if_only_mains_is_wanted(rng: np.random.Generator) -> None:
    assert not any(seen(organ_tone(rng, 65.4, 22.0), MAINS))


def test_whine_above_all_music_is_hum_even_then(rng: np.random.Generator) -> None:
    watcher = Watcher(48_000, DehumSettings(MAINS))
    whine = 0.01 * np.sin(2 * np.pi * 15_734.0 * np.arange(22 * 48_000) / 48_000)
    watcher.feed((whine + 1e-4 * rng.standard_normal(len(whine)))[None])
    (series,) = watcher.series
    assert abs(series.fundamental_hz - 15_734.0) < 0.2 and series.n_harmonics == 1


def test_what_has_only_each_fifth_harmonic_of_mains_is_not_mains(rng: np.random.Generator) -> None:
    n = 22 * RATE
    audio = 0.1 * drifting(rng, n, RATE, 250.4, 10) + 1e-4 * rng.standard_normal(n)
    assert seen(audio, MAINS)[-1] == ()


@pytest.mark.parametrize("name", ["piano", "bell", "guitar", "bowed", "reed", "brass", "band"])
def test_music_has_none(rng: np.random.Generator, name: str) -> None:
    audio = INSTRUMENTS[name](rng, 24 * RATE).astype(np.float64)
    assert not any(seen(audio))


def test_a_decision_spread_over_calls_is_the_same(rng: np.random.Generator) -> None:
    audio = voice(rng, 22.0) + 0.02 * drifting(rng, 22 * RATE, RATE, 50.0, 10)
    assert seen(audio, n_parts=1) == seen(audio, n_parts=8)
