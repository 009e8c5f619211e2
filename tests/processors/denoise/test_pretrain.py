from __future__ import annotations

import numpy as np
import pytest

from dap_stream.core.arrays import ArraySource
from dap_stream.errors import SettingError
from dap_stream.processors.denoise.model import DenoiseModel
from dap_stream.processors.denoise.pretrain import PIECE_S, STEPS_PER_PIECE, learn, pretrain
from dap_stream.processors.denoise.settings import DenoiseSettings

RATE = 8000


class Spy(ArraySource):
    """Remembers what was read."""

    def __init__(self, audio):
        super().__init__(audio, RATE)
        self.reads = []

    def seek(self, sample):
        self.reads.append(sample)
        super().seek(sample)


def source(seconds):
    return Spy(np.random.default_rng(0).normal(0, 0.1, (1, int(seconds * RATE))).astype(np.float32))


def test_pieces_cover_the_recording_evenly_in_random_order_with_the_seed():
    settings = DenoiseSettings(steps=10 * STEPS_PER_PIECE, device="cpu")
    one, same, other = source(100), source(100), source(100)
    learn(one, settings)
    learn(same, settings)
    learn(other, DenoiseSettings(steps=10 * STEPS_PER_PIECE, seed=1, device="cpu"))
    assert one.reads == same.reads != other.reads
    assert one.reads != sorted(one.reads)
    room = 100 * RATE - int(PIECE_S * RATE)
    assert [int(start / room * 10) for start in sorted(one.reads)] == list(range(10))


def test_same_seed_same_weights_other_seed_others():
    def weights(seed):
        return learn(source(20), DenoiseSettings(steps=12, seed=seed, device="cpu")).weights

    one, same, other = weights(0), weights(0), weights(1)
    for name, value in one.items():
        np.testing.assert_array_equal(value, same[name])
    assert any(np.abs(value - other[name]).max() > 0 for name, value in one.items())


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("steps", [0, 1, 5, 13])
def test_exactly_the_steps_asked_for_are_taken_however_many_channels(monkeypatch, steps, linked):
    taken = []
    n_channels = 3
    model = DenoiseModel(DenoiseSettings(steps=steps, linked=linked, device="cpu"))
    monkeypatch.setattr(model.generator, "learn", lambda block, n, rate: taken.append(n))
    audio = np.random.default_rng(0).normal(0, 0.1, (n_channels, 10 * RATE)).astype(np.float32)
    pretrain(model, Spy(audio))
    assert sum(taken) == steps


def test_a_profile_is_the_start_and_progress_may_cancel():
    settings = DenoiseSettings(steps=12, device="cpu")
    profile = learn(source(10), settings)
    again = learn(source(10), DenoiseSettings(steps=0, device="cpu"), profile)
    for name, value in profile.weights.items():
        np.testing.assert_array_equal(value, again.weights[name])
    fractions: list[float] = []
    learn(source(10), settings, progress=fractions.append)
    assert fractions == [0.5, 1.0]

    def cancel(fraction):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn(source(10), settings, progress=cancel)


@pytest.mark.parametrize("generator", ["classical", "dcgan"])
def test_other_generators_have_no_first_pass(generator):
    with pytest.raises(SettingError, match=f"generator={generator} has no first pass"):
        learn(source(1), DenoiseSettings(generator=generator))
