from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from recordings import read, snapshot

from dap_stream.cli import demo
from dap_stream.cli.demo_recording import SAMPLE_RATE, SNR_DB, make_recording
from dap_stream.cli.main import main
from dap_stream.dsp.metrics import si_sdr_db, snr_db
from dap_stream.processors.denoise.settings import DenoiseSettings
from dap_stream.report.spectrogram_plot import spectrogram_db

FILES = {"noisy.wav", "clean.wav", "removed.wav", "before_after.png"}
A_LITTLE = DenoiseSettings(steps=30, quality="fast")


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_recording_is_always_the_same_and_has_its_snr() -> None:
    clean, noisy = make_recording()
    np.testing.assert_array_equal(noisy, make_recording()[1])
    assert snr_db(noisy, clean) == pytest.approx(SNR_DB, abs=0.01)
    assert np.abs(noisy).max() == pytest.approx(0.8)


def test_snr_and_si_sdr() -> None:
    rng = np.random.default_rng(0)
    clean, noise = rng.standard_normal((2, 100_000))
    assert snr_db(clean + 0.1 * noise, clean) == pytest.approx(20.0, abs=0.1)
    assert si_sdr_db(3.0 * clean + 0.3 * noise, clean) == pytest.approx(20.0, abs=0.1)
    assert snr_db(3.0 * clean, clean) < 0.0


def test_demo_makes_what_it_says() -> None:
    text = demo.run_demo("listen", quiet=True, settings=A_LITTLE)
    assert set(snapshot(Path("listen"))) == FILES and set(snapshot(Path())) - {"listen"} == {
        f"listen/{name}" for name in FILES
    }
    noisy, clean, removed = (read(Path("listen") / f"{name}.wav") for name in ("noisy", "clean", "removed"))
    np.testing.assert_array_equal(clean + removed, noisy)
    reference = make_recording()[0]
    gained = snr_db(clean[0], reference) - snr_db(noisy[0], reference)
    assert gained > 3.0, "even a few steps of learning clean it"
    assert f"gained: {gained:+.1f} dB of SNR" in text
    for name in FILES:
        assert f"listen/{name}" in text
    assert Path("listen/before_after.png").read_bytes().startswith(b"\x89PNG")


def test_demo_spares_files_of_others(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine").mkdir()
    Path("mine/clean.wav").write_text("dear")
    assert main(["demo", "-o", "mine"]) == 1
    assert "mine: has a clean.wav already" in capsys.readouterr().err
    assert snapshot(Path()) == {"mine": None, "mine/clean.wav": b"dear"}


@pytest.mark.usefixtures("no_matplotlib")
def test_demo_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(demo, "find_spec", lambda name: None if name == "matplotlib" else find(name))
    text = demo.run_demo("listen", quiet=True, settings=DenoiseSettings(generator="classical"))
    assert "no picture was made, since matplotlib is not there: pip install 'dap_stream[report]'" in text
    assert set(snapshot(Path("listen"))) == FILES - {"before_after.png"}


@pytest.mark.parametrize("frequency", [1000.0, 5000.0])
@pytest.mark.parametrize("n_samples", [100, 5000, 400_000])
def test_spectrogram_shows_a_tone_where_it_is(frequency: float, n_samples: int) -> None:
    time = np.arange(n_samples) / SAMPLE_RATE
    image = spectrogram_db(np.sin(2.0 * np.pi * frequency * time)[np.newaxis], SAMPLE_RATE, columns=200)
    assert 1 <= image.shape[1] <= 200
    peak = image.mean(axis=1).argmax() * SAMPLE_RATE / 2.0 / (image.shape[0] - 1)
    assert peak == pytest.approx(frequency, abs=200.0 if n_samples < 1000 else 40.0)


def test_spectrogram_of_noise_has_its_power() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, 200_000))
    power = np.mean(10.0 ** (spectrogram_db(noise, SAMPLE_RATE) / 10.0))
    assert 10.0 * np.log10(power) == pytest.approx(-20.0, abs=0.1)
