"""The method, end to end: the processor contract, and what users are promised."""

from __future__ import annotations

import numpy as np
import pytest
from contract import CHECKS, Contract, stream
from recordings import si_sdr_db, tone_in_noise

from dap_stream.denoiser import Denoiser
from dap_stream.errors import DeviceError, ProfileError, SettingError
from dap_stream.offline import denoise
from dap_stream.settings import DEEP_PRIORS, GENERATORS, Settings
from dap_stream.stft import StftSpec, istft, stft
from dap_stream.twins import apply_gain

RATE = 8000
SMALL = {
    "block_s": 0.2,
    "noise_s": 0.8,
    "steps": 2,
    "low_cut_hz": 0.0,
    "passes": 1,
    "device": "cpu",
    "window_ms": 32.0,
}


def make(**changes):
    return Denoiser(RATE, 1, Settings(**{**SMALL, **changes}))


def whole(audio):
    return make()(audio, RATE)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("generator", GENERATORS)
def test_the_denoiser_keeps_the_contract(check, generator, rng):
    contract = Contract(
        make=lambda: make(generator=generator),
        # The twin without state is the call on the whole array with another object.
        offline=lambda audio: make(generator=generator)(audio, RATE),
        make_unity=lambda: make(generator=generator, reduction_db=0.0),
        n_samples=20011,
        buffer_sizes=(17, 480, 4096, 100_003)
        if check.__name__ != "buffer_size"
        else (1, 17, 480, 4096, 100_003),
        tolerance=1e-6,
    )
    check(contract, rng)


def test_classical_equals_a_plain_transform_with_the_same_gain(rng):
    """An offline twin that shares nothing with the streaming code but the gain kernel's twin."""
    from dap_stream import twins
    from dap_stream.classical import KEEP_PER_16_MS, _start

    audio = rng.standard_normal(RATE * 2).astype(np.float32)
    processor = make(generator="classical")
    got = processor(audio[None], RATE)[0]
    spec = StftSpec.for_rate(RATE, 32.0)
    spectrum = stft(spec, audio)
    power = (np.abs(spectrum) ** 2).astype(np.float32)
    gain = np.empty_like(power)
    n_first = processor._n_frames
    state = _start(power[:n_first])
    log_floor = float(np.log(10 ** (-24 / 20)))
    twins.classical_gain(power, *state, KEEP_PER_16_MS ** (8.0 / 16.0), log_floor, gain)
    apply_gain(spectrum, gain)
    np.testing.assert_allclose(got, istft(spec, spectrum, len(audio)), rtol=0, atol=2e-3)


def test_the_classical_start_is_not_fooled_by_leading_silence():
    clean, noisy = tone_in_noise(4.0)
    silence = np.zeros((1, RATE * 2), np.float32)
    plain = make(generator="classical")(noisy, RATE)[0]
    late = make(generator="classical")(np.concatenate((silence, noisy), axis=1), RATE)[0, RATE * 2 :]
    assert si_sdr_db(late, clean) > si_sdr_db(plain, clean) - 0.5


@pytest.mark.parametrize("generator", ["context", "classical"])
def test_an_absurd_sample_stays_a_number(generator):
    _, noisy = tone_in_noise(3.0)
    noisy[0, 9000] = 1e30
    assert np.isfinite(make(generator=generator)(noisy, RATE)).all()


@pytest.mark.parametrize("passes", [1, 2])
def test_a_tone_in_noise_gets_cleaner(passes):
    clean, noisy = tone_in_noise(8.0)
    out = denoise(noisy, RATE, passes=passes, steps=40 if passes == 2 else None, device="cpu")
    assert out.shape == noisy.shape and out.dtype == np.float32
    assert si_sdr_db(out[0], clean) > si_sdr_db(noisy[0], clean) + 3.0


@pytest.mark.parametrize("generator", DEEP_PRIORS)
def test_a_deep_prior_cleans_a_tone_in_noise_in_a_single_pass(generator):
    clean, noisy = tone_in_noise(6.0)
    out = denoise(noisy, RATE, generator=generator, block_s=2.0, steps=20, noise_s=4.0, device="cpu")
    assert out.shape == noisy.shape and out.dtype == np.float32
    assert si_sdr_db(out[0], clean) > si_sdr_db(noisy[0], clean) + 3.0


@pytest.mark.parametrize("generator", DEEP_PRIORS)
def test_a_deep_prior_takes_the_steps_asked_for_in_every_block(generator):
    _, noisy = tone_in_noise()
    denoiser = make(generator=generator, steps=3)
    denoiser.process(noisy)
    assert [each.steps for each in denoiser.history][:5] == [12, 3, 3, 3, 3]


def test_a_deep_prior_goes_on_from_a_profile_and_keeps_learning():
    _, noisy = tone_in_noise()
    first = make(generator="dcgan")
    first(noisy, RATE)
    first.process(noisy)
    profile = first.profile()
    second = Denoiser(RATE, 1, first.settings, profile)
    assert np.abs(second(noisy, RATE) - make(generator="dcgan")(noisy, RATE)).max() > 0
    second.process(noisy)
    assert len(second.history) and any(
        np.abs(second.profile().weights[name] - profile.weights[name]).max() > 0 for name in profile.weights
    )


def test_two_runs_are_identical_and_the_seed_counts():
    _, noisy = tone_in_noise()
    one, same, other = (
        denoise(noisy, RATE, passes=2, steps=12, seed=seed, device="cpu") for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0


@pytest.mark.parametrize("generator", GENERATORS)
def test_silence_stays_silence_without_a_warning(generator):
    out = denoise(
        np.zeros((2, 12000), np.float32), RATE, generator=generator, passes=2, steps=6, device="cpu"
    )
    assert not out.any()


def test_sound_after_digital_silence_and_before_it():
    clean, noisy = tone_in_noise(4.0)
    gap = np.zeros((1, RATE * 3), np.float32)
    out = denoise(np.concatenate((gap, noisy, gap), axis=1), RATE, passes=2, steps=30, device="cpu")[0]
    assert np.isfinite(out).all()
    inner = out[RATE * 3 : -RATE * 3]
    assert si_sdr_db(inner, clean) > si_sdr_db(noisy[0], clean) + 2.0
    assert np.abs(out[: RATE * 3 - 300]).max() < 1e-4


def test_nan_and_infinity_never_reach_the_output():
    _, noisy = tone_in_noise(2.0)
    noisy[0, 3000], noisy[0, 5000] = np.nan, np.inf
    out = denoise(noisy, RATE, passes=2, steps=6, device="cpu")
    assert np.isfinite(out).all()


@pytest.mark.parametrize("n_samples", [0, 1, 2, 63, 64, 255, 256, 257, 5000])
@pytest.mark.parametrize("passes", [1, 2])
def test_any_length_comes_back(n_samples, passes):
    out = denoise(np.full((1, n_samples), 0.1, np.float32), RATE, passes=passes, steps=1, device="cpu")
    assert out.shape == (1, n_samples) and np.isfinite(out).all()


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 37800, 44100, 192000])
def test_odd_rates_work(rate):
    _, noisy = tone_in_noise(0.5, rate)
    assert denoise(noisy, rate, passes=1, steps=1, device="cpu").shape == noisy.shape


def test_linked_channels_keep_the_image():
    noisy = tone_in_noise(4.0)[1]
    both = np.concatenate((noisy, 0.25 * noisy))
    out = denoise(both, RATE, passes=1, steps=2, device="cpu")
    np.testing.assert_allclose(out[1], 0.25 * out[0], rtol=0, atol=1e-6)


def test_unlinked_channels_are_cleaned_one_by_one():
    _, noisy = tone_in_noise(3.0, channels=3)
    settings = Settings(**{**SMALL, "linked": False, "generator": "classical"})
    out = Denoiser(RATE, 3, settings)(noisy, RATE)
    for channel, each in zip(out, noisy, strict=True):
        np.testing.assert_array_equal(channel, Denoiser(RATE, 1, settings)(each[None], RATE)[0])


def test_sixty_four_channels():
    noisy = np.tile(tone_in_noise(1.0)[1], (64, 1))
    assert denoise(noisy, RATE, passes=1, steps=1, device="cpu").shape == noisy.shape


def test_wet_zero_is_the_input_bit_for_bit_and_half_is_half_way():
    _, noisy = tone_in_noise()
    for dtype in (np.float32, np.float64):
        np.testing.assert_array_equal(make(wet=0.0)(noisy.astype(dtype), RATE), noisy.astype(dtype))
    half, full = make(wet=0.5)(noisy, RATE), make()(noisy, RATE)
    np.testing.assert_allclose(half, (noisy + full) / 2, rtol=0, atol=1e-6)


def test_the_reduction_limit_is_kept():
    _, noisy = tone_in_noise(4.0)
    for limit in (6.0, 12.0):
        removed = noisy - denoise(
            noisy, RATE, passes=2, steps=12, reduction_db=limit, low_cut_hz=0.0, device="cpu"
        )
        assert np.sum(removed**2) <= np.sum(noisy**2) * (1 - 10 ** (-limit / 20)) ** 2 * 1.05


def test_a_profile_is_where_the_next_stream_starts():
    _, noisy = tone_in_noise(6.0)
    first = make(steps=8)
    first.process(noisy)
    profile = first.profile()
    fresh, warm = make(steps=8), Denoiser(RATE, 1, Settings(**SMALL), profile, learn=True)
    fresh.process(noisy[:, :RATE])
    warm.process(noisy[:, :RATE])
    assert warm.history[0].loss < fresh.history[0].loss
    frozen = Denoiser(RATE, 1, Settings(**SMALL), profile)
    frozen.process(noisy)
    for name, value in frozen.profile().weights.items():
        np.testing.assert_array_equal(value, profile.weights[name])


def test_a_profile_for_another_window_is_refused():
    profile = make().profile()
    with pytest.raises(ProfileError, match="window_ms=32, the settings say generator=context window_ms=16"):
        make_16 = Settings(**{**SMALL, "window_ms": 16.0})
        Denoiser(RATE, 1, make_16, profile)


def test_reset_false_keeps_what_was_learned():
    _, noisy = tone_in_noise(3.0)
    denoiser = make(steps=8)
    denoiser(noisy, RATE)
    cold = denoiser.profile().weights
    denoiser(noisy, RATE, reset=False)
    assert any(np.abs(value - cold[name]).max() > 0 for name, value in denoiser.profile().weights.items())


@pytest.mark.parametrize("generator", ["context", "dcgan"])
def test_reset_goes_back_to_the_start_whatever_was_kept_before(generator):
    _, noisy = tone_in_noise(2.0)
    denoiser = make(generator=generator)
    for _ in range(2):
        denoiser(noisy, RATE, reset=False)
    denoiser.reset()
    np.testing.assert_array_equal(denoiser(noisy, RATE), make(generator=generator)(noisy, RATE))


def test_latency_is_declared_in_samples_and_ms():
    denoiser = make()
    impulse = np.zeros((1, 1), np.float32)
    impulse[0, 0] = 1.0
    out = stream(make(reduction_db=0.0), impulse, 1)
    assert np.argmax(np.abs(out)) == denoiser.latency
    assert denoiser.latency_ms == 1000 * denoiser.latency / RATE


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: Denoiser(7999), "sample_rate=7999 Hz must be in 8000..384000"),
        (lambda: Denoiser(RATE, 65), r"channels=65 must be in 1..64"),
        (
            lambda: make().process(np.zeros((2, 5), np.float32)),
            r"shape \(2, 5\) must be \[channels=1, samples\]",
        ),
        (lambda: make().process(np.zeros((1, 5), np.int16)), "dtype int16 must be float32 or float64"),
        (lambda: make()(np.zeros((1, 5), np.float32), 44100), "sample_rate=44100 must be 8000"),
        (lambda: make(reduction_db=-1.0), r"reduction_db=-1.0 must be a number in 0..60 dB"),
        (lambda: make(passes=True), "passes=True must be one of 1, 2"),
        (
            lambda: Denoiser(RATE, 1, Settings(generator="decoder"), learn=False),
            "generator=decoder has to learn from each block",
        ),
    ],
)
def test_misuse_gets_one_clear_line(call, text):
    with pytest.raises(SettingError, match=text):
        call()


def test_cuda_that_is_not_there_is_an_error():
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA GPU here")
    with pytest.raises(DeviceError, match="no CUDA GPU here"):
        make(device="cuda")
