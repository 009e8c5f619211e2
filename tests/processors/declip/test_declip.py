"""The repair of clipping: its contract, ceilings at any level, and how near it comes to the sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from dap_stream.core.arrays import ArraySource
from dap_stream.core.contract import CHECKS, Contract, stream
from dap_stream.core.stream_format import StreamFormat
from dap_stream.errors import SettingError
from dap_stream.processors.build import make_chain, make_models, pretrain, remarks
from dap_stream.processors.chain_settings import chain_of
from dap_stream.processors.declip.declip import Declip
from dap_stream.processors.declip.model import DeclipModel
from dap_stream.processors.declip.settings import DeclipSettings

RATE = 16000
FAST = DeclipSettings(effort="fast")


def tones(n_samples: int = RATE, sample_rate: int = RATE, seed: int = 0) -> np.ndarray:
    """A few partials that come and go, in a little noise: ``[n_samples]``, its peak 0.5."""
    rng = np.random.default_rng(seed)
    time = np.arange(n_samples) / sample_rate
    audio = 0.002 * rng.standard_normal(n_samples)
    for hz in (173.0, 411.0, 777.0, 1313.0):
        beat = 1.0 + 0.8 * np.sin(2 * np.pi * rng.uniform(1.0, 4.0) * time + rng.uniform(0, 6))
        audio += beat * np.sin(2 * np.pi * hz * time + rng.uniform(0, 6))
    return np.asarray(0.5 * audio / np.abs(audio).max())


def repaired(audio: np.ndarray, processor: Declip | None = None, sample_rate: int = RATE) -> np.ndarray:
    """``[n]`` in, ``[n]`` out."""
    processor = processor or Declip(sample_rate, 1, FAST)
    out = stream(processor, audio[None], 4096)
    return np.asarray(out[0, processor.latency :])


def sdr_db(clean: np.ndarray, other: np.ndarray) -> float:
    return float(10.0 * np.log10(np.sum(clean**2) / np.sum((clean - other) ** 2)))


def assert_repaired(is_changed: np.ndarray, is_cut: np.ndarray) -> None:
    """Nothing but what was cut, and most of that: a cut sample may have been just at the ceiling."""
    assert not np.any(is_changed & ~is_cut)
    assert np.mean(is_changed[is_cut]) > 0.5


class _Clipped(Contract):
    """A contract whose signal is clipped in its first channel."""

    def signal(self, rng: np.random.Generator) -> np.ndarray:
        audio = np.stack((np.clip(tones(self.n_samples), -0.2, 0.25), tones(self.n_samples, seed=1)))
        return audio.astype(self.dtype)


def whole(audio: np.ndarray) -> np.ndarray:
    """All of it in one buffer."""
    processor = Declip(RATE, 2, FAST)
    return np.concatenate((processor.process(audio), processor.flush()), axis=1)[:, processor.latency :]


CLEAN = Contract(lambda: Declip(RATE, 2), offline=np.copy, channels=2, buffer_sizes=(17, 1024, 8193))
CLIPPED = _Clipped(
    lambda: Declip(RATE, 2, FAST),
    offline=whole,
    make_unity=lambda: Declip(RATE, 2, DeclipSettings(sensitivity=1e-1)),
    channels=2,
    n_samples=6000,
    buffer_sizes=(17, 1024, 8193),
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract_where_nothing_is_clipped(
    check: Callable[[Contract, np.random.Generator], None], rng: np.random.Generator
) -> None:
    check(CLEAN, rng)


@pytest.mark.parametrize("check", CHECKS[1:], ids=lambda check: check.__name__)
def test_contract_where_something_is_clipped(
    check: Callable[[Contract, np.random.Generator], None], rng: np.random.Generator
) -> None:
    check(CLIPPED, rng)


@pytest.mark.parametrize("is_live", [False, True])
def test_nearer_to_the_sound_and_reliable_samples_have_the_same_bits(is_live: bool) -> None:
    clean = tones()
    low, high = -0.22, 0.3  # two ceilings
    clipped = np.clip(clean, low, high).astype(np.float32)
    processor = Declip(RATE, 1, FAST, is_live=is_live)
    out = repaired(clipped, processor)
    is_cut = (clean > high) | (clean < low)
    np.testing.assert_array_equal(out[~is_cut], clipped[~is_cut])
    assert np.mean(out[is_cut] != clipped[is_cut]) > 0.99
    assert np.all(np.abs(out[is_cut]) >= np.abs(clipped[is_cut]))
    assert sdr_db(clean, out) > sdr_db(clean, clipped) + 10.0


def test_more_effort_comes_nearer() -> None:
    clean = tones()
    clipped = np.clip(clean, -0.15, 0.15)
    gains = [
        sdr_db(clean, repaired(clipped, Declip(RATE, 1, DeclipSettings(effort=effort))))
        for effort in ("fast", "best")
    ]
    assert gains[1] > gains[0] + 0.5


def test_one_result_whatever_the_windows() -> None:
    """Frames begin at multiples of their steps; a live stream, which cuts finer, solves the same ones."""
    clean = tones(8000)
    clipped = np.clip(clean, -0.2, 0.2)
    results = []
    for shift in (0, 128 * 5):  # zeros before it, a whole number of steps of all frames
        processor = Declip(RATE, 1, FAST, is_live=True)
        results.append(repaired(np.pad(clipped, (shift, 0)), processor)[shift:])
    np.testing.assert_allclose(results[0], results[1], rtol=0, atol=1e-5)


@pytest.mark.parametrize("gain", [1e-4, 0.37, 1.0, 3.0])
def test_the_ceiling_may_be_at_any_level(gain: float) -> None:
    clipped = gain * np.clip(tones(), -0.25, 0.25)
    processor = Declip(RATE, 1, FAST)
    is_changed = repaired(clipped, processor) != clipped
    assert_repaired(is_changed, np.abs(clipped) == np.abs(clipped).max())
    found = list(processor.findings)
    assert {each.text for each in found} == {f"clipped at {20 * np.log10(0.25 * gain):.1f} dBFS"}
    assert all(each.kind == "clipping" and each.channel == 0 for each in found)


def test_a_finding_is_a_stretch_with_the_number_of_its_peaks() -> None:
    clean = 0.1 * tones(3 * RATE)
    clean[RATE : RATE + 4000] *= 10.0
    clipped = np.clip(clean, -0.25, 0.25)
    processor = Declip(RATE, 1, FAST)
    repaired(clipped, processor)
    (found,) = processor.findings
    cut = np.flatnonzero(np.abs(clipped) == 0.25)
    assert (found.start, found.end) == (cut[0], cut[-1] + 1)
    assert found.n_damaged == len(cut)  # not the sound between the peaks
    runs = 1 + np.count_nonzero(np.diff(cut) > 1)
    assert abs(found.count - runs) <= 2  # the two sides may follow each other at once


def test_a_ceiling_that_moves_is_followed() -> None:
    ride = np.linspace(1.0, 0.6, 2 * RATE)
    clipped = np.clip(tones(2 * RATE), -0.2, 0.2)
    is_cut = np.abs(clipped) == 0.2
    is_changed = repaired(clipped * ride) != clipped * ride
    assert np.mean(is_changed[is_cut]) > 0.5
    assert np.mean(is_changed[~is_cut]) < 0.01


@pytest.mark.parametrize("bits", [24, 16])
def test_integers_after_a_change_of_gain(bits: int) -> None:
    steps = 2.0 ** (bits - 1)
    clipped = np.round(0.61 * np.round(np.clip(tones(), -0.3, 0.3) * steps)) / steps
    # Samples one or two steps below the ceiling could be rounded ones at it.
    assert_repaired(repaired(clipped) != clipped, np.abs(clipped) >= np.abs(clipped).max() - 2.5 / steps)


def test_a_first_pass_tells_of_single_peaks() -> None:
    """One short flat top could be chance; the many at the same level elsewhere say that it is not."""
    clean = 0.05 * tones(4 * RATE)
    peak = 0.3 * np.sinc(np.arange(-40, 41) / 7.0)
    clean[8000:8081] += peak
    for begin in range(30000, 60000, 2000):
        clean[begin : begin + 81] += 1.5 * peak
    clipped = np.clip(clean, -0.28, 0.28)
    first = slice(8000, 8081)
    chain = chain_of(declip=FAST)
    models = make_models(chain)
    pretrain(chain, models, ArraySource(clipped[None], RATE))
    processor = make_chain(chain, StreamFormat(RATE), models)
    surveyed = stream(processor, clipped[None], 4096)[0, processor.latency :]
    assert not np.any(repaired(clipped)[first] != clipped[first])
    assert np.any(surveyed[first] != clipped[first])


def square(hz: float, phase: float = 0.1) -> np.ndarray:
    return np.asarray(0.7 * np.sign(np.sin(2 * np.pi * hz * np.arange(RATE) / RATE + phase)))


def sine(hz: float) -> np.ndarray:
    return np.asarray(0.9999 * np.sin(2 * np.pi * hz * np.arange(RATE) / RATE))


def limited() -> np.ndarray:
    """Peaks that touch a level with single samples, as a limiter that looks ahead leaves them."""
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    audio = tones(2 * RATE)
    gain = minimum_filter1d(np.minimum(1.0, 0.1 / np.maximum(np.abs(audio), 1e-9)), 2 * 48 + 1)
    return np.asarray(9.99 * audio * uniform_filter1d(gain, 48))


HARMLESS = {
    "silence": np.zeros(RATE),
    "DC": np.full(RATE, 0.7),
    "square wave": square(220.0),
    "squares": square(220.0) / 3 + square(277.0, 2.0) / 3 + square(330.0, 4.0) / 3,
    "sawtooth": (np.arange(RATE) * 0.0137) % 1.0 - 0.5,
    "low sine": sine(20.0),
    "sine in step": sine(1000.0),
    "two in step": 0.5 * sine(1000.0) + 0.5 * sine(2000.0),
    "few harmonics of a square": 0.7 * sine(250.0) + 0.23 * sine(750.0) + 0.14 * sine(1250.0),
    "noise": np.random.default_rng(0).uniform(-1.0, 1.0, RATE),
    "held samples": np.repeat(tones(RATE // 4), 4),
    "limiter": limited(),
    "tones": tones(),
}


def plain(audio: np.ndarray) -> np.ndarray:
    return audio


def sixteen(audio: np.ndarray) -> np.ndarray:
    return np.asarray(np.round(audio * 2.0**15) / 2.0**15)


def eight(audio: np.ndarray) -> np.ndarray:
    return np.asarray(np.round(audio * 2.0**7) / 2.0**7)


def quiet(audio: np.ndarray) -> np.ndarray:
    return sixteen(0.01 * audio)


def logarithmic(audio: np.ndarray) -> np.ndarray:
    """Mu-law: coarse where it is loud."""
    code = np.round(np.sign(audio) * np.log1p(255.0 * np.abs(audio)) / np.log(256.0) * 127.0) / 127.0
    return np.asarray(np.sign(code) * (256.0 ** np.abs(code) - 1.0) / 255.0)


@pytest.mark.parametrize(
    "stored", [plain, sixteen, eight, quiet, logarithmic], ids=lambda each: each.__name__
)
def test_what_is_meant_to_be_so_stays_bit_for_bit(stored: Callable[[np.ndarray], np.ndarray]) -> None:
    for name, audio in HARMLESS.items():
        audio = stored(audio)
        np.testing.assert_array_equal(repaired(audio), audio, err_msg=name)


@pytest.mark.parametrize("sample_rate", [8000, 44100, 384000])
def test_any_rate(sample_rate: int) -> None:
    clean = tones(sample_rate // 4, sample_rate)
    clipped = np.clip(clean, -0.25, 0.25)
    out = repaired(clipped, sample_rate=sample_rate)
    assert_repaired(out != clipped, np.abs(clipped) == 0.25)
    assert sdr_db(clean, out) > sdr_db(clean, clipped) + 6.0


@pytest.mark.parametrize("n_samples", [1, 2, 3, 700])
def test_short_streams(n_samples: int) -> None:
    audio = np.clip(tones(n_samples), -0.1, 0.1)
    assert repaired(audio).shape == audio.shape


def test_what_is_no_sound_is_silent_and_hurts_nothing_else() -> None:
    clipped = np.clip(tones(), -0.25, 0.25)
    clipped[3000:3010] = np.nan
    clipped[9000] = np.inf
    processor = Declip(RATE, 1, FAST)
    out = np.concatenate((processor.process(clipped[None]), processor.flush()), axis=1)[
        0, processor.latency :
    ]
    assert np.isfinite(out).all()
    assert not out[3000:3010].any()


@pytest.mark.parametrize(("sample_rate", "channels"), [(7999, 1), (400000, 1), (48000, 0), (48000, 65)])
def test_rates_and_channels_that_cannot_be(sample_rate: int, channels: int) -> None:
    with pytest.raises(SettingError):
        Declip(sample_rate, channels)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 1000),
    ceiling=st.floats(0.05, 0.6),
    level=st.floats(1e-3, 2.0),
    bits=st.sampled_from([16, 24, 53]),
)
def test_only_what_is_at_a_ceiling_is_changed_and_it_grows(
    seed: int, ceiling: float, level: float, bits: int
) -> None:
    steps = 2.0 ** (bits - 1)
    clipped = np.round(level * np.clip(tones(6000, seed=seed), -ceiling, ceiling) * steps) / steps
    out = repaired(clipped)
    is_changed = out != clipped
    assert np.all(np.abs(clipped[is_changed]) >= 0.999 * level * ceiling - 3.5 / steps)
    assert np.all(np.abs(out) >= np.abs(clipped))
    assert ceiling < 0.5 or not is_changed.any()  # not clipped at all


def test_a_lossy_codec_does_not_hide_it(tmp_path: Path) -> None:
    clean = tones(3 * 44100, 44100)
    path = tmp_path / "clipped.mp3"
    soundfile.write(path, np.clip(clean, -0.15, 0.15), 44100, compression_level=0.0)
    coded, _ = soundfile.read(path)
    processor = Declip(44100, 1, FAST)
    repaired(coded, processor)
    assert processor.findings.count > 0


def test_peaks_beyond_full_scale_are_told_of() -> None:
    clipped = np.clip(4.0 * tones(), -1.0, 1.0)
    chain = chain_of(declip=FAST)
    models = make_models(chain)
    model = models["declip"]
    assert isinstance(model, DeclipModel)
    processor = Declip(RATE, 1, FAST, model)
    peak = 20 * np.log10(np.abs(repaired(clipped, processor)).max())
    (text,) = remarks(chain, models)
    assert f"reach {peak:.1f} dB above full scale" in text
    model.reset()
    assert remarks(chain, models) == ()
