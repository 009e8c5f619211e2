"""What every deep prior promises: shapes, gradients, determinism, and going on where it ended."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from dap_stream.errors import ProfileError
from dap_stream.models.base import Block
from dap_stream.models.deep.generator import ARCHITECTURES, BEFORE, FRAMES_PER_COLUMN, DeepGenerator
from dap_stream.models.deep.holdout_mask import REACH, TILE, holes
from dap_stream.models.deep.latent import Latent, noise
from dap_stream.models.registry import make_generator

NAMES = list(ARCHITECTURES)
N_FRAMES, N_BINS = 40, 65


def make_block(seed=0, n_frames=N_FRAMES, before=0, first_frame=0, n_bins=N_BINS):
    """Noise with two tones that come and go."""
    rng = np.random.default_rng(seed)
    power = rng.exponential(size=(before + n_frames, n_bins))
    power[:, 10:14] *= 50.0
    power[n_frames // 2 :, 40:44] *= 50.0
    return Block(np.log(power).astype(np.float32), np.ones(len(power), np.bool_), before, 0, first_frame)


@pytest.fixture(params=NAMES)
def architecture(request):
    return ARCHITECTURES[request.param]


@pytest.mark.parametrize("n_bins", [9, 65, 385])
@pytest.mark.parametrize(("n_frames", "before", "first_frame"), [(1, 0, 0), (40, 0, -7), (33, 150, 1001)])
def test_the_prediction_has_the_shape_of_the_block(architecture, n_frames, before, first_frame, n_bins):
    block = make_block(0, n_frames, before, first_frame, n_bins)
    out = DeepGenerator(architecture).predict(block)
    assert out.shape == (n_frames, n_bins) and out.dtype == np.float32 and np.isfinite(out).all()


def test_every_weight_gets_a_gradient_and_the_first_image_is_nearly_flat(architecture):
    torch.manual_seed(0)
    network = architecture.network()
    stride = architecture.multiple // architecture.latent_stride
    made = network(torch.rand(1, architecture.latent_channels, 2 * stride, 3 * stride))
    assert made.shape == (1, 1, 2 * architecture.multiple, 3 * architecture.multiple)
    assert made.std() < 1.0
    torch.mean((made - torch.rand_like(made)) ** 2).backward()
    assert all(weight.grad is not None and weight.grad.abs().max() > 0 for weight in network.parameters())


def test_its_activations_bend(architecture):
    """`nn.LeakyReLU(True)`, found in the wild, is the identity."""
    bent = [m for m in architecture.network().modules() if isinstance(m, torch.nn.LeakyReLU | torch.nn.ReLU)]
    assert bent
    for activation in bent:
        assert abs(float(activation(torch.tensor(-1.0)))) <= 0.5


def test_same_seed_same_result_other_seed_another(architecture):
    def fitted(seed):
        generator = DeepGenerator(architecture, seed, fits_latent=True)
        generator.learn(make_block(), 4)
        return generator.predict(make_block())

    np.testing.assert_array_equal(fitted(1), fitted(1))
    assert np.abs(fitted(1) - fitted(2)).max() > 0


@pytest.mark.parametrize("fits_latent", [False, True])
def test_reset_gives_the_first_result_again(architecture, fits_latent):
    generator = DeepGenerator(architecture, fits_latent=fits_latent)
    start = generator.predict(make_block())
    generator.learn(make_block(), 4)
    once = generator.predict(make_block())
    assert np.abs(once - start).max() > 0
    generator.reset()
    np.testing.assert_array_equal(generator.predict(make_block()), start)
    generator.learn(make_block(), 4)
    np.testing.assert_array_equal(generator.predict(make_block()), once)


def test_no_steps_and_silence_change_nothing(architecture):
    generator = DeepGenerator(architecture, fits_latent=True)
    start = generator.predict(make_block())
    generator.learn(make_block(), 0)
    silence = make_block(1)
    silence.is_active[:] = False
    generator.learn(silence, 3)
    assert np.isnan(generator.validate(silence)) and np.isnan(generator.loss)
    np.testing.assert_array_equal(generator.predict(make_block()), start)


def test_a_tiny_block_is_learned_with_its_noise_if_it_may(architecture):
    """That is why it has to be stopped: an image as small as this has room for all of its noise."""
    block = make_block(0, 8, n_bins=17)
    generator = DeepGenerator(architecture)
    generator.learn(block, 1500)
    # With the power known, and no more, it would be 1.64. Every second frame is interpolated: that stays.
    assert generator.validate(block) < 0.8


def test_structure_comes_before_noise(architecture):
    """The expected power is known here: the image comes nearer to it than what it was fitted to is."""
    block = make_block(n_frames=200)
    expected = np.zeros((200, N_BINS))
    expected[:, 10:14] += np.log(50.0)
    expected[100:, 40:44] += np.log(50.0)
    generator = DeepGenerator(architecture)
    generator.learn(block, 120)
    error = np.mean((generator.predict(block) - expected) ** 2)
    observed = np.mean((block.log_power + 0.577 - expected) ** 2)
    assert error < 0.35 * observed


@pytest.mark.parametrize("holds_out", [False, True])
def test_what_is_not_known_is_neither_learned_nor_judged(architecture, holds_out):
    is_known = np.ones((N_FRAMES, N_BINS), np.bool_)
    is_known[15:25], is_known[:, 50:] = False, False
    loud = np.where(is_known, make_block().log_power, np.float32(9.0))
    quiet = np.where(is_known, make_block().log_power, np.float32(-9.0))
    blocks = [replace(make_block(), log_power=log_power, is_known=is_known) for log_power in (loud, quiet)]
    results = []
    for block in blocks:
        generator = DeepGenerator(architecture, holds_out=holds_out)
        generator.learn(block, 5)
        results.append((generator.loss, generator.validate(block), generator.predict(block).tobytes()))
    assert results[0] == results[1] and np.isfinite(results[0][:2]).all()
    whole = DeepGenerator(architecture, holds_out=holds_out)
    whole.learn(replace(blocks[0], is_known=None), 5)
    assert whole.loss > results[0][0] + 1.0, "without the mask they count"


@pytest.mark.parametrize("fits_latent", [False, True])
def test_an_identical_block_starts_where_the_last_one_ended(architecture, fits_latent):
    generator = DeepGenerator(architecture, fits_latent=fits_latent)
    first = generator.validate(make_block())
    generator.learn(make_block(), 60)
    ended = generator.validate(make_block())
    assert ended < 0.7 * first
    again = make_block()
    assert generator.validate(again) == ended
    generator.learn(again, 1)
    assert generator.validate(again) < ended + 0.02 * first


def test_without_warm_start_each_block_begins_with_the_first_weights(architecture):
    anew, first = DeepGenerator(architecture, warm_start=False), DeepGenerator(architecture)
    anew.learn(make_block(1), 5)
    anew._random.manual_seed(0)  # of the jitter, which goes on
    anew.learn(make_block(), 5)
    first.learn(make_block(), 5)
    np.testing.assert_array_equal(anew.predict(make_block()), first.predict(make_block()))


@pytest.mark.parametrize("name", NAMES)
def test_in_a_stream_weights_go_on_where_the_noise_is_fitted_too(name):
    stream, fresh = make_generator(name, device="cpu"), make_generator(name, device="cpu")
    assert isinstance(stream, DeepGenerator) and isinstance(fresh, DeepGenerator)
    stream.learn(make_block(), 60)
    for generator in (stream, fresh):
        generator.learn(make_block(), 1)
    assert (stream.loss < 0.9 * fresh.loss) == (name == "dcgan")


def test_blocks_that_overlap_see_the_same_input(architecture):
    one = DeepGenerator(architecture)._image(make_block(first_frame=1000, n_frames=400))
    two = DeepGenerator(architecture)._image(make_block(first_frame=1232, n_frames=400, n_bins=97))
    apart = two.first_column - one.first_column
    # 1232 lies in the cell from 1216 on.
    assert apart == 224 // FRAMES_PER_COLUMN // architecture.latent_stride
    rows = one.latent.shape[3]
    shared = one.latent[:, :, apart:]
    assert torch.equal(shared, two.latent[:, :, : shared.shape[2], :rows])


def test_only_so_much_of_the_past_is_looked_at():
    long, short = make_block(before=300, first_frame=0), make_block(before=300, first_frame=0)
    short = Block(long.log_power[300 - BEFORE :], long.is_active[300 - BEFORE :], BEFORE, 0, 300 - BEFORE)
    generator = DeepGenerator(ARCHITECTURES["dcgan"])
    np.testing.assert_array_equal(generator.predict(long), generator.predict(short))


def test_weights_saved_and_loaded_predict_the_same(architecture):
    generator, other = DeepGenerator(architecture), DeepGenerator(architecture)
    generator.learn(make_block(), 5)
    other.load(generator.weights())
    np.testing.assert_array_equal(other.predict(make_block()), generator.predict(make_block()))
    with pytest.raises(ProfileError, match=f"do not fit the {architecture.name} generator"):
        other.load({"a": np.zeros(3, np.float32)})


@pytest.mark.parametrize("fits_latent", [False, True])
def test_state_lets_a_fit_go_on_as_if_never_interrupted(architecture, fits_latent):
    whole = DeepGenerator(architecture, fits_latent=fits_latent)
    whole.learn(make_block(), 3)
    whole.learn(make_block(), 4)
    first, second = (DeepGenerator(architecture, fits_latent=fits_latent) for _ in range(2))
    first.learn(make_block(), 3)
    second.restore(first.state())
    second.learn(make_block(), 4)
    assert second.loss == whole.loss
    np.testing.assert_array_equal(second.predict(make_block()), whole.predict(make_block()))


def test_what_is_held_out_does_not_move_the_fit(architecture):
    block, other = make_block(), make_block()
    _, inside = holes(0, 0, N_FRAMES, N_BINS)
    other.log_power[inside] += 3.0
    one, two = (DeepGenerator(architecture, holds_out=True) for _ in range(2))
    one.learn(block, 5)
    two.learn(other, 5)
    np.testing.assert_array_equal(one.predict(block), two.predict(block))
    generator = DeepGenerator(architecture, holds_out=True)
    assert generator.validate(other) != generator.validate(block)


def test_only_cells_that_were_not_fitted_are_judged():
    def change(where, holds_out):
        block = make_block(before=50)
        generator = DeepGenerator(ARCHITECTURES["dcgan"], holds_out=holds_out)
        before = generator.validate(block)
        block.log_power[where] += 1.0
        return generator.validate(block) - before

    centres, _ = holes(0, 0, 50 + N_FRAMES, N_BINS)
    assert change(~centres, holds_out=True) == 0.0 and change(centres, holds_out=True) != 0.0
    assert change(slice(0, 50), holds_out=False) == 0.0 and change(slice(50, None), holds_out=False) != 0.0


def test_the_expected_power_of_noise_is_its_mean(architecture):
    """The mean of the logarithm lies Euler's constant below the logarithm of the mean."""
    rng = np.random.default_rng(0)
    noise_block = Block(
        np.log(rng.exponential(size=(300, N_BINS))).astype(np.float32), np.ones(300, np.bool_), 0, 0
    )
    generator = DeepGenerator(architecture)
    generator.learn(noise_block, 100)
    assert generator.predict(noise_block).mean() == pytest.approx(0.0, abs=0.1)


def test_image_and_loss_of_each_step_are_handed_out_before_it(architecture):
    steps = []
    generator = DeepGenerator(architecture)

    def before_step(image, loss):
        steps.append((image.copy(), loss, generator.loss, threading.current_thread()))

    generator.learn(make_block(), 3, before_step=before_step)
    assert len(steps) == 3 and steps[0][0].shape == (N_FRAMES, N_BINS)
    assert np.abs(steps[1][0] - steps[0][0]).max() > 0
    losses, earlier = [step[1] for step in steps], [step[2] for step in steps]
    assert np.isnan(earlier[0]) and earlier[1:] == losses[:2] and generator.loss == losses[2]
    assert {step[3] for step in steps} == {threading.current_thread()}, (
        "callbacks come where learn was called"
    )


def test_a_callback_can_end_the_fit(architecture):
    def before_step(image, loss):
        raise KeyboardInterrupt

    generator = DeepGenerator(architecture)
    with pytest.raises(KeyboardInterrupt):
        generator.learn(make_block(), 3, before_step=before_step)
    assert np.isnan(generator.loss), "not even the first step was taken"


def test_noise_depends_on_its_column_alone():
    whole = noise(7, -3, 10, 5, 2)
    assert whole.shape == (2, 10, 5) and np.abs(whole).max() <= 1.0 and whole.std() > 0.4
    np.testing.assert_array_equal(noise(7, 2, 3, 4, 2), whole[:, 5:8, :4])
    assert len(np.unique(whole)) == whole.size
    assert not np.array_equal(noise(8, -3, 10, 5, 2), whole)


def test_fitted_columns_stay_until_they_lie_behind():
    latent = Latent(0, 2, 1.0)
    start = latent.columns(4, 3, 5)
    latent.keep(4, start + 1.0)
    later = latent.columns(5, 3, 5)
    assert torch.equal(later[:, :, :2], start[:, :, 1:] + 1.0)
    assert torch.equal(later[:, :, 2:], Latent(0, 2, 1.0).columns(7, 1, 5))
    latent.keep(5, later)
    assert torch.equal(latent.columns(4, 1, 5), start[:, :, :1])


def test_holes_are_the_same_in_every_block_and_one_in_each_tile():
    centres, inside = holes(3, 0, 4 * TILE, 5 * TILE)
    assert centres.sum() == 4 * 5
    assert inside.sum() == centres.sum() * (2 * REACH + 1) ** 2
    for t, k in np.argwhere(centres):
        assert inside[t - REACH : t + REACH + 1, k - REACH : k + REACH + 1].all()
    part_centres, part_inside = holes(3, 21, 30, 40)
    np.testing.assert_array_equal(part_centres, centres[21:51, :40])
    np.testing.assert_array_equal(part_inside, inside[21:51, :40])
