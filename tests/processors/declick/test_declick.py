"""The repair of clicks: the contract, what is found, and what is left alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dap_stream.core.contract import CHECKS, Contract
from dap_stream.education.instruments.catalogue import INSTRUMENTS
from dap_stream.education.voices.catalogue import VOICES
from dap_stream.processors.declick.declick import Declick
from dap_stream.processors.declick.model import ClickModel
from dap_stream.processors.declick.settings import DeclickSettings


def clicks_in(audio: np.ndarray, every: int, size: float) -> np.ndarray:
    damaged = audio.copy()
    damaged[:, every // 2 :: every] += np.float32(size)
    return damaged


def repaired(audio: np.ndarray, processor: Declick) -> np.ndarray:
    """All of it as one buffer, the delay taken off."""
    out = np.concatenate((processor.process(audio), processor.flush()), axis=1)
    return np.asarray(out[:, processor.latency :])


def tones(sample_rate: int, rng: np.random.Generator, seconds: float = 0.5) -> np.ndarray:
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    both = 0.2 * np.sin(2 * np.pi * 440 * time) + 0.1 * np.sin(2 * np.pi * 1250 * time)
    return (both + 1e-3 * rng.standard_normal(len(time)))[None]


class _Clicky(Contract):
    def signal(self, rng: np.random.Generator) -> np.ndarray:
        clean = np.repeat(tones(8000, rng, self.n_samples / 8000), self.channels, axis=0)
        for i in range(6):
            clean[:, i::701] += 0.4 * rng.choice([-1.0, 1.0])
        return clean.astype(self.dtype)


CONTRACT = _Clicky(
    make=lambda: Declick(8000, 2),
    offline=lambda audio: repaired(audio, Declick(8000, 2)),
    # Its clicks are longer, and left where they are.
    make_unity=lambda: Declick(8000, 2, DeclickSettings(longest_ms=0.1)),
    channels=2,
    n_samples=6007,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Callable[[Contract, np.random.Generator], None], rng: np.random.Generator) -> None:
    check(CONTRACT, rng)


def test_the_contract_is_checked_with_clicks_that_are_repaired(rng: np.random.Generator) -> None:
    audio = CONTRACT.signal(rng)
    assert np.count_nonzero(CONTRACT.offline(audio) != audio) > 50


@pytest.mark.parametrize("sample_rate", [8000, 48000, 384000])
def test_clicks_in_tones_are_found_and_gone(sample_rate: int, rng: np.random.Generator) -> None:
    clean = tones(sample_rate, rng)
    damaged = clicks_in(clean, sample_rate // 10, 0.3)
    processor = Declick(sample_rate)
    out = repaired(damaged, processor)
    changed = np.flatnonzero(out[0] != damaged[0])
    where = np.flatnonzero(clean[0] != damaged[0])
    assert set(where) <= set(changed) and len(changed) < 4 * len(where)
    np.testing.assert_allclose(out, clean, rtol=0, atol=0.01)
    found = list(processor.findings)
    assert len(found) == len(where) == 5
    assert all(each.start <= at < each.end for each, at in zip(found, where, strict=True))
    assert found[0].text.startswith("click, ") and found[0].text.endswith(" ms")


@given(at=st.integers(0, 7999), height=st.floats(0.2, 0.9), length=st.integers(1, 24), is_up=st.booleans())
@settings(max_examples=40, deadline=None)
def test_what_is_changed_is_what_was_found_and_near_a_click(
    at: int, height: float, length: int, is_up: bool
) -> None:
    rng = np.random.default_rng(0)
    clean = tones(16000, rng)
    damaged = clean.copy()
    end = min(at + length, 8000)
    damaged[0, at:end] += (height if is_up else -height) * rng.uniform(0.5, 1.0, end - at)
    processor = Declick(16000)
    out = repaired(damaged, processor)
    is_found = np.zeros(8000, bool)
    for each in processor.findings:
        is_found[each.start : each.end] = True
    np.testing.assert_array_equal(out[0, ~is_found], damaged[0, ~is_found])
    near = slice(max(at - 160, 0), end + 160)
    is_found[near] = False
    assert not is_found.any()
    assert np.sum((out - clean) ** 2) <= np.sum((damaged - clean) ** 2) * (1 + 1e-9)
    if 1000 < at < 7000 and length <= 6:  # an end has less around it; long ones may look like a sound
        assert np.sum((out - clean) ** 2) < 0.3 * np.sum((damaged - clean) ** 2)


def test_a_long_smooth_click_goes_and_what_is_above_it_stays(rng: np.random.Generator) -> None:
    time = np.arange(24000) / 48000
    low = 0.2 * np.sin(2 * np.pi * 150 * time) + 1e-3 * rng.standard_normal(24000)
    hiss = 0.02 * np.diff(rng.standard_normal(24001))
    clean = (low + hiss)[None]
    damaged = clean.copy()
    damaged[0, 12000:12072] += 0.5 * np.sin(np.pi * np.arange(72) / 72)
    out = repaired(damaged, Declick(48000, model=ClickModel(3.0)))
    # Filled in anew, the hiss would be lost there: as much error as there is hiss.
    assert np.std((out - clean)[0, 12000:12072]) < 0.8 * np.std(hiss)


MAKERS = {
    **{name: VOICES[name] for name in ("spoken", "bass", "creaky", "shouted", "sung", "whispered")},
    **{name: INSTRUMENTS[name] for name in ("kit", "hand_drums", "single_hits", "piano", "string", "bars")},
}


@pytest.mark.parametrize("name", MAKERS)
def test_voices_and_instruments_come_back_bit_for_bit(name: str, rng: np.random.Generator) -> None:
    sound = MAKERS[name](rng, 4 * 16000)[None]
    np.testing.assert_array_equal(repaired(sound, Declick(16000)), sound)


def test_only_the_channel_that_is_damaged_is_changed(rng: np.random.Generator) -> None:
    clean = np.repeat(tones(16000, rng), 3, axis=0)
    damaged = clean.copy()
    damaged[1, 4000] += 0.5
    processor = Declick(16000, 3)
    out = repaired(damaged, processor)
    np.testing.assert_array_equal(out[[0, 2]], clean[[0, 2]])
    assert [each.channel for each in processor.findings] == [1]


@pytest.mark.parametrize("gain", [2.0**-20, 2.0**20])
def test_the_level_does_not_matter(gain: float, rng: np.random.Generator) -> None:
    damaged = clicks_in(tones(16000, rng), 1600, 0.3)
    out = repaired(damaged, Declick(16000))
    assert not np.array_equal(out, damaged)
    np.testing.assert_allclose(repaired(gain * damaged, Declick(16000)) / gain, out, rtol=0, atol=1e-9)


def test_a_jump_that_stays_is_no_click(rng: np.random.Generator) -> None:
    audio = tones(16000, rng)
    jumped = np.delete(audio, np.s_[4000:4009], axis=1)  # samples were dropped
    out = repaired(jumped, Declick(16000))
    assert np.count_nonzero(out != jumped) <= 4  # the join, at most
    jumped = audio + 0.3 * (np.arange(8000) >= 4000)
    assert np.count_nonzero(repaired(jumped, Declick(16000)) != jumped) <= 4


def test_steps_of_whole_numbers_in_silence_are_no_clicks(rng: np.random.Generator) -> None:
    for gain in (1.0, 0.3):
        audio = (gain * rng.integers(-1, 2, 16000) * (rng.random(16000) < 0.003) / 32768.0)[None]
        np.testing.assert_array_equal(repaired(audio, Declick(16000)), audio)


@pytest.mark.parametrize("n_samples", [1, 2, 31, 32, 33, 100, 700])
def test_short_ones(n_samples: int, rng: np.random.Generator) -> None:
    for audio in (np.ones((1, n_samples)), rng.standard_normal((1, n_samples)), np.zeros((1, n_samples))):
        np.testing.assert_array_equal(repaired(audio, Declick(16000)), audio)


def test_no_numbers_are_zeros_and_all_else_is_as_it_was(rng: np.random.Generator) -> None:
    audio = tones(16000, rng)
    audio[0, 3000:3400] = np.nan
    out = repaired(audio, Declick(16000))
    assert np.isfinite(out).all()
    np.testing.assert_array_equal(out[0, :2900], audio[0, :2900])


def test_more_sensitive_finds_more(rng: np.random.Generator) -> None:
    damaged = tones(16000, rng, 2.0)
    damaged[0, 800::1600] += np.geomspace(0.003, 0.3, 20)
    found = []
    for sensitivity in (1e-3, 1.0, 1e3):
        processor = Declick(16000, 1, DeclickSettings(sensitivity=sensitivity))
        repaired(damaged, processor)
        found.append(processor.findings.count)
    assert found == sorted(found) and found[0] < found[1] < found[2]


def test_what_lasts_longer_than_the_longest_is_left(rng: np.random.Generator) -> None:
    damaged = tones(16000, rng)
    damaged[0, 4000:4032] += 0.3 * rng.standard_normal(32)
    assert not np.array_equal(repaired(damaged, Declick(16000)), damaged)
    short = Declick(16000, 1, DeclickSettings(longest_ms=0.5))
    np.testing.assert_array_equal(repaired(damaged, short)[0, 4010:4022], damaged[0, 4010:4022])
