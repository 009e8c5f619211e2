"""The methods compared, each a call `method(audio[n_samples], sample_rate) -> audio[n_samples]`, float32."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import peers
from dap_stream.models.registry import DEEP_PRIORS

Audio = NDArray[np.float32]
LABELS = {
    "noisy": "noisy",
    "classical": "classical",
    "context": "context",
    "band": "band (default)",
    "band-fast": "band, quality fast",
    "band-any": "band, keep any",
    "band-best": "band, quality best",
    "field": "band, preset field",
    "music": "band, preset music",
    "reference": "context without speed-up",
    **{name: f"{name} (deep prior, 1 pass)" for name in DEEP_PRIORS},
    **peers.LABELS,
}


def own(audio: Audio, sample_rate: int, generator: str, passes: int = 2, **settings: Any) -> Audio:
    """dap_stream with its defaults but for ``settings``."""
    import dap_stream

    out = dap_stream.denoise(audio, sample_rate, generator=generator, passes=passes, seed=0, **settings)
    return np.asarray(out, dtype=np.float32)


def preset(audio: Audio, sample_rate: int, name: str) -> Audio:
    """dap_stream with a preset."""
    from dap_stream.core.presets import read_preset

    values: dict[str, Any] = dict(read_preset(name))
    return own(audio, sample_rate, "band", **values)


def noisy(audio: Audio, sample_rate: int) -> Audio:
    return audio


def classical(audio: Audio, sample_rate: int) -> Audio:
    return own(audio, sample_rate, "classical")


def context(audio: Audio, sample_rate: int) -> Audio:
    return own(audio, sample_rate, "context")


def reference(audio: Audio, sample_rate: int) -> Audio:
    """`context` without any speed-up."""
    from bench.reference import without_speed_up

    with without_speed_up():
        return context(audio, sample_rate)


METHODS: dict[str, Callable[[Audio, int], Audio]] = {
    "noisy": noisy,
    "classical": classical,
    "context": context,
    "band": functools.partial(own, generator="band"),
    "band-fast": functools.partial(own, generator="band", quality="fast"),
    "band-any": functools.partial(own, generator="band", keep="any"),
    "band-best": functools.partial(own, generator="band", quality="best"),
    "field": functools.partial(preset, name="field"),
    "music": functools.partial(preset, name="music"),
    "reference": reference,
    **{name: functools.partial(own, generator=name) for name in DEEP_PRIORS},
    **peers.PEERS,
}
