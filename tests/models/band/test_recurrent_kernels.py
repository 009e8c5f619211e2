"""The recurrent kernel of `band` against its plain twin and against torch."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dap_stream.models.band import recurrent_kernels, reference


@given(quarter=st.integers(1, 8), n_frames=st.integers(0, 9), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_recurrence_equals_its_twin_and_torch(quarter, n_frames, seed):
    width = 4 * quarter
    torch.manual_seed(seed)
    layer = torch.nn.GRU(width, width).requires_grad_(False)
    weight_in, weight, bias_in, bias = (value.numpy() for value in layer.parameters())
    rng = np.random.default_rng(seed)
    sound = rng.standard_normal((n_frames, width)).astype(np.float32)
    inputs = (sound @ weight_in.T + bias_in).astype(np.float32)
    begin = rng.standard_normal(width).astype(np.float32)
    states, outs = np.stack((begin, begin)), np.empty((2, n_frames, width), np.float32)
    recurrent_kernels.gated_recurrence(inputs, weight, bias, states[0], outs[0])
    reference.gated_recurrence(inputs, weight, bias, states[1], outs[1])
    np.testing.assert_allclose(outs[0], outs[1], rtol=0, atol=1e-5)
    np.testing.assert_allclose(states[0], states[1], rtol=0, atol=1e-5)
    if n_frames:
        theirs, after = layer(torch.from_numpy(sound), torch.from_numpy(begin.copy())[None])
        np.testing.assert_allclose(outs[0], theirs.numpy(), rtol=0, atol=1e-5)
        np.testing.assert_allclose(states[0], after[0].numpy(), rtol=0, atol=1e-5)
    else:
        np.testing.assert_array_equal(states[0], begin)


def test_absurd_inputs_give_numbers():
    inputs = np.array([[1e6], [-1e6], [0.0]], np.float32).repeat(12, axis=1)
    state, out = np.zeros(4, np.float32), np.empty((3, 4), np.float32)
    weights, bias = np.full((12, 4), 1e3, np.float32), np.full(12, -1e3, np.float32)
    recurrent_kernels.gated_recurrence(inputs, weights, bias, state, out)
    assert np.isfinite(out).all() and np.abs(out).max() <= 1.0
