"""The denoiser hop by hop: the processor contract with the fit inline, and what live users are promised."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from recordings import si_sdr_db, tone_in_noise

from dap_stream.core.contract import CHECKS, Contract, stream
from dap_stream.core.profile import Profile
from dap_stream.core.stream_format import StreamFormat
from dap_stream.errors import SettingError
from dap_stream.processors.denoise.denoiser import LiveDenoiser
from dap_stream.processors.denoise.frame_history import FrameHistory
from dap_stream.processors.denoise.learner import Learner, Lesson
from dap_stream.processors.denoise.live_model import LiveModel, make_live_model
from dap_stream.processors.denoise.settings import DenoiseSettings

RATE = 8000
SMALL: dict[str, Any] = {
    "block_s": 0.2, "noise_s": 0.8, "steps": 2, "low_cut_hz": 0.0, "device": "cpu", "window_ms": 32.0,
}  # fmt: skip
HOP = RATE * 8 // 1000


def make(channels: int = 1, profile: Profile | None = None, **changes: Any) -> LiveDenoiser:
    return LiveDenoiser(RATE, channels, DenoiseSettings(**{**SMALL, **changes}), profile)


def model_of(processor: LiveDenoiser) -> LiveModel:
    assert processor.model is not None
    return processor.model


def whole(audio, **changes):
    """All of it in one buffer, aligned."""
    processor = make(len(audio), **changes)
    return np.concatenate((processor.process(audio), processor.flush()), axis=1)[:, processor.latency :]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("generator", ["band", "context", "classical"])
def test_the_live_denoiser_keeps_the_contract(check, generator, rng):
    contract = Contract(
        make=lambda: make(generator=generator),
        # The twin without state is another object that gets everything in one buffer.
        offline=lambda audio: whole(audio, generator=generator),
        make_unity=lambda: make(generator=generator, wet=0.0),
        n_samples=8011,
        buffer_sizes=(1, 17, 64, 65, 8193) if check.__name__ == "buffer_size" else (17, 64, 8193),
        tolerance=1e-6,
    )
    check(contract, rng)


@pytest.mark.parametrize(("lookahead", "latency"), [(0, 256), (1, 256 + 2 * HOP), (2, 256 + 4 * HOP)])
def test_the_latency_is_the_window_and_the_look_ahead(lookahead, latency, rng):
    processor = make(lookahead=lookahead)
    assert processor.latency == latency
    # An impulse at unity gain comes out just there.
    impulse = np.zeros((1, 2000), np.float32)
    impulse[0, 300] = 1.0
    out = stream(make(lookahead=lookahead, reduction_db=0.0), impulse, 100)
    assert np.argmax(np.abs(out[0])) == 300 + latency


def test_low_latency_of_a_short_window():
    assert make(window_ms=16.0).latency_ms == 24.0
    assert make().latency_ms == 48.0
    assert make(lookahead=0).latency_ms == 32.0


@pytest.mark.parametrize("lookahead", [0, 1, 2])
def test_a_tone_in_noise_gets_cleaner(lookahead):
    clean, noisy = tone_in_noise(6.0)
    out = whole(noisy, lookahead=lookahead, steps=8)
    half = len(clean) // 2
    assert si_sdr_db(out[0, half:], clean[half:]) > si_sdr_db(noisy[0, half:], clean[half:]) + 3.0


def test_it_does_not_look_ahead_of_its_latency(rng):
    audio = (0.1 * rng.standard_normal((1, 6000))).astype(np.float32)
    other = audio.copy()
    other[:, 4000:] = 0.0
    first, second = (stream(make(), each, 500) for each in (audio, other))
    np.testing.assert_array_equal(first[:, :4000], second[:, :4000])
    assert not np.array_equal(first, second)


def test_channels_stay_in_place_when_linked_and_go_their_own_ways_when_not(rng):
    noisy = tone_in_noise(2.0)[1]
    both = np.concatenate((noisy, 0.5 * noisy))
    linked = whole(both)
    np.testing.assert_allclose(linked[1], 0.5 * linked[0], rtol=0, atol=1e-6)
    other = np.concatenate((noisy, (0.05 * rng.standard_normal(noisy.shape)).astype(np.float32)))
    unlinked = whole(other, linked=False)
    assert unlinked.shape == other.shape and not np.array_equal(unlinked, whole(other))


@pytest.mark.parametrize("generator", ["band", "context", "classical"])
def test_silence_stays_silence_and_nothing_is_lost_after_it(generator):
    out = whole(np.zeros((1, 4 * RATE), np.float32), generator=generator)
    assert not out.any()
    clean, noisy = tone_in_noise(6.0)
    late = np.concatenate((np.zeros((1, RATE), np.float32), noisy), axis=1)
    after = whole(late, generator=generator, noise_s=4.0)
    assert si_sdr_db(after[0, RATE:], clean) > si_sdr_db(noisy[0], clean)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_what_is_no_sound_never_reaches_the_output(value):
    noisy = tone_in_noise(2.0)[1]
    noisy[0, 5000] = value
    assert np.isfinite(whole(noisy)).all()


def test_frozen_weights_stay_and_reset_forgets(rng):
    processor = make()
    model = model_of(processor)
    noisy = tone_in_noise(3.0)[1]
    processor.process(noisy[:, :RATE])
    model.is_frozen = True
    processor.process(noisy[:, RATE : RATE + HOP * 30])
    before = model.profile().weights
    processor.process(noisy[:, -RATE:])
    after = model.profile().weights
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert model.history[-1].steps == 0 < model.history[0].steps
    processor.reset()
    assert model.history == []


def test_a_profile_is_taken_up_at_once():
    noisy = tone_in_noise(4.0)[1]
    first = make(steps=8)
    first.process(noisy)
    profile = model_of(first).profile()
    assert isinstance(profile, Profile)
    again, cold = make(steps=8, profile=profile), make(steps=8)
    warm_start, cold_start = again.process(noisy[:, :RATE]), cold.process(noisy[:, :RATE])
    assert not np.array_equal(warm_start, cold_start)
    assert model_of(again).history[0].loss < model_of(cold).history[0].loss


def test_work_that_is_dropped_leaves_the_classical_gain():
    noisy = tone_in_noise(2.0)[1]
    settings = DenoiseSettings(**{**SMALL, "generator": "context"})
    model = LiveModel(Learner(Lesson(settings, None, True, 25)), submit=lambda work: None)
    dropped = LiveDenoiser(RATE, 1, settings, model=model)
    late = dropped.process(noisy)[:, 2 * HOP :]  # classical waits for no later frame
    np.testing.assert_array_equal(late, make(generator="classical").process(noisy)[:, : -2 * HOP])


def test_without_anything_learned_the_taught_network_is_at_work_from_the_first_frame():
    """What this recording taught is dropped; what was taught beforehand is there."""
    noisy = tone_in_noise(2.0)[1]
    settings = DenoiseSettings(**SMALL)
    model = LiveModel(Learner(Lesson(settings, None, True, 25)), submit=lambda work: None)
    dropped = LiveDenoiser(RATE, 1, settings, model=model).process(noisy)
    classical = make(generator="classical").process(noisy)
    assert dropped.any() and np.isfinite(dropped).all()
    assert np.abs(dropped[:, 2 * HOP :] - classical[:, : -2 * HOP]).max() > 1e-4


def test_when_the_model_forgets_in_mid_stream_nothing_learned_is_heard_any_more():
    """And the stream goes on: it sounds like one whose model never learned anything and was reset too."""
    noisy = tone_in_noise(4.0)[1]
    settings = DenoiseSettings(**{**SMALL, "steps": 8})
    learning = make_live_model(settings, StreamFormat(RATE))
    ignorant = LiveModel(Learner(Lesson(settings, None, True, 25)), submit=lambda work: None)
    one, other = (LiveDenoiser(RATE, 1, settings, model=model) for model in (learning, ignorant))
    n = 2 * RATE + 3 * HOP
    assert not np.array_equal(one.process(noisy[:, :n])[:, -RATE:], other.process(noisy[:, :n])[:, -RATE:])
    for model in (learning, ignorant):
        model.reset()
    piece = noisy[:, n : n + 5 * HOP]  # with the sixth one the model is asked again
    forgetful, never = one.process(piece), other.process(piece)
    # A window later nothing is heard of the frames before it.
    np.testing.assert_array_equal(forgetful[:, 4 * HOP :], never[:, 4 * HOP :])
    assert never.any()


def test_generators_that_cannot_work_live_are_refused():
    with pytest.raises(SettingError, match="choose band or context or classical"):
        make(generator="dcgan")


def test_history_keeps_the_newest_rows_in_order():
    history, given = FrameHistory(5, 3, 0.0), []
    for i in range(23):
        history.push(np.full(3, float(i), np.float32))
        kept = history.last(5)[:, 0]
        np.testing.assert_array_equal(kept, [max(k, 0) for k in range(i - 4, i + 1)])
        given.append((history.last(5), history.last(5).copy()))
    assert history.n_seen == 23
    for view, then in given:  # another thread may still be reading
        np.testing.assert_array_equal(view, then)


@pytest.mark.parametrize("generator", ["band", "context", "classical"])
def test_the_reduction_can_be_turned_while_it_runs(generator):
    noise = (0.05 * np.random.default_rng(0).standard_normal((1, 6 * RATE))).astype(np.float32)
    processor = make(generator=generator, noise_s=2.0)
    processor.process(noise[:, : 3 * RATE])
    processor.reduction_db = 0.0
    out = processor.process(noise[:, 3 * RATE :])[:, RATE:]
    assert np.std(out) == pytest.approx(0.05, rel=0.05)


def test_history_tells_when():
    processor = make()
    processor.process(tone_in_noise(1.0)[1])
    assert [round(each.start_s, 1) for each in model_of(processor).history] == [
        0.0,
        0.0,
        0.0,
        0.2,
        0.4,
        0.6,
        0.8,
    ]


@pytest.mark.parametrize(("window_ms", "block_s"), [(32.0, 0.1), (128.0, 0.5), (4.0, 0.1)])
def test_short_spans_to_find_the_noise_in_are_allowed(window_ms, block_s):
    noisy = tone_in_noise(3.0)[1]
    assert whole(noisy, window_ms=window_ms, block_s=block_s, noise_s=0.5).shape == noisy.shape


def test_a_silent_channel_does_not_keep_the_others_from_learning():
    noisy = tone_in_noise(4.0)[1]
    pair = np.concatenate((np.zeros_like(noisy), noisy))
    out = whole(pair, linked=False, steps=8, noise_s=4.0)
    classical = whole(pair, linked=False, generator="classical")
    assert not out[0].any()
    assert np.abs(out[1, 2 * RATE :] - classical[1, 2 * RATE :]).max() > 1e-3


def test_a_pause_longer_than_the_memory_is_survived():
    clean, noisy = tone_in_noise(6.0)
    pause = np.zeros((1, 3 * RATE), np.float32)
    out = whole(np.concatenate((noisy, pause, noisy), axis=1), steps=8, noise_s=2.0)
    assert not out[0, 7 * RATE : 9 * RATE - 500].any()
    first = slice(9 * RATE, 10 * RATE)  # right after it
    assert si_sdr_db(out[0, first], clean[:RATE]) > si_sdr_db(noisy[0, :RATE], clean[:RATE])


def test_wet_mixes_with_the_aligned_input():
    noisy = tone_in_noise(2.0)[1]
    np.testing.assert_array_equal(whole(noisy, wet=0.0), noisy)
    np.testing.assert_allclose(whole(noisy, wet=0.5), (whole(noisy) + noisy) / 2, rtol=0, atol=1e-6)


def test_whole_numbers_are_refused():
    with pytest.raises(SettingError, match="int16"):
        make().process(np.zeros((1, 10), np.int16))


def test_a_reset_in_mid_stream_begins_with_what_comes_after_it(monkeypatch):
    """Noise from before it must not be learned again: the looks hold nothing older than the reset."""
    noisy = tone_in_noise(4.0)[1]
    processor = make(noise_s=4.0)
    processor.process(noisy[:, : 3 * RATE])
    assert processor.model is not None
    lengths, ask = [], processor.model.ask

    def spy(log_observed, now_s, n_resets):
        lengths.append(len(log_observed[0]))
        ask(log_observed, now_s, n_resets)

    monkeypatch.setattr(processor.model, "ask", spy)
    processor.model.reset()
    processor.process(noisy[:, 3 * RATE :])
    assert lengths and max(lengths) <= RATE // HOP
    assert processor.model.history[0].start_s == 0.0
