"""Everything loaded and compiled before the first request: a tiny job, not on the disk."""

from __future__ import annotations

import numpy as np

from dap_stream.apps.files import clean as _clean  # noqa: F401  loads what a job on files needs
from dap_stream.core.array_types import F32
from dap_stream.core.arrays import ArraySink, ArraySource
from dap_stream.core.render import render
from dap_stream.core.stream_format import StreamFormat
from dap_stream.processors.build import for_source, make_chain, make_models, pretrain
from dap_stream.processors.chain_settings import ChainSettings, chain_of, make_chain_settings
from dap_stream.processors.denoise.settings import DenoiseSettings
from dap_stream.processors.gain.settings import GainSettings
from dap_stream.processors.registry import PROCESSORS, REPAIRS
from dap_stream.processors.rehearsal import damaged_sound

_RATE = 16000
_SECONDS = 8.0  # enough pieces for the taught network to be fitted to
_STEPS = 6  # of the context network, which come before the fit


class _EnoughError(Exception):
    """The first step of the fit is done: the next ones are like it."""


def warm_up() -> None:
    """Do what a job with default settings does, as short as can be, one without a network, and repairs."""
    rng = np.random.default_rng(0)
    audio = rng.standard_normal((1, round(_SECONDS * _RATE))).astype(np.float32) * 0.01
    audio[:, ::_RATE] += 0.1
    _run(audio, DenoiseSettings(steps=_STEPS), is_fit=True)
    _run(audio, DenoiseSettings(steps=_STEPS, quality="fast"))
    _run(audio[:, :_RATE], DenoiseSettings(generator="classical"))
    compiled = [name for name in REPAIRS.values() if PROCESSORS[name].kernel]
    _run_chain(damaged_sound(StreamFormat(_RATE)), make_chain_settings(names=compiled))


def _run(audio: F32, settings: DenoiseSettings, is_fit: bool = False) -> None:
    _run_chain(audio, chain_of(denoise=settings, gain=GainSettings()), is_fit)


def _run_chain(audio: F32, wanted: ChainSettings, is_fit: bool = False) -> None:
    chain, _ = for_source(wanted, is_seekable=True)
    models = make_models(chain)
    source = ArraySource(audio, _RATE)
    steps = 0

    def told(part: float) -> None:
        nonlocal steps
        steps += 1
        if is_fit and steps > 2:
            raise _EnoughError

    try:
        pretrain(chain, models, source, told)
        render(source, make_chain(chain, StreamFormat(_RATE, len(audio)), models), ArraySink())
    except _EnoughError:
        pass
    finally:
        for model in models.values():
            model.close()
