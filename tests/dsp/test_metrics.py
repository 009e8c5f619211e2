"""Scores against their definitions, and what they say of silence."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dap_stream.dsp import metrics
from dap_stream.dsp.metrics import si_sdr_db, snr_db

N = 16000


@pytest.fixture
def clean(rng: np.random.Generator) -> np.ndarray:
    sound = rng.standard_normal(N)
    return np.asarray(sound - sound.mean())


@pytest.fixture
def noise(clean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """12 dB below `clean`, without a mean and orthogonal to it: nothing of it is taken for the reference."""
    sound = rng.standard_normal(N)
    sound -= sound.mean()
    sound -= clean * (sound @ clean) / (clean @ clean)
    return np.asarray(sound * np.sqrt((clean @ clean) / (sound @ sound)) * 10 ** (-12 / 20))


def test_si_sdr_is_the_ratio_to_orthogonal_noise(clean: np.ndarray, noise: np.ndarray) -> None:
    assert si_sdr_db(clean + noise, clean) == pytest.approx(12.0)
    assert si_sdr_db((clean + noise).astype(np.float32), clean.astype(np.float32)) == pytest.approx(12.0)


@pytest.mark.parametrize("scale", [3.0, -3.0, 1e-6])
@pytest.mark.parametrize("offset", [0.0, 0.5])
def test_si_sdr_hears_neither_scale_nor_sign_nor_offset(
    clean: np.ndarray, noise: np.ndarray, scale: float, offset: float
) -> None:
    assert si_sdr_db(scale * (clean + noise) + offset, clean) == pytest.approx(12.0, abs=1e-6)
    assert si_sdr_db(clean + noise, scale * clean + offset) == pytest.approx(12.0, abs=1e-6)


def test_the_estimate_comes_first(clean: np.ndarray, noise: np.ndarray) -> None:
    """Of SNR a factor tells which is which; SI-SDR is the same either way, but for rounding."""
    assert snr_db(2.0 * clean, clean) == pytest.approx(0.0)
    assert snr_db(clean, 2.0 * clean) == pytest.approx(10 * math.log10(4.0))
    assert si_sdr_db(estimate=clean + noise, reference=clean) == pytest.approx(12.0)


def test_a_perfect_copy_is_infinitely_good(clean: np.ndarray) -> None:
    assert snr_db(clean, clean) == si_sdr_db(clean, clean) == math.inf


@pytest.mark.parametrize("silence", [0.0, 0.1])
def test_nothing_can_be_compared_with_silence(clean: np.ndarray, silence: float) -> None:
    """An offset alone is silent too; its rounding is no sound. Warnings are errors here."""
    silent = np.full(N, silence)
    for estimate, reference in ((silent, clean), (clean, silent), (silent, silent)):
        assert math.isnan(si_sdr_db(estimate, reference))
    assert snr_db(clean, np.zeros(N)) == -math.inf
    assert math.isnan(snr_db(np.zeros(N), np.zeros(N)))


def test_scores_that_are_not_finite_are_unknown(
    clean: np.ndarray, noise: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "find_spec", lambda name: None)
    for estimate in (clean, np.zeros(N)):
        assert metrics.all_scores(estimate, clean, N) == dict.fromkeys(metrics.SCORES)
    assert metrics.all_scores(clean + noise, clean, N) == {"pesq": None, "estoi": None, "si_sdr_db": 12.0}
    assert metrics.missing_packages() == ["pesq", "pystoi"]


def test_tests_and_bench_have_no_other_definition(clean: np.ndarray, noise: np.ndarray) -> None:
    import recordings

    assert recordings.si_sdr_db is si_sdr_db
    pytest.importorskip("soxr", reason="needs the extra 'bench'")
    from bench.metrics import METRICS

    assert METRICS["SI-SDR"](clean, 3.0 * clean + noise, N) == si_sdr_db(3.0 * clean + noise, clean)


def test_scores_of_other_packages() -> None:
    pytest.importorskip("pesq")
    pytest.importorskip("pystoi")
    from dap_stream.cli.demo_recording import SAMPLE_RATE, make_recording

    def scores(estimate: np.ndarray, reference: np.ndarray) -> metrics.Scores:
        return metrics.all_scores(estimate, reference, SAMPLE_RATE)

    clean, noisy = (audio[: 3 * SAMPLE_RATE] for audio in make_recording())
    good, bad = scores(0.7 * clean + 0.3 * noisy, clean), scores(noisy, clean)
    for name in metrics.SCORES:
        better, worse = good[name], bad[name]
        assert better is not None and worse is not None and better > worse
    assert scores(noisy, clean) == bad, "the same every time"
    assert scores(np.zeros_like(clean), clean) == dict.fromkeys(metrics.SCORES)
    loudest = int(np.argmax(np.abs(clean)))
    short = scores(noisy[loudest : loudest + 3000], clean[loudest : loudest + 3000])
    assert short["estoi"] is None and short["pesq"] is None and short["si_sdr_db"] is not None
    assert scores(clean, clean)["si_sdr_db"] is None
