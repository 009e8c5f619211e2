"""The repair of gaps: what it finds, what it leaves alone, and how near it comes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from dap_stream.core.arrays import process_array
from dap_stream.core.contract import CHECKS, Contract
from dap_stream.core.stream_format import StreamFormat
from dap_stream.processors.findings import Findings, RepairModel
from dap_stream.processors.inpaint.entry import INPAINT
from dap_stream.processors.inpaint.inpaint import KIND, Inpaint
from dap_stream.processors.inpaint.settings import InpaintSettings

RATE = 8000


def sound(n_samples: int, rate: int = RATE, seed: int = 1) -> np.ndarray:
    """Some tones and a little coloured noise ``[samples]``, as 16 bits have it."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_samples) / rate
    tones = sum(np.sin(2 * np.pi * f * t + f) for f in (123.0, 391.7, 870.3))
    noise = lfilter([1.0], [1.0, -0.8], rng.standard_normal(n_samples))
    return np.asarray(np.round((0.1 * tones + 0.01 * noise) * 32768.0) / 32768.0)


def repaired(
    audio: np.ndarray, rate: int = RATE, settings: InpaintSettings | None = None
) -> tuple[np.ndarray, Findings]:
    processor = Inpaint(rate, len(np.atleast_2d(audio)), settings)
    return process_array(processor, audio), processor.findings


CONTRACT = Contract(
    make=lambda: Inpaint(RATE, 2),
    offline=np.copy,  # the test's noise has no gaps
    channels=2,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Callable[[Contract, np.random.Generator], None], rng: np.random.Generator) -> None:
    check(CONTRACT, rng)


class _Holed(Contract):
    """With gaps in its signal."""

    def signal(self, rng: np.random.Generator) -> np.ndarray:
        audio = np.tile(sound(self.n_samples), (2, 1)).astype(self.dtype)
        audio[:, 3000:3100] = 0.0
        audio[0, 9000:9900] = 0.0
        audio[1, 15000:19500] = 0.0
        return audio


@pytest.mark.parametrize("check", [each for each in CHECKS if each.__name__ not in ("pure_delay", "offline")])
def test_contract_where_there_are_gaps(
    check: Callable[[Contract, np.random.Generator], None], rng: np.random.Generator
) -> None:
    check(_Holed(lambda: Inpaint(RATE, 2), np.copy, channels=2, buffer_sizes=(777, 8193)), rng)


@pytest.mark.parametrize("rate", [8000, 44100])
@pytest.mark.parametrize(
    ("ms", "least_db", "how"),
    [
        (5, 15.0, "autoregressive model"),
        (50, 12.0, "autoregressive model"),
        (120, 6.0, "spectrum of its surroundings"),
    ],
)
def test_gaps_of_zeros_are_found_and_filled(rate: int, ms: int, least_db: float, how: str) -> None:
    clean = sound(3 * rate, rate)
    start, end = rate + 77, rate + 77 + ms * rate // 1000
    damaged = clean.copy()
    damaged[start:end] = 0.0
    made, findings = repaired(damaged[None], rate)
    (finding,) = findings
    assert (finding.kind, finding.channel) == (KIND, None)
    assert abs(finding.start - start) <= 1 and abs(finding.end - end) <= 1
    assert finding.text == f"gap of zeros, {1000 * finding.n_samples / rate:.3g} ms, filled by " + (
        "an autoregressive model" if "auto" in how else f"the {how}"
    )
    kept = np.ones(len(clean), np.bool_)
    kept[finding.start : finding.end] = False
    np.testing.assert_array_equal(made[0, kept], damaged[kept])
    error = np.sum((made[0] - clean)[start:end] ** 2)
    assert 10.0 * np.log10(np.sum(clean[start:end] ** 2) / error) > least_db


def test_the_level_and_an_offset_do_not_matter() -> None:
    clean = sound(2 * RATE)
    damaged = clean.copy()
    damaged[9000:9400] = 0.0
    expected, _ = repaired(damaged[None])
    for gain in (1e-6, 1e6):
        made, findings = repaired(damaged[None] * gain)
        assert findings.count == 1
        np.testing.assert_allclose(made / gain, expected, atol=1e-5)
    made, findings = repaired(damaged[None] + 0.25)
    assert [each.text[:21] for each in findings] == ["gap of a constant 0.25"[:21]]
    np.testing.assert_allclose(made - 0.25, expected, atol=1e-3)


def test_a_held_sample_is_a_gap() -> None:
    damaged = sound(2 * RATE)
    damaged[9000:9200] = damaged[8999]
    made, findings = repaired(damaged[None])
    (finding,) = findings
    assert (finding.start, finding.end) == (8999, 9200) and "gap of a constant" in finding.text
    assert np.std(made[0, 9000:9200]) > 0.05


@pytest.mark.parametrize(("lag", "times"), [(64, 1), (512, 1), (480, 3), (4096, 1)])
def test_repeated_buffers_are_found(lag: int, times: int) -> None:
    clean = sound(4 * RATE)
    damaged = clean.copy()
    damaged[15000 : 15000 + lag * times] = np.tile(clean[15000 - lag : 15000], times)
    made, findings = repaired(damaged[None])
    (finding,) = findings
    assert abs(finding.start - 15000) <= 2 and abs(finding.end - 15000 - lag * times) <= 2
    again = f" {times} times" if times > 1 else ""
    assert f"buffer of {lag} samples ({1000 * lag / RATE:.1f} ms) repeated{again}, " in finding.text
    assert not np.array_equal(made[0, 15000 : 15000 + lag], damaged[15000 : 15000 + lag])


def test_a_gap_in_one_channel_is_that_channels() -> None:
    damaged = np.stack([sound(2 * RATE, seed=seed) for seed in (1, 2, 3)])
    clean = damaged.copy()
    damaged[1, 5000:5100] = 0.0
    made, findings = repaired(damaged)
    assert [(each.channel, each.start, each.n_samples) for each in findings] == [(1, 5000, 100)]
    np.testing.assert_array_equal(made[[0, 2]], clean[[0, 2]])


def test_what_is_no_number_is_filled_too() -> None:
    clean = sound(2 * RATE)
    damaged = clean.astype(np.float32)[None]
    damaged[0, 6000:6100] = np.nan
    made, findings = repaired(damaged)
    assert findings.count == 1 and made.dtype == np.float32
    assert np.abs(made[0, 6000:6100] - clean[6000:6100]).max() < 0.1


def _faded() -> np.ndarray:
    audio = sound(3 * RATE)
    fade = np.linspace(1.0, 0.0, 80)  # 10 ms
    audio[8000:8080] *= fade
    audio[8080:11000] = 0.0
    audio[11000:11080] *= fade[::-1]
    return audio


def _noise_cut_in_pauses() -> np.ndarray:
    rng = np.random.default_rng(5)
    audio = 1e-4 * rng.standard_normal(3 * RATE)
    for start in (2000, 10000, 18000):
        audio[start : start + 4000] += np.hanning(4000) * sound(4000)
    audio[7000:9000] = 0.0
    audio[15000:17000] = 0.0
    return audio


def _square() -> np.ndarray:
    return np.where(np.arange(3 * RATE) % 160 < 80, 0.3, 0.0)


def _clipped() -> np.ndarray:
    t = np.arange(3 * RATE) / RATE
    return np.clip(np.sin(2 * np.pi * 20.0 * t) + 0.2 * sound(3 * RATE), -0.5, 0.5)


def _digital_tone() -> np.ndarray:
    audio = np.zeros(3 * RATE)
    audio[2000:6000] = np.tile(np.sin(2 * np.pi * np.arange(40) / 40), 100)
    audio[15000:23000] = np.tile(np.random.default_rng(4).standard_normal(100), 80)
    return audio


def _eight_bits() -> np.ndarray:
    return np.round(sound(3 * RATE) * 10.0) / 128.0


def _beeps() -> np.ndarray:
    t = np.arange(3 * RATE)
    return np.where(t % 4000 < 1600, np.sin(0.4 * t), 0.0)


CLEAN = {
    "faded": _faded,
    "pauses of an editor": _noise_cut_in_pauses,
    "square wave": _square,
    "clipped": _clipped,
    "tones and noise from a table": _digital_tone,
    "few steps": _eight_bits,
    "beeps": _beeps,
    "sound": lambda: sound(3 * RATE),
    "silence": lambda: np.zeros(3 * RATE),
    "constant": lambda: np.full(3 * RATE, 0.3),
    "starts and stops": lambda: np.concatenate((np.zeros(3000), sound(9000), np.zeros(3000))),
}


@pytest.mark.parametrize("name", CLEAN)
def test_what_is_no_gap_stays_bit_for_bit(name: str) -> None:
    audio = np.stack((CLEAN[name](), 0.37 * CLEAN[name]()))
    made, findings = repaired(audio)
    np.testing.assert_array_equal(made, audio)
    assert not len(findings)


@given(
    n_samples=st.integers(0, 3 * RATE),
    start=st.integers(0, 3 * RATE),
    length=st.integers(1, RATE),
    kind=st.sampled_from(["zeros", "hold", "repeat"]),
    seed=st.integers(0, 99),
)
@settings(max_examples=20, deadline=None)
def test_only_what_was_found_is_changed(
    n_samples: int, start: int, length: int, kind: str, seed: int
) -> None:
    audio = sound(n_samples, seed=seed)
    if kind == "zeros":
        audio[start : start + length] = 0.0
    elif kind == "hold" and start < n_samples:
        audio[start : start + length] = audio[start]
    elif kind == "repeat" and start >= length and start + length <= n_samples:
        audio[start : start + length] = audio[start - length : start]
    made, findings = repaired(audio[None])
    kept = np.ones(n_samples, np.bool_)
    for finding in findings:
        kept[finding.start : finding.end] = False
    np.testing.assert_array_equal(made[0, kept], audio[kept])
    assert np.isfinite(made).all() and np.abs(made).max(initial=0.0) < 4.0
    assert all(0 <= each.start < each.end <= n_samples for each in findings)


def test_marks_are_filled_whatever_is_there() -> None:
    audio = np.stack([sound(4 * RATE, seed=seed) for seed in (1, 2)])
    chosen = InpaintSettings(marks="0.5-0.52,2-2.3,3.9-4.5,9-9.1", find=False)
    made, findings = repaired(audio, settings=chosen)
    assert [(each.start, each.end, each.channel) for each in findings] == [
        (4000, 4160, None),
        (16000, 18400, None),
        (31200, 32000, None),
    ]
    assert all(each.text.startswith("marked, ") for each in findings)
    changed = (made != audio).any(axis=0)
    assert changed[4000:4160].mean() > 0.9 and changed[16000:18400].mean() > 0.9
    changed[4000:4160] = changed[16000:18400] = changed[31200:] = False
    assert not changed.any()


def test_a_mark_and_a_gap_that_meet_are_one() -> None:
    audio = sound(2 * RATE)
    audio[8000:8100] = 0.0
    made, findings = repaired(audio[None], settings=InpaintSettings(marks="1.005-1.03"))
    assert [(each.start, each.end) for each in findings] == [(8000, 8240)]
    assert np.std(made[0, 8000:8100]) > 0.05


def test_nothing_is_looked_for_if_that_is_not_wanted() -> None:
    audio = sound(2 * RATE)
    audio[8000:8100] = 0.0
    made, findings = repaired(audio[None], settings=InpaintSettings(find=False))
    assert not len(findings)
    np.testing.assert_array_equal(made[0], audio)


def test_lengths_that_are_no_gap_are_left() -> None:
    audio = sound(3 * RATE)
    audio[8000:8040] = 0.0  # 5 ms
    audio[12000:12800] = 0.0  # 100 ms
    chosen = InpaintSettings(shortest_ms=10.0, longest_ms=90.0)
    assert not len(repaired(audio[None], settings=chosen)[1])
    assert len(repaired(audio[None])[1]) == 2


def test_what_is_too_long_to_be_made_up_fades_and_says_so() -> None:
    audio = sound(4 * RATE) * np.where(np.arange(4 * RATE) % 4000 < 2000, 1.0, 0.05)
    audio[9000:16800] = 0.0
    made, findings = repaired(audio[None])
    (finding,) = findings
    assert finding.text == "gap of zeros, 975 ms, longer than 0.5 s, faded out and in to the background"
    level = [np.std(made[0, a : a + 400]) for a in (9000, 12700, 16400)]
    assert level[0] > 2.0 * level[1] and level[2] > 2.0 * level[1]


def test_the_prior_fills_too() -> None:
    clean = sound(2 * RATE)
    damaged = clean.copy()
    damaged[8000:9000] = 0.0
    made, findings = repaired(damaged[None], settings=InpaintSettings(method="prior"))
    assert [each.text for each in findings] == ["gap of zeros, 125 ms, filled by the prior"]
    assert 0.3 < np.std(made[0, 8000:9000]) / np.std(clean[8000:9000]) < 1.5
    again, _ = repaired(damaged[None], settings=InpaintSettings(method="prior"))
    np.testing.assert_array_equal(made, again)


@pytest.mark.parametrize(("rate", "channels"), [(8000, 64), (384_000, 1)])
def test_any_rate_and_number_of_channels(rate: int, channels: int) -> None:
    damaged = np.tile(sound(rate, rate), (channels, 1))
    damaged[-1, rate // 2 : rate // 2 + rate // 50] = 0.0
    made, findings = repaired(damaged, rate)
    assert [each.n_samples for each in findings] == [rate // 50]
    assert np.std(made[-1, rate // 2 : rate // 2 + rate // 50]) > 0.05


def test_the_registry_makes_one_that_tells_the_model_what_it_found() -> None:
    assert INPAINT.make is not None and INPAINT.make_model is not None
    model = INPAINT.make_model(InpaintSettings(), None)
    assert isinstance(model, RepairModel)
    processor = INPAINT.make(InpaintSettings(), StreamFormat(RATE, 1), model)
    audio = sound(2 * RATE)
    audio[8000:8100] = 0.0
    process_array(processor, audio[None])
    assert model.findings is not None and len(model.findings) == 1
