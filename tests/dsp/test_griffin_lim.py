"""Consistent reconstruction: what is known stays, and what is made has the magnitudes that are asked for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dap_stream.dsp.griffin_lim import fill_bins, fill_samples, touched_frames
from dap_stream.dsp.stft import StftSpec, stft

RATE = 8000
SPEC = StftSpec(384)
F32 = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def vowel(seconds: float = 1.0) -> F32:
    """Twelve harmonics of a tone that rises."""
    time = np.arange(round(seconds * RATE)) / RATE
    phase = 2.0 * np.pi * 150.0 * time * (1.0 + 0.05 * time)
    return np.asarray(sum(np.sin(k * phase + k) / k for k in range(1, 13)), np.float32) * np.float32(0.2)


def level_error_db(spectrum: npt.NDArray[np.complex64], wanted: F32) -> float:
    """Energy of the difference of magnitudes, against that of the wanted ones."""
    return float(20.0 * np.log10(np.linalg.norm(np.abs(spectrum) - wanted) / np.linalg.norm(wanted)))


def known_but(n_samples: int, *holes: tuple[int, int]) -> Mask:
    is_known = np.ones(n_samples, np.bool_)
    for begin, end in holes:
        is_known[begin:end] = False
    return is_known


@pytest.mark.parametrize("sound", ["vowel", "noise"])
def test_a_hole_gets_the_magnitudes_that_are_asked_for(sound: str, rng: np.random.Generator) -> None:
    audio = vowel() if sound == "vowel" else rng.standard_normal(RATE).astype(np.float32)
    is_known = known_but(RATE, (3500, 4300))
    damaged = np.where(is_known, audio, np.float32(0.0))
    wanted = np.abs(stft(SPEC, audio))
    inside = touched_frames(SPEC, is_known)

    def error_db(iterations: int) -> float:
        filled = fill_samples(SPEC, damaged, is_known, wanted, iterations)
        return level_error_db(stft(SPEC, filled)[inside], wanted[inside])

    assert error_db(100) < error_db(0) - 4.0
    assert error_db(100) < level_error_db(stft(SPEC, damaged)[inside], wanted[inside]) - 8.0


@given(
    st.lists(st.tuples(st.integers(0, 1999), st.integers(1, 700)), max_size=4),
    st.integers(1, 2000),
    st.integers(0, 3),
)
def test_known_samples_come_back_bit_for_bit(
    holes: list[tuple[int, int]], n_samples: int, iterations: int
) -> None:
    audio = np.random.default_rng(0).standard_normal(n_samples).astype(np.float32)
    is_known = known_but(n_samples, *((begin, begin + length) for begin, length in holes))
    wanted = np.abs(stft(SPEC, audio))
    damaged = np.where(is_known, audio, np.float32(0.0))
    filled = fill_samples(SPEC, damaged, is_known, wanted, iterations)
    np.testing.assert_array_equal(filled[is_known], audio[is_known])
    assert filled.dtype == np.float32 and np.isfinite(filled).all()
    # A plain look at each frame.
    padded = np.concatenate(
        (np.ones(SPEC.n_fft - SPEC.hop, np.bool_), is_known, np.ones(SPEC.n_fft, np.bool_))
    )
    plain = [not padded[t * SPEC.hop :][: SPEC.n_fft].all() for t in range(len(wanted))]
    np.testing.assert_array_equal(touched_frames(SPEC, is_known), plain)


def test_holes_that_share_nothing_are_filled_as_each_alone(rng: np.random.Generator) -> None:
    audio = rng.standard_normal(2 * RATE).astype(np.float32)
    wanted = np.abs(stft(SPEC, audio))
    first, second = (3000, 3500), (9000, 9900)
    both = fill_samples(SPEC, audio, known_but(len(audio), first, second), wanted)
    for hole in (first, second):
        alone = fill_samples(SPEC, audio, known_but(len(audio), hole), wanted)
        np.testing.assert_array_equal(both[slice(*hole)], alone[slice(*hole)])
    assert np.abs(both - audio)[3000:3500].max() > 0.0


def test_the_start_in_a_hole_counts() -> None:
    """With the right samples there, nothing is left to be done."""
    audio = vowel()
    is_known = known_but(RATE, (3500, 4300))
    filled = fill_samples(SPEC, audio, is_known, np.abs(stft(SPEC, audio)))
    np.testing.assert_allclose(filled, audio, atol=1e-5)


def test_other_seeds_other_phases() -> None:
    audio, is_known = vowel(), known_but(RATE, (3500, 4300))
    damaged, wanted = np.where(is_known, audio, np.float32(0.0)), np.abs(stft(SPEC, audio))
    one, same, other = (fill_samples(SPEC, damaged, is_known, wanted, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 1e-3


def test_bands_above_a_limit_are_made_and_those_below_stay(rng: np.random.Generator) -> None:
    audio = rng.standard_normal(RATE).astype(np.float32)
    spectrum = np.fft.rfft(audio)
    frequencies = np.fft.rfftfreq(RATE, 1.0 / RATE)
    low = np.fft.irfft(np.where(frequencies < 1900.0, spectrum, 0.0)).astype(np.float32)
    is_known = SPEC.frequencies_hz(RATE) < 2000.0
    wanted = np.abs(stft(SPEC, audio))
    made = stft(SPEC, fill_bins(SPEC, low, is_known, wanted))
    assert level_error_db(made[:, ~is_known], wanted[:, ~is_known]) < -10.0
    change = np.linalg.norm((made - stft(SPEC, low))[:, :90]) / np.linalg.norm(stft(SPEC, low)[:, :90])
    assert change < 0.01
