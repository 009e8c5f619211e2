"""The band network along a stream: late by exactly what was asked for, however the frames come."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from band_networks import hum_and_hiss, observed, random_weights
from hypothesis import given, settings
from hypothesis import strategies as st

from dap_stream.dsp.bands import N_BANDS
from dap_stream.dsp.features import TINY
from dap_stream.dsp.stft import StftSpec
from dap_stream.models.band.frames import LEAST_HOP_S, Frames
from dap_stream.models.band.layout import LOOKAHEADS, N_OUTPUTS
from dap_stream.models.band.predictor import BandPredictor
from dap_stream.models.band.stream import BandStream
from dap_stream.models.band.wanted import Wanted

SCALE = 0.05  # logits stay where a sigmoid in 24 bits can be undone
ABOUT, OUTPUT = 0, 1  # bands in which `Counting` tells what it gave


class Counting(BandPredictor):
    """Tells in its logits which of the frames that it saw they are about, and which output they are of."""

    def new_state(self):
        return np.zeros((1, 1), np.float32)

    def logits(self, features, state):
        frames = state[0, 0] + np.arange(len(features))
        state += len(features)
        out = np.zeros((len(features), len(LOOKAHEADS), N_OUTPUTS), np.float32)
        for i, late in enumerate(LOOKAHEADS):
            out[:, i, ABOUT] = SCALE * (frames - late)
            out[:, i, OUTPUT] = SCALE * i
        return out.reshape(len(features), -1)


def make_stream(delay, window_ms=48.0, wanted=None):
    frames = Frames(StftSpec.for_rate(16_000, window_ms), 16_000)
    return BandStream(frames, delay, wanted or Wanted("voice"))


def told(gain):
    """What `Counting` said ``[frames, bands]``."""
    gain = gain.astype(np.float64)
    return np.log(1.0 / gain - 1.0, where=gain < 1.0, out=np.full_like(gain, np.nan)) / SCALE


@given(delay=st.integers(0, 40), window_ms=st.sampled_from([48.0, 32.0, 16.0, 8.0, 4.0]))
@settings(max_examples=40, deadline=None)
def test_the_delay_is_exact_and_the_largest_lookahead_in_it_is_used(delay, window_ms):
    spec = StftSpec.for_rate(16_000, window_ms)
    thinning = int(np.ceil(LEAST_HOP_S / (spec.hop / 16_000)))
    used = max(late for late in LOOKAHEADS if late * thinning <= delay)
    frames = np.random.default_rng(0).standard_normal((90, spec.n_bins)).astype(np.float32)
    gain = make_stream(delay, window_ms).advance(frames, Counting({}))
    assert gain.shape == (90, N_BANDS) and gain.dtype == np.float32
    n_waiting = delay - used * thinning
    assert (gain[:n_waiting] == 1.0).all()  # before there is anything to say nothing is taken away
    heard = told(gain[n_waiting:])
    np.testing.assert_allclose(heard[:, OUTPUT], LOOKAHEADS.index(used), atol=1e-3)
    due = np.arange(n_waiting, 90) - delay
    np.testing.assert_allclose(heard[:, ABOUT], np.floor(due / thinning), atol=1e-3)


FRAMES = observed(hum_and_hiss(16_000, 0.6), 16_000, 48.0)
SHORT_FRAMES = observed(hum_and_hiss(16_000, 0.2), 16_000, 8.0)
WEIGHTS = random_weights()


@given(
    cuts=st.lists(st.integers(0, len(FRAMES)), max_size=6),
    delay=st.integers(0, 12),
    is_short=st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_gains_do_not_depend_on_how_frames_come_in_blocks(cuts, delay, is_short):
    frames, window_ms = (SHORT_FRAMES, 8.0) if is_short else (FRAMES, 48.0)
    predictor = BandPredictor(WEIGHTS)
    whole = make_stream(delay, window_ms).advance(frames, predictor)
    stream, edges = make_stream(delay, window_ms), [0, *sorted(cuts), len(frames)]
    pieces = [stream.advance(frames[begin:end], predictor) for begin, end in itertools.pairwise(edges)]
    np.testing.assert_allclose(np.concatenate(pieces), whole, rtol=0, atol=1e-5)
    assert whole[delay:].std() > 1e-3


def test_what_comes_later_changes_nothing_before():
    frames = FRAMES.copy()
    frames[30:] += 3.0 * np.sin(np.arange(frames.shape[1], dtype=np.float32))
    predictor = BandPredictor(WEIGHTS)
    plain, changed = (make_stream(4).advance(each, predictor) for each in (FRAMES, frames))
    np.testing.assert_allclose(plain[:30], changed[:30], rtol=0, atol=1e-6)
    assert np.abs(plain[30:] - changed[30:]).max() > 1e-3


def test_gains_are_shares():
    gain = make_stream(4).advance(FRAMES, BandPredictor(WEIGHTS))
    assert gain.min() >= 0.0 and gain.max() <= 1.0


class Sure(BandPredictor):
    """Gives one number everywhere."""

    def new_state(self):
        return np.zeros((1, 1), np.float32)

    def logits(self, features, state):
        return np.full((len(features), len(LOOKAHEADS) * N_OUTPUTS), self.weights["all"], np.float32)


def sure(logit):
    return Sure({"all": np.array(logit, np.float32)})


@pytest.mark.parametrize(("logit", "gain"), [(-30.0, 1.0), (30.0, 0.0)])
def test_the_network_tells_the_share_of_noise(logit, gain):
    np.testing.assert_allclose(make_stream(0).advance(FRAMES, sure(logit)), gain, atol=1e-6)


def test_a_stream_tells_how_much_voice_it_hears():
    """Digital silence does not count."""
    silence = np.full((100, FRAMES.shape[1]), np.log(TINY), np.float32)
    wanted = Wanted("auto")
    stream = make_stream(4, wanted=wanted)
    stream.advance(FRAMES, sure(5.0))
    stream.advance(silence, sure(-5.0))
    assert wanted.voice_share == pytest.approx(1.0)
    assert wanted.heard_s == pytest.approx(0.012 * len(FRAMES))


def test_the_network_is_told_what_is_wanted():
    seen = []

    class Listening(Sure):
        def logits(self, features, state):
            seen.append(features[:, -1].mean())
            return super().logits(features, state)

    wanted = Wanted("auto")
    stream = make_stream(0, wanted=wanted)
    for keeps_voice in (False, True, False):
        wanted.keeps_voice = keeps_voice
        stream.advance(FRAMES[:3], Listening({"all": np.array(0.0, np.float32)}))
    assert seen == [0.0, 1.0, 0.0]


def test_what_is_heard_beforehand_takes_no_place_in_the_stream():
    plain, primed = make_stream(4), make_stream(4)
    predictor = BandPredictor(WEIGHTS)
    primed.prime(FRAMES[:20], predictor)
    after = primed.advance(FRAMES[20:], predictor)
    np.testing.assert_allclose(after[4:], plain.advance(FRAMES, predictor)[24:], rtol=0, atol=1e-5)
    counted = make_stream(0).advance(FRAMES, Counting({}))
    np.testing.assert_allclose(told(counted)[:, ABOUT], np.arange(len(FRAMES)), atol=1e-3)
