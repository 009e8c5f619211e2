"""The method without any speed-up, to compare with: every frame and bin predicted, gains in plain NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import numpy as np
import torch

from dap_stream.core.array_types import F32
from dap_stream.dsp import gain_kernels, reference
from dap_stream.models.base import Block
from dap_stream.models.context.generator import ContextGenerator
from dap_stream.models.context.receptive_field import Surroundings, receptive_field


def predict_every_point(generator: ContextGenerator, block: Block) -> F32:
    """What `ContextGenerator.predict` interpolates: the network at all points ``[frames, bins]``."""
    around = Surroundings(block.log_power, receptive_field(1))
    bins = np.arange(block.log_power.shape[1])
    out = np.empty((block.n_frames, len(bins)), np.float32)
    network = generator._fitter.averaged
    for row, frame in zip(out, range(block.before, block.before + block.n_frames), strict=True):
        with torch.no_grad():
            row[:] = network(torch.from_numpy(around.at(np.full(len(bins), frame), bins))).numpy()
    return out


@contextmanager
def without_speed_up() -> Iterator[None]:
    """Within the block `dap_stream` works as slowly as it can be written down."""
    with (
        mock.patch.object(ContextGenerator, "predict", predict_every_point),
        mock.patch.object(gain_kernels, "omlsa_gain", reference.omlsa_gain),
    ):
        yield
