"""What every generator promises, and what only `context` does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from dap_stream.errors import ProfileError
from dap_stream.models.base import IDEAL_LOSS, Block
from dap_stream.models.context import generator as generator_module
from dap_stream.models.context.generator import KNOWN, UNKNOWN, ContextGenerator
from dap_stream.models.context.receptive_field import (
    BEFORE,
    GRID,
    HOLE_BINS,
    MARGIN,
    Surroundings,
    receptive_field,
)

N_FRAMES, N_BINS = 40, 129


def make_block(seed=0, n_frames=N_FRAMES):
    rng = np.random.default_rng(seed)
    power = rng.exponential(size=(BEFORE + n_frames + GRID, N_BINS))
    return Block(np.log(power).astype(np.float32), np.ones(len(power), bool), BEFORE, GRID)


def test_the_prediction_has_the_shape_of_the_block():
    assert ContextGenerator().predict(make_block()).shape == (N_FRAMES, N_BINS)


def test_same_seed_same_result_other_seed_another():
    def fitted(seed):
        generator = ContextGenerator(seed)
        generator.learn(make_block(), 3)
        return generator.predict(make_block(1))

    np.testing.assert_array_equal(fitted(1), fitted(1))
    assert np.abs(fitted(1) - fitted(2)).max() > 0


def test_reset_gives_the_first_result_again():
    generator = ContextGenerator()
    start = generator.predict(make_block(1))
    generator.learn(make_block(), 3)
    once = generator.predict(make_block(1))
    generator.reset()
    np.testing.assert_array_equal(generator.predict(make_block(1)), start)
    generator.learn(make_block(), 3)
    np.testing.assert_array_equal(generator.predict(make_block(1)), once)


def test_no_steps_change_nothing():
    generator = ContextGenerator()
    start = generator.predict(make_block(1))
    generator.learn(make_block(), 0)
    np.testing.assert_array_equal(generator.predict(make_block(1)), start)


def test_weights_saved_and_loaded_predict_the_same():
    generator, other = ContextGenerator(), ContextGenerator(seed=5)
    generator.learn(make_block(), 5)
    other.load(generator.weights())
    np.testing.assert_array_equal(other.predict(make_block(1)), generator.predict(make_block(1)))


@pytest.mark.parametrize("damage", ["missing", "shape", "nan"])
def test_weights_of_something_else_are_refused(damage):
    weights = ContextGenerator().weights()
    name = next(iter(weights))
    if damage == "missing":
        del weights[name]
    else:
        weights[name] = np.zeros(3, np.float32) if damage == "shape" else weights[name] * np.nan
    with pytest.raises(ProfileError, match="do not fit the context generator"):
        ContextGenerator().load(weights)


def test_learning_lowers_the_loss_towards_the_ideal():
    def stripes(seed):
        block = make_block(seed, n_frames=400)
        block.log_power[:, ::8] += 5.0  # tones that a mean of the surroundings smears
        return block

    generator = ContextGenerator()
    before = generator.validate(stripes(9))
    generator.learn(stripes(0), 150)
    after = generator.validate(stripes(9))
    assert before > IDEAL_LOSS + 2.0
    assert IDEAL_LOSS - 0.1 < after < IDEAL_LOSS + 0.5


def test_a_sound_is_told_from_its_surroundings():
    block = make_block()
    block.log_power[:, 40:60] += 4.0
    generator = ContextGenerator()
    generator.learn(block, 60)
    out = generator.predict(block)
    assert out[:, 45:55].mean() - out[:, 80:100].mean() == pytest.approx(4.0, abs=0.5)


def test_trust_grows_as_the_loss_falls():
    losses = (IDEAL_LOSS + excess for excess in (9.0, UNKNOWN, (UNKNOWN + KNOWN) / 2, KNOWN, -1.0))
    trusts = [ContextGenerator().trust(loss) for loss in losses]
    assert trusts == pytest.approx([0.0, 0.0, 0.5, 1.0, 1.0])


def test_silence_is_no_lesson():
    block = make_block()
    block.is_active[:] = False
    generator = ContextGenerator()
    start = generator.predict(make_block(1))
    assert np.isnan(generator.validate(block))
    generator.learn(block, 5)
    np.testing.assert_array_equal(generator.predict(make_block(1)), start)


@pytest.mark.parametrize("lookahead", [0, 1, 2])
def test_the_bin_and_its_noise_are_never_looked_at(lookahead):
    """No cell or box within two frames of the same time, but in the same frame beyond the hole."""
    field = receptive_field(lookahead)
    offsets = [(t, t, k, k) for t, k in field.cells] + list(map(tuple, field.boxes))
    assert -min(offsets)[0] <= BEFORE and max(max(-low, high) for _, _, low, high in offsets) < MARGIN
    assert max(last for _, last, _, _ in offsets) == GRID * lookahead, "nothing later is waited for"
    for first, last, low, high in offsets:
        if first <= 1 and last >= -1:
            assert first == last == 0
            assert low > HOLE_BINS or high < -HOLE_BINS


@pytest.mark.parametrize(
    ("frame", "bin_"), [(0, 30), (7, 64), (20, 2), (21, 0), (22, 126), (N_FRAMES - 1, 100)]
)
def test_changing_the_blind_zone_leaves_the_prediction_as_it_is(frame, bin_):
    generator = ContextGenerator()
    generator.learn(make_block(), 10)
    block = make_block(1)
    before = generator.predict(block)[frame, bin_]
    row = BEFORE + frame
    hole = HOLE_BINS - bin_ % 2  # odd bins are interpolated between even ones
    inside, outside = block.log_power.copy(), block.log_power.copy()
    inside[row, max(bin_ - hole, 0) : bin_ + hole + 1] += np.float32(1.0)
    outside[row - 2, bin_] += 1.0
    # Not to the last bit: the boxes come from an integral image, whose sums round.
    after = generator.predict(replace(block, log_power=inside))[frame, bin_]
    assert after == pytest.approx(before, abs=2e-5)
    assert abs(generator.predict(replace(block, log_power=outside))[frame, bin_] - before) > 1e-4


@pytest.mark.parametrize("n_bins", [17, 129, 161, 577])
def test_the_compiled_network_equals_torchs(n_bins, rng):
    image = rng.standard_normal((BEFORE + 5 + GRID, n_bins)).astype(np.float32)
    around = Surroundings(image, receptive_field(1))
    frames = np.arange(BEFORE, BEFORE + 5, 2)
    bins = np.arange(0, n_bins, 2)
    points = around.at(np.repeat(frames, len(bins)), np.tile(bins, len(frames)))
    rows = around.rows(frames)
    np.testing.assert_allclose(rows.transpose(0, 2, 1).reshape(points.shape), points, rtol=0, atol=1e-6)
    generator = ContextGenerator()
    generator.learn(make_block(), 5)
    network = generator._fitter.averaged
    assert isinstance(network, generator_module._Network)
    expected = network(torch.from_numpy(points)).reshape(len(frames), -1).numpy()
    np.testing.assert_allclose(around.predicted(frames, network.matrices()), expected, atol=1e-5)
    # What lies between is interpolated, and a GPU's way gives the same.
    block = Block(image, np.ones(len(image), np.bool_), BEFORE, GRID)
    predicted = generator.predict(block)
    np.testing.assert_allclose(predicted[::2, ::2], expected, atol=1e-5)
    np.testing.assert_allclose(predicted[:, 1], (predicted[:, 0] + predicted[:, 2]) / 2, atol=1e-5)
    np.testing.assert_allclose(generator._rows_on_device(network, around, frames), expected, atol=1e-5)


def test_surroundings_reflect_at_the_edges_of_the_spectrum(rng):
    image = rng.standard_normal((BEFORE + 1 + GRID, N_BINS)).astype(np.float32)
    inputs = Surroundings(image, receptive_field(1)).at(np.array([BEFORE]), np.array([0]))[0]
    for i, (t, k) in enumerate(receptive_field(1).cells):
        own_frame_mirrored = t == 0 and k < 0
        assert inputs[i] == image[BEFORE - 2 if own_frame_mirrored else BEFORE + t, abs(k)]


def test_the_network_bends():
    generator = ContextGenerator()
    generator.learn(make_block(), 20)
    a, b = make_block(1), make_block(2)
    middle = Block((a.log_power + b.log_power) / 2, a.is_active, BEFORE, GRID)
    mean = (generator.predict(a) + generator.predict(b)) / 2
    assert np.abs(generator.predict(middle) - mean).max() > 1e-3


@pytest.mark.parametrize("lookahead", [0, 2])
def test_a_snapshot_predicts_a_frame_as_the_block_does_and_never_changes(lookahead, rng):
    generator = ContextGenerator(lookahead=lookahead)
    image = rng.standard_normal((BEFORE + 1 + generator.after, N_BINS)).astype(np.float32)
    block = Block(image, np.ones(len(image), np.bool_), BEFORE, generator.after)
    generator.learn(block, 3)
    snapshot = generator.snapshot()
    before = snapshot.predict(image)
    np.testing.assert_array_equal(before, generator.predict(block)[0])
    generator.learn(block, 3)
    np.testing.assert_array_equal(snapshot.predict(image), before)
    assert np.abs(generator.snapshot().predict(image) - before).max() > 0


def test_what_surrounds_a_spectrogram_is_prepared_once(monkeypatch):
    """Several blocks may share one spectrogram, as when only its newest part is judged."""
    prepared = []

    class Counted(Surroundings):
        def __init__(self, image, field):
            prepared.append(image)
            super().__init__(image, field)

    monkeypatch.setattr(generator_module, "Surroundings", Counted)
    generator, block, other = ContextGenerator(), make_block(), make_block(1)
    generator.validate(replace(block, before=BEFORE + 10))
    generator.learn(block, 3)
    generator.predict(block)
    assert [image is block.log_power for image in prepared] == [True]
    generator.predict(other)
    assert [image is other.log_power for image in prepared] == [False, True]
