"""Highs are added above a limit; nothing is changed below it, and nothing at all where there is none."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from scipy.signal import firwin, oaconvolve

from dap_stream.core.arrays import ArraySource, process_array
from dap_stream.core.contract import CHECKS, Contract, stream
from dap_stream.core.stream_format import StreamFormat
from dap_stream.dsp.band_limit import BandLimit
from dap_stream.dsp.metrics import log_spectral_distance_db
from dap_stream.dsp.stft import StftSpec, istft, stft
from dap_stream.education.kinds import GROUPS
from dap_stream.education.voices.source_filter_voices import spoken
from dap_stream.models.highs.predictor import educated_predictor
from dap_stream.processors.bandwidth.bandwidth import WINDOW_MS, Bandwidth
from dap_stream.processors.bandwidth.highs import Highs
from dap_stream.processors.bandwidth.limits import LimitPlan
from dap_stream.processors.bandwidth.model import BandwidthModel
from dap_stream.processors.bandwidth.settings import BandwidthSettings
from dap_stream.processors.bandwidth.survey import survey
from dap_stream.processors.registry import PROCESSORS

RATE = 16000
LIMIT = BandLimit(3500.0, 4000.0)
ALWAYS = (LimitPlan([LIMIT], 1), LimitPlan([LIMIT], 1))
START_S = 1.5  # of a telephone call in the middle of a recording


def offline(audio: np.ndarray) -> np.ndarray:
    """The whole signal at once, by the plain transform."""
    spec = StftSpec.for_rate(RATE, WINDOW_MS)
    out = audio.copy()
    for channel, result in zip(audio, out, strict=True):
        highs = Highs(LIMIT, spec, RATE, educated_predictor(), 0.0, 20000.0)
        power = np.abs(stft(spec, channel, spec.observation)) ** 2
        result += istft(spec, highs.advance(stft(spec, channel), power), len(channel))
    return out


CONTRACTS = {
    "whole": Contract(partial(Bandwidth, RATE, 2), offline=np.copy, channels=2),
    "limited": Contract(
        partial(Bandwidth, RATE, 2, None, BandwidthModel(ALWAYS)),
        offline=offline,
        make_unity=partial(Bandwidth, RATE, 2),
        channels=2,
        tolerance=2e-5,  # of 32 bits, which the network amplifies
    ),
    "live": Contract(
        partial(Bandwidth, RATE, 2, None, BandwidthModel(ALWAYS), frames_per_call=1),
        offline=offline,
        make_unity=partial(Bandwidth, RATE, 2, frames_per_call=1),
        channels=2,
        tolerance=2e-5,
    ),
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", CONTRACTS)
def test_contract(
    check: Callable[[Contract, np.random.Generator], None], name: str, rng: np.random.Generator
) -> None:
    check(CONTRACTS[name], rng)


def voice(rng: np.random.Generator, seconds: float, sample_rate: int = RATE) -> np.ndarray:
    """``[1, samples]`` in 16 bits, over the noise of a room; at other rates it sounds higher or lower."""
    n = round(seconds * sample_rate)
    audio = spoken(rng, n) + 1e-4 * rng.standard_normal(n)
    return rounded(audio)[None]


def rounded(audio: np.ndarray) -> np.ndarray:
    return np.asarray(np.round(audio * 2**15) / 2**15, np.float32)


def cut(audio: np.ndarray, sample_rate: int = RATE, limit_hz: float = 4000.0) -> np.ndarray:
    """As after a lower sample rate, in 16 bits."""
    taps = firwin(801, 0.95 * limit_hz, width=0.08 * limit_hz, fs=sample_rate)
    return rounded(np.stack([oaconvolve(channel, taps, mode="same") for channel in audio]))


def repaired(
    audio: np.ndarray, sample_rate: int = RATE, settings: BandwidthSettings | None = None
) -> tuple[np.ndarray, Bandwidth]:
    """As a file is."""
    plans = survey(ArraySource(audio, sample_rate))
    processor = Bandwidth(sample_rate, len(audio), settings, BandwidthModel(plans))
    return process_array(processor, audio), processor


def band_power(audio: np.ndarray, low_hz: float, high_hz: float, sample_rate: int = RATE) -> float:
    spectrum = np.abs(np.fft.rfft(audio[0].astype(np.float64) * np.hanning(audio.shape[1]))) ** 2
    hz = np.fft.rfftfreq(audio.shape[1], 1.0 / sample_rate)
    return float(spectrum[(hz >= low_hz) & (hz < high_hz)].sum())


def test_the_stream_equals_the_plain_transform(rng: np.random.Generator) -> None:
    audio = np.concatenate((cut(voice(rng, 2.0)), cut(voice(rng, 2.0))))
    processor = Bandwidth(RATE, 2, None, BandwidthModel(ALWAYS))
    out = stream(processor, audio, 777)[:, processor.latency :]
    expected = offline(audio)
    assert np.abs(expected - audio).max() > 1e-3
    np.testing.assert_allclose(out, expected, rtol=0, atol=2e-5)  # of 32 bits, which the network amplifies


def test_a_cut_voice_gets_highs_and_keeps_what_it_has(rng: np.random.Generator) -> None:
    clean = voice(rng, 6.0)
    audio = cut(clean)
    out, processor = repaired(audio)
    (found,) = processor.findings
    assert (found.kind, found.start, found.n_samples, found.channel) == ("bandwidth", 0, audio.shape[1], None)
    assert found.text == "nothing above 3.8 kHz; 3.8 to 8.0 kHz made up"
    added = out - audio
    assert band_power(added, 0, 3500) < 1e-6 * band_power(added, 3700, 8000)
    # Never louder than what was there, and not 30 dB below it either.
    share_db = 10.0 * np.log10(band_power(added, 4000, 7500) / band_power(clean, 4000, 7500))
    assert -30.0 < share_db < 0.0
    before, after = (log_spectral_distance_db(each[0], clean[0], RATE) for each in (audio, out))
    assert after < 0.9 * before


@pytest.mark.parametrize("maker", ["bird_song", "dolphin", "wings", "bars", "string", "hand_drums"])
def test_what_is_no_voice_gets_no_further_from_the_truth(maker: str) -> None:
    """Played at twice the rate, sounds have as much above the limit as the network was never taught."""
    rng = np.random.default_rng(3)
    make = next(group.makers[maker] for group in GROUPS.values() if maker in group.makers)
    clean = make(rng, 4 * RATE)
    clean = rounded(0.5 * clean / np.abs(clean).max() + 1e-4 * rng.standard_normal(len(clean)))[None]
    audio = cut(clean, 2 * RATE)
    out, processor = repaired(audio, 2 * RATE)
    assert len(processor.findings) == 1
    before, after = (log_spectral_distance_db(each[0], clean[0], 2 * RATE) for each in (audio, out))
    assert after < before


def test_more_level_is_louder_by_as_much_and_the_end_is_kept(rng: np.random.Generator) -> None:
    audio = cut(voice(rng, 4.0))
    plain, louder, lower = (
        repaired(audio, settings=settings)[0] - audio
        for settings in (None, BandwidthSettings(highs_db=6.0), BandwidthSettings(highest_hz=6000.0))
    )
    ratio = band_power(louder, 4200, 7500) / band_power(plain, 4200, 7500)
    assert 10.0 * np.log10(ratio) == pytest.approx(6.0, abs=0.1)
    assert band_power(lower, 6200, 8000) < 1e-5 * band_power(plain, 6200, 8000)
    assert band_power(lower, 4200, 5800) == pytest.approx(band_power(plain, 4200, 5800), rel=1e-3)
    nothing, processor = repaired(audio, settings=BandwidthSettings(highest_hz=3000.0))
    assert np.array_equal(nothing, audio) and not len(processor.findings)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["voices", "creatures", "instruments", "noises"])
def test_whole_sounds_pass_bit_for_bit(kind: str, seed: int) -> None:
    rng = np.random.default_rng([seed, 7])
    makers = sorted(set(GROUPS[kind].makers) - {"espeak"})
    audio = rounded(GROUPS[kind].makers[makers[rng.integers(len(makers))]](rng, 5 * RATE))
    audio = rounded(audio + 3e-4 * rng.standard_normal(len(audio)))[None]  # a room is never silent
    out, processor = repaired(audio)
    assert np.array_equal(out, audio) and not len(processor.findings)
    assert np.array_equal(process_array(Bandwidth(RATE), audio), audio)


def test_nothing_is_added_to_silence(rng: np.random.Generator) -> None:
    audio = cut(voice(rng, 6.0))
    audio[:, 40000:56000] = -0.0
    out, _ = repaired(audio)
    window = StftSpec.for_rate(RATE, WINDOW_MS).n_fft
    silent = out[:, 40000 + window : 56000 - window]
    assert silent.tobytes() == np.full_like(silent, -0.0).tobytes()
    assert not np.array_equal(out, audio)


def test_a_pipe_begins_when_it_is_certain(rng: np.random.Generator) -> None:
    audio = cut(voice(rng, 10.0))
    processor = Bandwidth(RATE)
    out = process_array(processor, audio)
    (found,) = processor.findings
    first = int(np.flatnonzero(out[0] != audio[0])[0])
    assert 3 * RATE < found.start <= first < 8 * RATE
    assert np.abs(out - audio)[:, first : first + RATE // 50].max() < 0.2 * np.abs(out - audio).max(), (
        "faded in"
    )


def test_a_call_within_a_recording_is_found_from_its_begin_to_its_end(rng: np.random.Generator) -> None:
    audio = voice(rng, 40.0)
    begin, end = 12 * RATE, 30 * RATE
    audio[:, begin:end] = cut(audio[:, begin:end])
    out, processor = repaired(audio)
    (found,) = processor.findings
    assert abs(found.start - begin) < 1.5 * RATE and abs(found.end - end) < 1.5 * RATE
    changed = np.flatnonzero(out[0] != audio[0])
    assert changed[0] >= begin - 1.5 * RATE and changed[-1] < end + 1.5 * RATE
    # Beyond its ends the highs are there, and nothing is put on top of them.
    spill = np.concatenate(
        (out[:, : begin - 800] - audio[:, : begin - 800], out[:, end + 800 :] - audio[:, end + 800 :]), axis=1
    )
    assert np.square(spill).sum() < 0.05 * np.square(out - audio).sum()


def test_each_channel_has_a_limit_of_its_own(rng: np.random.Generator) -> None:
    audio = np.concatenate((voice(rng, 6.0), cut(voice(rng, 6.0)), cut(voice(rng, 6.0), limit_hz=5500.0)))
    out, processor = repaired(audio)
    assert np.array_equal(out[0], audio[0])
    assert [(each.channel, each.text[:21]) for each in processor.findings] == [
        (1, "nothing above 3.8 kHz"),
        (2, "nothing above 5.2 kHz"),
    ]


@pytest.mark.parametrize(("sample_rate", "limit_hz"), [(8000, 2600.0), (44100, 8000.0), (96000, 13000.0)])
def test_other_rates(rng: np.random.Generator, sample_rate: int, limit_hz: float) -> None:
    audio = cut(rounded(0.1 * rng.standard_normal((1, 3 * sample_rate))), sample_rate, limit_hz)
    out, processor = repaired(audio, sample_rate)
    assert len(processor.findings) == 1
    added = out - audio
    top_hz = min(1.4 * limit_hz, 0.5 * sample_rate)
    assert band_power(added, 1.02 * limit_hz, top_hz, sample_rate) > 0.3 * band_power(
        added, 0, 0.5 * sample_rate, sample_rate
    )
    assert np.square(added).mean() < np.square(audio).mean()


def test_a_limit_that_hardly_anybody_hears_is_left(rng: np.random.Generator) -> None:
    """As of an MP3, unless more is asked for."""
    audio = cut(rounded(0.1 * rng.standard_normal((1, 6 * 44100))), 44100, 16000.0)
    for plans in (survey(ArraySource(audio, 44100)), None):
        out = {}
        for enough_hz in (14000.0, 20000.0):
            processor = Bandwidth(44100, 1, BandwidthSettings(enough_hz=enough_hz), BandwidthModel(plans))
            out[enough_hz] = process_array(processor, audio)
            assert len(processor.findings) == (enough_hz == 20000.0)
        assert np.array_equal(out[14000.0], audio) and not np.array_equal(out[20000.0], audio)


@pytest.mark.parametrize("gain", [2.0**-10, 2.0**10])
def test_level_does_not_matter(rng: np.random.Generator, gain: float) -> None:
    audio = cut(voice(rng, 3.0))
    out, _ = repaired(audio)
    scaled, _ = repaired(audio * np.float32(gain))
    assert np.abs(out - audio).max() > 1e-4
    np.testing.assert_allclose(scaled / gain, out, rtol=0, atol=2e-6)


@pytest.mark.parametrize("n_samples", [1, 2, 500])
@pytest.mark.parametrize("value", [0.0, 1.0, np.nan, np.inf, 1e30])
def test_what_is_no_recording(value: float, n_samples: int) -> None:
    audio = np.full((2, n_samples), value, np.float32)
    out, processor = repaired(audio)
    assert np.array_equal(out, np.where(np.isfinite(audio), audio, 0.0)) and not len(processor.findings)


def test_absurd_samples_do_no_harm(rng: np.random.Generator) -> None:
    audio = cut(voice(rng, 4.0)).astype(np.float64)
    audio[0, 20000], audio[0, 30000:30010] = 1e30, np.nan
    assert np.isfinite(process_array(Bandwidth(RATE, 1, None, BandwidthModel(ALWAYS[:1])), audio)).all()


def test_live_is_in_time() -> None:
    make_live = PROCESSORS["bandwidth"].make_live
    assert make_live is not None
    for rate in (8000, 48000, 384000):
        assert make_live(BandwidthSettings(), StreamFormat(rate), None).latency < 0.04 * rate


def test_the_entry_surveys_and_says_when_the_rate_is_the_limit(rng: np.random.Generator) -> None:
    entry = PROCESSORS["bandwidth"]
    assert entry.make_model is not None and entry.pretrain is not None and entry.make is not None
    model = entry.make_model(BandwidthSettings(), None)
    assert isinstance(model, BandwidthModel) and entry.remarks is not None
    told = []
    for audio in (voice(rng, 4.0), cut(voice(rng, 4.0))):
        parts: list[float] = []
        entry.pretrain(BandwidthSettings(), model, ArraySource(audio, RATE), parts.append)
        assert parts[-1] == 1.0
        process_array(entry.make(BandwidthSettings(), StreamFormat(RATE), model), audio)
        told.append(entry.remarks(model))
    assert told[1] == () and len(told[0]) == 1
    assert "where a recording at 16000 Hz ends" in told[0][0] and "-ar 48000" in told[0][0]
    model.reset()
    assert model.plans is None and entry.remarks(model) == ()
