"""The rest of what is heard in a place."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F64
from dap_stream.education.synthesis.chance import log_uniform, slow
from dap_stream.education.synthesis.levels import gain_of_db, unit
from dap_stream.education.synthesis.noise import coloured


def over_background(rng: np.random.Generator, audio: F64) -> F64:
    """A sound over what else is heard in the place: almost nothing, or more than the sound."""
    if rng.random() < 0.15:
        return audio
    ground = coloured(rng, len(audio), (-12.0, 3.0))
    if rng.random() < 0.4:
        ground *= gain_of_db(rng.uniform(0.0, 4.0) * slow(rng, len(audio), log_uniform(rng, 0.2, 6.0)))
    level = rng.uniform(-65.0, -22.0) if rng.random() < 0.5 else rng.uniform(-22.0, 6.0)
    return unit(audio) + ground * gain_of_db(level)
