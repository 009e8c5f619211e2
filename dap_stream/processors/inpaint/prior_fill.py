"""A hole in a spectrogram, filled by a deep prior that is fitted to all around it.

Ulyanov et al. (2018, Deep Image Prior, inpainting): the hole is left out of the loss. The network is the one
that did best, ``skip`` (bench/TRIED.md); its image is the mean of the power in the sense of the logarithm.
"""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.models.base import EULER_GAMMA, Block
from dap_stream.models.deep.generator import DeepGenerator
from dap_stream.models.deep.skip import SKIP
from dap_stream.processors.inpaint.hole import Hole

N_STEPS = 100
_RANGE = 12.0  # natural log of power around the mean of a bin: what lies beyond says no more


def prior_log_power(around: Hole) -> F32:
    """Log power ``[frames that touch the gap, bins]``.

    Always from the first weights: kept from gap to gap they are of no use to this network (bench/STUDY.md).
    """
    is_known = ~around.touches
    mean = around.log_power[is_known].mean(axis=0)
    white = np.clip(around.log_power - mean, -_RANGE, _RANGE)
    white[around.touches] = 0.0
    block = Block(np.ascontiguousarray(white, np.float32), is_known, 0, 0)
    generator = DeepGenerator(SKIP, warm_start=False)
    generator.learn(block, N_STEPS)
    made = generator.predict(block)[around.frames]
    return np.asarray(made - np.float32(EULER_GAMMA) + mean, np.float32)
