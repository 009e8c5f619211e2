"""The denoiser in the registry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dap_stream.processors.denoise.settings import CLASSICAL, DenoiseSettings
from dap_stream.processors.entry import Cost, Entry

if TYPE_CHECKING:
    from dap_stream.core.learning_curve import LearningCurve
    from dap_stream.core.processor import Processor
    from dap_stream.core.profile import Profile
    from dap_stream.core.stream_format import StreamFormat
    from dap_stream.core.streams import SeekableSource
    from dap_stream.processors.denoise.live_model import LiveModel
    from dap_stream.processors.denoise.model import DenoiseModel


def _make(settings: DenoiseSettings, stream: StreamFormat, model: DenoiseModel | None) -> Processor:
    from dap_stream.processors.denoise.denoiser import Denoiser

    learns = settings.passes == 1 and settings.steps != 0
    return Denoiser(stream.sample_rate, stream.channels, settings, model=model, learn=learns)


def _make_live(settings: DenoiseSettings, stream: StreamFormat, model: LiveModel | None) -> Processor:
    from dap_stream.processors.denoise.denoiser import LiveDenoiser

    return LiveDenoiser(stream.sample_rate, stream.channels, settings, model=model)


def _make_model(settings: DenoiseSettings, profile: Profile | None) -> DenoiseModel | None:
    if settings.generator == CLASSICAL:
        return None
    from dap_stream.processors.denoise.model import DenoiseModel

    return DenoiseModel(settings, profile)


def _make_live_model(
    settings: DenoiseSettings, stream: StreamFormat, profile: Profile | None, is_background: bool
) -> LiveModel | None:
    if settings.generator == CLASSICAL:
        return None
    from dap_stream.processors.denoise.live_model import make_live_model

    return make_live_model(settings, stream, profile, is_background=is_background)


def _pretrain(
    settings: DenoiseSettings,
    model: DenoiseModel | None,
    source: SeekableSource,
    progress: Callable[[float], None] | None,
) -> None:
    if model is None or settings.passes == 1:
        return
    from dap_stream.processors.denoise.pretrain import pretrain

    pretrain(model, source, progress)


def _remarks(model: DenoiseModel | None) -> tuple[str, ...]:
    return () if model is None or model.bands is None else model.bands.remarks


def _learning_curves(model: DenoiseModel | None) -> tuple[LearningCurve, ...]:
    return () if model is None else model.learning_curves()


def _for_source(settings: DenoiseSettings, is_seekable: bool) -> tuple[DenoiseSettings, str | None]:
    """With the passes that are possible."""
    chosen = settings.for_files()
    if chosen.passes < settings.passes and settings.is_deep:
        return chosen, f"{settings.generator} learns while it cleans, in a single pass"
    if chosen.passes == 2 and not is_seekable:
        return replace(chosen, passes=1), "does not say its length, so it is cleaned in a single pass"
    return chosen, None


def _cost(settings: DenoiseSettings, stream: StreamFormat, seconds: float) -> Cost:
    from dap_stream.processors.denoise.cost import denoise_cost

    return denoise_cost(settings, stream, seconds)


DENOISE = Entry(
    name="denoise",
    summary="takes the noise away: taught beforehand, then learning from the recording itself",
    settings=DenoiseSettings,
    kernel="dap_stream.dsp.stft_kernels.overlap_add",
    make=_make,
    make_live=_make_live,
    learns=lambda settings: settings.generator != CLASSICAL,
    make_model=_make_model,
    make_live_model=_make_live_model,
    pretrain=_pretrain,
    hear_noise=lambda model, audio, sample_rate: model.hear_noise(audio, sample_rate),
    remarks=_remarks,
    learning_curves=_learning_curves,
    for_source=_for_source,
    for_live=DenoiseSettings.for_live,
    cost=_cost,
    describe=lambda settings: f"{settings.passes} pass{'es' if settings.passes > 1 else ''}",
)
