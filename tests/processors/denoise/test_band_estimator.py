"""The educated gain over a fine one: as late as it, within the reduction, each lane for itself."""

from __future__ import annotations

import numpy as np
import pytest
from band_networks import hum_and_hiss, observed, random_weights

from dap_stream.dsp.bands import N_BANDS
from dap_stream.dsp.stft import StftSpec
from dap_stream.models.band.frames import Frames
from dap_stream.models.band.layout import LOOKAHEADS, N_OUTPUTS
from dap_stream.models.band.predictor import BandPredictor
from dap_stream.models.band.stream import BandStream
from dap_stream.models.band.wanted import Wanted
from dap_stream.processors.denoise.band_estimator import WEIGHTS_ANY, WEIGHTS_VOICE, BandEstimator

RATE = 16_000
FRAMES = Frames(StftSpec.for_rate(RATE, 48.0), RATE)
HEARD = np.stack([observed(hum_and_hiss(RATE, 0.6, seed), RATE, 48.0) for seed in (0, 1)])
N_FRAMES = HEARD.shape[1]


class Fine:
    """The same gain everywhere."""

    def __init__(self, gain=0.5, delay=4):
        self.gain, self.delay = gain, delay

    def advance(self, log_observed, power):
        return np.full(log_observed.shape, self.gain, np.float32)


class Sure(BandPredictor):
    """Takes the same part of every band for noise."""

    def new_state(self):
        return np.zeros((1, 1), np.float32)

    def logits(self, features, state):
        return np.full((len(features), len(LOOKAHEADS) * N_OUTPUTS), self.weights["all"], np.float32)


def sure(noise_share):
    return Sure({"all": np.array(np.log(noise_share / (1.0 - noise_share)), np.float32)})


def make(fine=None, predictor=None, reduction_db=20.0, keep="voice"):
    predictor = predictor or BandPredictor(random_weights())
    return BandEstimator(fine or Fine(), FRAMES, Wanted(keep), lambda: predictor, lambda: reduction_db)


@pytest.mark.parametrize(("keep", "weights"), [("voice", WEIGHTS_VOICE), ("any", WEIGHTS_ANY)])
@pytest.mark.parametrize("fine", [0.9, 0.2])
def test_the_gain_is_the_geometric_mean_with_the_weights_of_what_is_wanted(keep, weights, fine):
    gain = make(Fine(fine), sure(0.6), keep=keep).advance(HEARD, np.exp(HEARD))
    weight = weights[0] if fine > 0.4 else weights[1]
    np.testing.assert_allclose(gain[:, 4:], fine ** (1.0 - weight) * 0.4**weight, rtol=1e-5)
    assert gain.shape == HEARD.shape and gain.dtype == np.float32


@pytest.mark.parametrize("reduction_db", [0.0, 6.0, 20.0])
def test_nothing_is_reduced_by_more_than_was_asked_for(reduction_db):
    least = 10.0 ** (-reduction_db / 20.0)
    gain = make(Fine(least), sure(1.0 - 1e-6), reduction_db).advance(HEARD, np.exp(HEARD))
    np.testing.assert_allclose(gain[:, 4:], least, rtol=1e-5)


@pytest.mark.parametrize("delay", [0, 4, 6])
def test_it_is_as_late_as_the_fine_gain(delay):
    estimator = make(Fine(1.0, delay))
    assert estimator.delay == delay
    gain = estimator.advance(HEARD, np.exp(HEARD))
    stream = BandStream(FRAMES, delay, Wanted("voice"))
    coarse = stream.advance(HEARD[1], BandPredictor(random_weights()))
    least = 0.1  # 20 dB
    each = [np.interp(FRAMES.bands.position, np.arange(N_BANDS), row) for row in coarse]
    expected = np.maximum(each, least) ** WEIGHTS_VOICE[0]  # the fine gain of 1 is the larger one
    np.testing.assert_allclose(gain[1], expected, rtol=0, atol=1e-5)


def test_lanes_know_nothing_of_each_other():
    both = make().advance(HEARD, np.exp(HEARD))
    alone = [make().advance(lane[None], np.exp(lane)[None])[0] for lane in HEARD]
    np.testing.assert_allclose(both, alone, rtol=0, atol=1e-6)
    assert np.abs(both[0] - both[1]).max() > 1e-3


@pytest.mark.parametrize("size", [1, 7, N_FRAMES])
def test_frames_may_come_in_any_blocks(size):
    whole = make().advance(HEARD, np.exp(HEARD))
    estimator = make()
    parts = [HEARD[:, begin : begin + size] for begin in range(0, N_FRAMES, size)]
    pieces = [estimator.advance(part, np.exp(part)) for part in parts]
    np.testing.assert_allclose(np.concatenate(pieces, axis=1), whole, rtol=0, atol=1e-5)


def test_new_weights_and_another_reduction_count_from_the_next_frame_on():
    now = {"predictor": sure(0.75), "reduction_db": 40.0}
    estimator = BandEstimator(
        Fine(1.0, 0), FRAMES, Wanted("voice"), lambda: now["predictor"], lambda: now["reduction_db"]
    )
    part = HEARD[:, :3]
    weight = WEIGHTS_VOICE[0]
    np.testing.assert_allclose(estimator.advance(part, np.exp(part)), 0.25**weight, rtol=1e-5)
    now["predictor"] = sure(0.9999)
    np.testing.assert_allclose(estimator.advance(part, np.exp(part)), 0.01**weight, rtol=1e-5)
    now["reduction_db"] = 12.0
    np.testing.assert_allclose(estimator.advance(part, np.exp(part)), 10.0 ** (-0.6 * weight), rtol=1e-5)


def test_known_noise_is_heard_before_the_first_frame():
    predictor = BandPredictor(random_weights())
    noise = HEARD[1, :30]
    estimator = BandEstimator(
        Fine(1.0), FRAMES, Wanted("voice"), lambda: predictor, lambda: 40.0, noise=noise
    )
    primed = estimator.advance(HEARD, np.exp(HEARD))
    plain = make(Fine(1.0), predictor, 40.0).advance(HEARD, np.exp(HEARD))
    assert np.abs(primed - plain).max() > 1e-3
    whole = make(Fine(1.0), predictor, 40.0).advance(
        np.concatenate((noise[None], HEARD[:1]), axis=1), np.zeros((1, len(noise) + N_FRAMES, 1), np.float32)
    )
    np.testing.assert_allclose(primed[0, 4:], whole[0, len(noise) + 4 :], rtol=0, atol=1e-5)


def test_bands_above_half_the_sample_rate_are_not_heard():
    """At 8 kHz the network still has numbers for them, of which nothing may get into the gain."""
    frames = Frames(StftSpec.for_rate(8_000, 48.0), 8_000)

    class Split(Sure):
        def logits(self, features, state):
            out = np.full((len(features), len(LOOKAHEADS), N_OUTPUTS), -30.0, np.float32)
            out[:, :, frames.bands.n_present : N_BANDS] = 30.0
            return out.reshape(len(features), -1)

    estimator = BandEstimator(Fine(1.0, 0), frames, Wanted("voice"), lambda: Split({}), lambda: 40.0)
    heard = observed(hum_and_hiss(48_000, 0.3)[::6], 8_000, 48.0)[None]
    np.testing.assert_allclose(estimator.advance(heard, np.exp(heard)), 1.0, atol=1e-5)
