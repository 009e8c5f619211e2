"""Hum goes, all else stays, in files and pipes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hums import RATE, HumContract, drifting, organ_tone, voice

from dap_stream.core.array_types import F64
from dap_stream.core.arrays import ArraySource, process_array
from dap_stream.core.contract import CHECKS, Contract, buffer_size, mid_reset, reuse
from dap_stream.core.stream_format import StreamFormat
from dap_stream.dsp.metrics import si_sdr_db
from dap_stream.education.instruments.catalogue import INSTRUMENTS
from dap_stream.processors import build
from dap_stream.processors.chain_settings import chain_of
from dap_stream.processors.dehum.dehum import Dehum
from dap_stream.processors.dehum.settings import MAINS, DehumSettings
from dap_stream.processors.dehum.watcher import HumModel, survey
from dap_stream.processors.findings import Finding

CONTRACT = Contract(make=lambda: Dehum(8000, 2), offline=np.copy, channels=2, n_samples=60_011)
AT_WORK = HumContract(
    make=lambda: Dehum(8000), offline=np.copy, n_samples=113_011, buffer_sizes=(17, 400, 8193, 50_000)
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Callable[[Contract, np.random.Generator], None], rng: np.random.Generator) -> None:
    check(CONTRACT, rng)


@pytest.mark.parametrize("check", [buffer_size, reuse, mid_reset], ids=lambda check: check.__name__)
def test_contract_at_work(
    check: Callable[[Contract, np.random.Generator], None], rng: np.random.Generator
) -> None:
    audio = AT_WORK.signal(rng)
    assert not np.array_equal(process_array(Dehum(8000), audio), audio)
    check(AT_WORK, rng)


def repaired(
    audio: F64, sample_rate: int = RATE, settings: DehumSettings | None = None
) -> tuple[F64, list[Finding]]:
    """``[channels, samples]`` in two passes, and what was found."""
    settings, model = settings or DehumSettings(), HumModel()
    survey(settings, model, ArraySource(audio, sample_rate), None)
    out = process_array(Dehum(sample_rate, len(audio), settings, model), audio)
    assert model.findings is not None
    return np.asarray(out, np.float64), list(model.findings)


@pytest.mark.parametrize("hz", [49.97, 60.05, 117.3])
def test_hum_as_loud_as_the_voice_goes_and_the_voice_stays(rng: np.random.Generator, hz: float) -> None:
    clean = voice(rng, 14.0)
    hum = np.std(clean) * drifting(rng, len(clean), RATE, hz, 30)
    out, findings = repaired((clean + hum)[None])
    assert si_sdr_db(clean + hum, clean) < 0.5
    assert si_sdr_db(out[0], clean) > 25.0  # 30 to 45 in recordings
    (finding,) = findings
    assert finding.kind == "hum" and finding.start == 0 and finding.n_samples == len(clean)
    told, level = finding.text.split(", ")
    assert abs(float(told.split()[0]) - hz) < 0.1
    assert told.endswith("and 29 harmonics")
    assert abs(float(level.removesuffix(" dB")) - 10 * np.log10(np.mean(hum**2))) <= 1.0


@pytest.mark.parametrize("gain", [1e-5, 1e4])
def test_the_level_of_a_recording_does_not_matter(rng: np.random.Generator, gain: float) -> None:
    clean = voice(rng, 10.0)
    audio = (clean + 0.02 * drifting(rng, len(clean), RATE, 50.0, 10))[None]
    out, _ = repaired(audio)
    scaled, _ = repaired(gain * audio)
    np.testing.assert_allclose(scaled, gain * out, rtol=0, atol=1e-4 * gain)


@pytest.mark.parametrize("sample_rate", [8000, 192_000])
def test_any_rate(rng: np.random.Generator, sample_rate: int) -> None:
    n = 9 * sample_rate
    clean = 0.01 * rng.standard_normal(n)
    hum = 0.1 * drifting(rng, n, sample_rate, 50.0, 10)
    out, _ = repaired((clean + hum)[None], sample_rate)
    assert np.mean((out[0] - clean) ** 2) < 1e-3 * np.mean(hum**2)


def test_each_channel_has_its_own_amplitudes(rng: np.random.Generator) -> None:
    clean = np.stack((voice(rng, 12.0), voice(rng, 12.0), voice(rng, 12.0)))
    hum = 0.05 * drifting(rng, clean.shape[1], RATE, 50.0, 20)
    out, _ = repaired(clean + np.stack((hum, -0.2 * hum, 0.0 * hum)))
    for before, after in zip(clean[:2], out[:2], strict=True):
        assert si_sdr_db(after, before) > 25.0
    np.testing.assert_array_equal(out[2], clean[2])


def test_a_machine_that_is_switched_on_and_off_is_not_smeared(rng: np.random.Generator) -> None:
    clean = voice(rng, 40.0)
    is_on = (np.arange(len(clean)) / RATE) % 20.0 < 12.0
    hum = 0.05 * drifting(rng, len(clean), RATE, 50.0, 15) * is_on
    out, findings = repaired((clean + hum)[None])
    error = (out[0] - clean) ** 2
    assert [round(each.start / RATE) for each in findings] == pytest.approx([0, 20], abs=2)
    assert [round(each.end / RATE) for each in findings] == pytest.approx([12, 32], abs=2)
    for begin, end, most_db in ((1, 11, -25), (14, 18, -200), (22, 31, -25), (34, 39, -200)):
        part = slice(begin * RATE, end * RATE)
        assert 10 * np.log10(np.mean(error[part]) / 0.05**2 + 1e-30) < most_db


def test_without_a_first_pass_it_goes_once_it_is_certain(rng: np.random.Generator) -> None:
    clean = voice(rng, 20.0)
    audio = clean + 0.05 * drifting(rng, len(clean), RATE, 50.0, 20)
    out = process_array(Dehum(RATE), audio[None])
    np.testing.assert_array_equal(out[0, : 4 * RATE], audio[: 4 * RATE])
    assert si_sdr_db(np.asarray(out[0, 9 * RATE :]), clean[9 * RATE :]) > 25.0


def test_music_comes_back_bit_for_bit(rng: np.random.Generator) -> None:
    for name in ("piano", "bell", "guitar", "bowed", "brass", "kit"):
        audio = INSTRUMENTS[name](rng, 12 * RATE)[None].astype(np.float64)
        np.testing.assert_array_equal(repaired(audio)[0], audio)


def test_a_held_tone_of_an_organ_stays_if_only_mains_is_wanted(rng: np.random.Generator) -> None:
    held = organ_tone(rng, 98.0, 24.0)
    hum = 0.03 * drifting(rng, len(held), RATE, 50.0, 10)
    out, _ = repaired((held + hum)[None], settings=DehumSettings(MAINS))
    assert si_sdr_db(out[0], held) > si_sdr_db(held + hum, held) + 10.0
    np.testing.assert_array_equal(repaired(held[None], settings=DehumSettings(MAINS))[0], held[None])


@pytest.mark.parametrize("n_samples", [0, 1, 399, 8000, 100_000])
def test_silence_and_an_offset_stay(n_samples: int) -> None:
    for audio in (np.zeros((2, n_samples), np.float32), np.full((2, n_samples), 0.25, np.float32)):
        out = process_array(Dehum(8000, 2), audio)
        np.testing.assert_array_equal(out, audio)
        assert out.dtype == np.float32


def test_what_is_no_sound_becomes_silence_and_the_hum_around_it_still_goes(rng: np.random.Generator) -> None:
    clean = 0.01 * rng.standard_normal(12 * RATE)
    audio = clean + 0.1 * drifting(rng, len(clean), RATE, 50.0, 5)
    audio[5 * RATE : 5 * RATE + 200] = np.nan
    out, _ = repaired(audio[None])
    assert np.isfinite(out).all()
    assert np.mean((out[0, 8 * RATE :] - clean[8 * RATE :]) ** 2) < 1e-2 * 0.1**2


def test_a_chain_surveys_first_and_the_model_forgets(rng: np.random.Generator) -> None:
    n = 12 * RATE
    audio = (0.05 * drifting(rng, n, RATE, 50.0, 10) + 0.01 * rng.standard_normal(n))[None].astype(np.float32)
    chain = chain_of(dehum=DehumSettings())
    models = build.make_models(chain)
    told: list[float] = []
    build.pretrain(chain, models, ArraySource(audio, RATE), told.append)
    assert told[-1] == 1.0 and told == sorted(told)
    out = process_array(build.make_chain(chain, StreamFormat(RATE), models), audio)
    assert np.mean(out[:, :RATE] ** 2) < 0.1 * np.mean(audio[:, :RATE] ** 2)  # from its first second on
    assert [each.kind for each in build.findings(chain, models)] == ["hum"]
    models["dehum"].reset()
    assert build.findings(chain, models) == ()
    again = process_array(build.make_chain(chain, StreamFormat(RATE), models), audio)
    np.testing.assert_array_equal(again[:, :RATE], audio[:, :RATE])


def test_hum_that_swells_is_followed_faster_than_a_steady_one(rng: np.random.Generator) -> None:
    clean = voice(rng, 14.0)
    seconds = np.arange(len(clean)) / RATE
    knots = np.arange(0.0, 16.0, 0.5)
    sine, cosine = (0.7 * np.interp(seconds, knots, each) for each in rng.standard_normal((2, len(knots))))
    swelling = 0.1 * np.cos(2 * np.pi * 50.0 * seconds) * (0.7 + sine)
    swelling += 0.1 * np.sin(2 * np.pi * 50.0 * seconds) * cosine
    out, _ = repaired((clean + swelling)[None])
    assert np.mean((out[0] - clean) ** 2) < 0.11 * np.mean(swelling**2)  # 0.14 if it were followed slowly
    steady = 0.1 * np.cos(2 * np.pi * 50.0 * seconds)
    out, _ = repaired((clean + steady)[None])
    assert np.mean((out[0] - clean) ** 2) < 1e-3 * np.mean(steady**2)
