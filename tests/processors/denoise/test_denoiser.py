"""The method, end to end: the processor contract, and what users are promised."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.signal
from recordings import si_sdr_db, tone_in_noise

from dap_stream.core.contract import CHECKS, Contract, stream
from dap_stream.core.stream_format import StreamFormat
from dap_stream.dsp.reference import apply_gain
from dap_stream.dsp.stft import StftSpec, istft, stft
from dap_stream.errors import DeviceError, ProfileError, SettingError
from dap_stream.models.registry import DEEP_PRIORS
from dap_stream.models.registry import GENERATORS as NETWORKS
from dap_stream.processors.denoise.array_api import denoise
from dap_stream.processors.denoise.denoiser import Denoiser, LiveDenoiser
from dap_stream.processors.denoise.live_model import make_live_model
from dap_stream.processors.denoise.model import DenoiseModel
from dap_stream.processors.denoise.settings import DenoiseSettings

RATE = 8000
GENERATORS = (*NETWORKS, "classical")
SMALL: dict[str, Any] = {
    "block_s": 0.2,
    "noise_s": 0.8,
    "steps": 2,
    "low_cut_hz": 0.0,
    "passes": 1,
    "device": "cpu",
    "window_ms": 32.0,
}


def make(**changes):
    return Denoiser(RATE, 1, DenoiseSettings(**{**SMALL, **changes}))


def model_of(denoiser):
    assert denoiser.model is not None
    return denoiser.model


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
    from dap_stream.dsp import reference
    from dap_stream.processors.denoise.classical_estimator import KEEP_PER_16_MS, _start

    audio = rng.standard_normal(RATE * 2).astype(np.float32)
    processor = make(generator="classical", reduction_db=24.0)
    got = processor(audio[None], RATE)[0]
    spec = StftSpec.for_rate(RATE, 32.0)
    spectrum = stft(spec, audio)
    power = (np.abs(spectrum) ** 2).astype(np.float32)
    gain = np.empty_like(power)
    n_first = processor._n_frames
    state = _start(power[:n_first])
    assert state is not None
    log_floor = float(np.log(10 ** (-24 / 20)))
    noise, presence, clean = state
    reference.classical_gain(power, noise, presence, clean, KEEP_PER_16_MS ** (8.0 / 16.0), log_floor, gain)
    apply_gain(spectrum, gain)
    np.testing.assert_allclose(got, istft(spec, spectrum, len(audio)), rtol=0, atol=2e-3)


def test_the_classical_start_is_not_fooled_by_leading_silence():
    clean, noisy = tone_in_noise(4.0)
    silence = np.zeros((1, RATE * 2), np.float32)
    plain = make(generator="classical")(noisy, RATE)[0]
    late = make(generator="classical")(np.concatenate((silence, noisy), axis=1), RATE)[0, RATE * 2 :]
    assert si_sdr_db(late, clean) > si_sdr_db(plain, clean) - 0.5


@pytest.mark.parametrize("generator", ["band", "context", "classical"])
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
    assert [each.steps for each in model_of(denoiser).history][:5] == [12, 3, 3, 3, 3]


def test_a_deep_prior_goes_on_from_a_profile_and_keeps_learning():
    _, noisy = tone_in_noise()
    first = make(generator="dcgan")
    first(noisy, RATE)
    first.process(noisy)
    profile = model_of(first).profile()
    second = Denoiser(RATE, 1, first.settings, profile)
    assert np.abs(second(noisy, RATE) - make(generator="dcgan")(noisy, RATE)).max() > 0
    second.process(noisy)
    assert len(model_of(second).history) and any(
        np.abs(model_of(second).profile().weights[name] - profile.weights[name]).max() > 0
        for name in profile.weights
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
    settings = DenoiseSettings(**{**SMALL, "linked": False, "generator": "classical"})
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
    profile = model_of(first).profile()
    fresh, warm = make(steps=8), Denoiser(RATE, 1, DenoiseSettings(**SMALL), profile, learn=True)
    fresh.process(noisy[:, :RATE])
    warm.process(noisy[:, :RATE])
    assert model_of(warm).history[0].loss < model_of(fresh).history[0].loss
    frozen = Denoiser(RATE, 1, DenoiseSettings(**SMALL), profile)
    frozen.process(noisy)
    for name, value in model_of(frozen).profile().weights.items():
        np.testing.assert_array_equal(value, profile.weights[name])


def test_a_profile_for_another_window_is_refused():
    profile = model_of(make()).profile()
    with pytest.raises(
        ProfileError, match="the profile is for window_ms=32, the settings say window_ms=16; use the same"
    ):
        make_16 = DenoiseSettings(**{**SMALL, "window_ms": 16.0})
        Denoiser(RATE, 1, make_16, profile)


def test_a_profile_for_another_look_ahead_is_refused_with_the_reason():
    profile = model_of(make()).profile()
    with pytest.raises(ProfileError, match="the profile is for lookahead=1, the settings say lookahead=0"):
        Denoiser(RATE, 1, DenoiseSettings(**{**SMALL, "lookahead": 0}), profile)


@pytest.mark.parametrize("generator", ["band", "context", "dcgan"])
def test_a_model_of_the_callers_keeps_what_was_learned_from_stream_to_stream(generator):
    _, noisy = tone_in_noise(3.0)
    settings = DenoiseSettings(**{**SMALL, "generator": generator, "steps": 8})
    model = DenoiseModel(settings)
    first, second = (Denoiser(RATE, 1, settings, model=model, learn=True) for _ in range(2))
    cold = first(noisy, RATE)
    learned = model.profile().weights
    n_blocks, end_s = len(model.history), model.heard_s
    warm = second(noisy, RATE)
    assert np.abs(warm - cold).max() > 0
    assert any(np.abs(value - learned[name]).max() > 0 for name, value in model.profile().weights.items())
    assert model.history[n_blocks].start_s == pytest.approx(end_s), "one record, one time"
    model.reset()
    np.testing.assert_array_equal(first(noisy, RATE), cold)


@pytest.mark.parametrize("generator", ["band", "context", "dcgan"])
def test_its_own_model_begins_anew_with_each_stream(generator):
    _, noisy = tone_in_noise(2.0)
    denoiser = make(generator=generator)
    denoiser(noisy, RATE)
    assert not model_of(denoiser).history
    np.testing.assert_array_equal(denoiser(noisy, RATE), make(generator=generator)(noisy, RATE))


def test_a_denoiser_with_a_model_learns_unless_told_not_to():
    """An untrained model that stays so would set the gain all by itself."""
    _, noisy = tone_in_noise(2.0)
    settings = DenoiseSettings(**SMALL)
    model = DenoiseModel(settings)
    Denoiser(RATE, 1, settings, model=model)(noisy, RATE)
    assert any(block.steps for block in model.history)
    n_blocks = len(model.history)
    Denoiser(RATE, 1, settings, model=model, learn=False)(noisy, RATE)
    assert len(model.history) == n_blocks


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"window_ms": 16.0}, "the model has window_ms=32.0, the settings say 16.0"),
        ({"lookahead": 2}, "the model has lookahead=1, the settings say 2"),
        ({"generator": "classical"}, "the model has generator=band, the settings say classical"),
    ],
)
def test_a_model_of_other_settings_is_refused(changes, text):
    """The live one would read past the end of an array with another look-ahead."""
    settings, other = DenoiseSettings(**SMALL), DenoiseSettings(**{**SMALL, **changes})
    with pytest.raises(SettingError, match=text):
        Denoiser(RATE, 1, other, model=DenoiseModel(settings))
    with pytest.raises(SettingError, match=text):
        LiveDenoiser(RATE, 1, other, model=make_live_model(settings, StreamFormat(RATE)))


def test_a_profile_that_would_be_ignored_is_refused():
    profile = model_of(make()).profile()
    settings, classical = DenoiseSettings(**SMALL), DenoiseSettings(**{**SMALL, "generator": "classical"})
    for call in (
        lambda: Denoiser(RATE, 1, classical, profile),
        lambda: LiveDenoiser(RATE, 1, classical, profile),
        lambda: denoise(np.zeros(100), RATE, profile, generator="classical"),
    ):
        with pytest.raises(ProfileError, match="classical"):
            call()
    with pytest.raises(SettingError, match="two starts"):
        Denoiser(RATE, 1, settings, profile, DenoiseModel(settings))


def test_the_low_cut_is_the_butterworth_filter_that_is_documented():
    """-3 dB at the corner and 24 dB per octave below, measured on tones, against scipy."""
    corner_hz, rate = 200.0, 8000
    processor = Denoiser(
        rate, 1, DenoiseSettings(generator="classical", low_cut_hz=corner_hz, reduction_db=0.0)
    )
    for hz in (100.0, 200.0, 400.0, 1000.0):
        tone = np.sin(2 * np.pi * hz * np.arange(4 * rate) / rate)
        out = processor(tone[None], rate)[0]
        inside = slice(rate, 3 * rate)
        measured_db = 20 * np.log10(np.std(out[inside]) / np.std(tone[inside]))
        _, response = butter_response(hz, corner_hz, rate)
        assert measured_db == pytest.approx(response, abs=1.0), f"{hz} Hz"


def butter_response(hz, corner_hz, rate):
    b, a = scipy.signal.butter(4, 2 * np.pi * corner_hz, "highpass", analog=True)
    w, h = scipy.signal.freqs(b, a, worN=[2 * np.pi * hz])
    return w, float(20 * np.log10(np.abs(h[0])))


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
            lambda: Denoiser(RATE, 1, DenoiseSettings(generator="decoder"), learn=False),
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


ANY_DENOISE: Any = denoise  # with arguments that its annotations forbid


def nothing_is_learned(monkeypatch):
    """Whoever checks late would have spent the learning by then."""

    def fail(*args, **kwargs):
        raise AssertionError("learned before the check")

    monkeypatch.setattr("dap_stream.processors.denoise.array_api.pretrain", fail)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: ANY_DENOISE(np.zeros((16000, 2), np.float32), RATE), r"shape \(16000, 2\).*pass audio.T"),
        (
            lambda: ANY_DENOISE(np.zeros((2, 3, 100), np.float32), RATE),
            r"shape \(2, 3, 100\) must be \[samples\]",
        ),
        (lambda: ANY_DENOISE(np.float32(0.5), RATE), r"shape \(\) must be \[samples\] or"),
        (lambda: ANY_DENOISE([["a", "b"]], RATE), "dtype <U1 must be float32, float64 or integers"),
        (lambda: ANY_DENOISE(np.zeros(100, complex), RATE), "dtype complex128 must be"),
        (lambda: ANY_DENOISE(np.zeros(100, bool), RATE), "dtype bool must be"),
        (lambda: ANY_DENOISE(np.zeros(100), 100), "sample_rate=100 Hz must be in 8000..384000"),
        (lambda: ANY_DENOISE(np.zeros(100), 8000.5), "sample_rate=8000.5 must be a whole number"),
        (lambda: ANY_DENOISE(np.zeros(100), "8000"), "sample_rate='8000' must be a whole number"),
        (lambda: ANY_DENOISE(np.zeros(100), RATE, reductoin_db=3.0), "did you mean 'reduction_db'"),
        (
            lambda: ANY_DENOISE(np.zeros(100), RATE, reduction_db=99.0),
            "reduction_db=99.0 must be a number in",
        ),
    ],
)
def test_denoise_checks_before_it_learns(monkeypatch, call, text):
    nothing_is_learned(monkeypatch)
    with pytest.raises(SettingError, match=text):
        call()


def test_lists_integers_other_byte_orders_and_numbers_of_numpy_are_sound():
    noisy = (0.1 * np.random.default_rng(0).standard_normal(4000)).astype(np.float32)
    options = {"generator": "classical"}
    expected = ANY_DENOISE(noisy, RATE, **options)
    np.testing.assert_array_equal(ANY_DENOISE(noisy.astype(">f4"), np.int64(RATE), **options), expected)
    np.testing.assert_allclose(ANY_DENOISE(noisy.tolist(), RATE, **options), expected, atol=1e-6)
    codes = np.round(noisy * 32768).astype(np.int16)
    from_codes = ANY_DENOISE(codes, RATE, reduction_db=np.float64(24.0), **options)
    assert from_codes.dtype == np.float32
    np.testing.assert_allclose(from_codes, expected, atol=1e-3)
    assert ANY_DENOISE((noisy * 2**31).astype(np.int32), RATE, **options).dtype == np.float64
    np.testing.assert_allclose(
        ANY_DENOISE((np.round(noisy * 128) + 128).astype(np.uint8), RATE, **options), expected, atol=0.02
    )
