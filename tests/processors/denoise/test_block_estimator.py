"""The learned estimator with a generator that is no network: alignment, joins, steps and the start."""

from __future__ import annotations

import numpy as np
import pytest

from dap_stream.models.base import IDEAL_LOSS
from dap_stream.processors.denoise.block_estimator import CROSS_FADE, BlockEstimator
from dap_stream.processors.denoise.model import DenoiseModel
from dap_stream.processors.denoise.schedule import LearningMode, Schedule
from dap_stream.processors.denoise.settings import DenoiseSettings
from dap_stream.processors.denoise.step_plan import EqualSteps, StepsBySurprise

N_FRAMES, N_BINS, HALF = 32, 12, 2


class Mirror:
    """Predicts what is there, plus ``offset``, which a test may change; its loss is what the test says."""

    name = "mirror"
    before, after = 4, 2

    def __init__(self, loss=IDEAL_LOSS, trust=1.0):
        self.offset, self.loss, self.taken = 0.0, loss, []
        self.trust = lambda loss: trust

    def validate(self, block):
        return self.loss

    def learn(self, block, n_steps, rate=1.0):
        self.taken.append(n_steps)

    def predict(self, block):
        return block.log_power[block.before : block.before + block.n_frames] + np.float32(self.offset)

    def reset(self):
        pass

    def weights(self):
        return {}

    def load(self, weights):
        pass


def make(generator, reduction_db, steps=None):
    """An estimator whose model takes at most ``steps`` per block; None: that does not learn."""
    model = DenoiseModel(DenoiseSettings(steps=steps or 0), generator=generator)
    learning: LearningMode = "none" if steps is None else "inline"
    return BlockEstimator(
        model, Schedule(N_FRAMES, N_FRAMES, 0, 2 * HALF * N_FRAMES, 12.0, learning), reduction_db
    )


def run(estimator, log_power, change=lambda i: None):
    """Gain ``[frames, bins]``, aligned with ``log_power [frames, bins]``, which silence follows."""
    silence = np.full((estimator.delay + N_FRAMES, N_BINS), -46.0, np.float32)
    stream = np.concatenate((log_power, silence))
    power = np.concatenate((np.zeros((estimator.delay, N_BINS)), np.exp(stream))).astype(np.float32)
    out = []
    for i in range(len(stream) // N_FRAMES):
        change(i)
        span = slice(i * N_FRAMES, (i + 1) * N_FRAMES)
        out.append(estimator.advance(stream[None, span], power[None, span])[0])
    return np.concatenate(out)[estimator.delay :][: len(log_power)]


def noise(n_blocks):
    return np.random.default_rng(0).normal(0.0, 0.1, (n_blocks * N_FRAMES, N_BINS)).astype(np.float32)


@pytest.mark.parametrize("steps", [None, 3])
def test_the_gain_opens_for_a_loud_frame_and_for_no_other(steps):
    log_power = noise(8)
    loud = [5 * N_FRAMES + 7, 6 * N_FRAMES, 7 * N_FRAMES - 1]
    log_power[loud] += 9.0
    gain = run(make(Mirror(), 20.0, steps), log_power)
    others = np.setdiff1d(np.arange(4 * N_FRAMES, len(log_power)), [t + d for t in loud for d in (0, 1, 2)])
    before = [t - d for t in loud for d in (1, 2)]
    assert gain[loud].min() > 0.99  # 0.975 where the expected power is not that of the frame
    assert gain[others].max() < 0.3 and gain[before].max() < 0.3


def test_a_block_whose_prediction_jumps_is_faded_in():
    generator = Mirror()
    estimator = make(generator, 40.0, 1)
    levels = []

    def change(i):
        generator.offset = float(i % 2) * 2.0

    separate = estimator._separate

    def spy(lane, block, log_floor):
        log_expected, log_noise = separate(lane, block, log_floor)
        levels.append(log_expected[:, 0])
        return log_expected, log_noise

    estimator._separate = spy
    run(estimator, np.zeros((10 * N_FRAMES, N_BINS), np.float32), change)
    joined = np.concatenate(levels)[(HALF + 1) * N_FRAMES : 8 * N_FRAMES]
    assert np.ptp(joined) == pytest.approx(2.0, abs=0.1)
    assert np.abs(np.diff(joined)).max() <= 2.0 / CROSS_FADE * 1.01


def test_without_learning_no_step_is_taken():
    generator = Mirror()
    estimator = make(generator, 20.0)
    run(estimator, noise(3))
    assert not generator.taken and not estimator._model.history


def test_history_tells_where_each_block_began_and_what_it_took():
    generator = Mirror(loss=2.0)
    estimator = make(generator, 20.0, 10)
    run(estimator, noise(3))
    first, second, *_ = estimator._model.history
    assert (first.start_s, second.start_s) == (0.0, pytest.approx(N_FRAMES * 0.012))
    assert [each.steps for each in estimator._model.history] == generator.taken
    assert {each.loss for each in estimator._model.history} == {2.0}


def test_a_surprising_block_gets_more_steps_within_the_budget():
    plan = StepsBySurprise(10)
    assert plan.steps(2.0) == 40  # the very first
    usual = [plan.steps(2.0) for _ in range(5)]
    assert max(usual) < 6 and min(usual) >= 1
    assert plan.steps(4.0) == 10
    assert plan.steps(float("nan")) == 0
    assert StepsBySurprise(0).steps(5.0) == 0


def test_a_deep_prior_gets_the_same_steps_for_every_block():
    plan = EqualSteps(10)
    assert plan.steps(float("nan")) == 0
    assert [plan.steps(loss) for loss in (9.0, 2.0, 1.7, 5.0)] == [40, 10, 10, 10]


def test_the_stream_starts_classical_and_hands_over_to_a_generator_that_is_trusted():
    # Single bins stand out, so that the two gains differ everywhere.
    power = np.random.default_rng(0).exponential(size=(12 * N_FRAMES, N_BINS))
    log_power = np.log(power).astype(np.float32)

    def gains(trust):
        return run(make(Mirror(trust=trust), 40.0, 1), log_power)

    learned = run(make(Mirror(), 40.0), log_power)
    unknown, half, known = (gains(trust) for trust in (0.0, 0.5, 1.0))
    late = slice(-3 * N_FRAMES, -N_FRAMES)
    np.testing.assert_allclose(known[late], learned[late], rtol=0.02)
    assert np.abs(unknown[late] - learned[late]).max() > 0.02
    np.testing.assert_allclose(half[late], np.sqrt(unknown[late] * known[late]), rtol=0.05)
