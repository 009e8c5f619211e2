"""The repair of hum in the registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dap_stream.processors.dehum.settings import DehumSettings
from dap_stream.processors.entry import Entry

if TYPE_CHECKING:
    from dap_stream.core.processor import Processor
    from dap_stream.core.stream_format import StreamFormat
    from dap_stream.core.streams import SeekableSource
    from dap_stream.processors.dehum.watcher import HumModel


def _make(settings: DehumSettings, stream: StreamFormat, model: HumModel | None) -> Processor:
    from dap_stream.processors.dehum.dehum import Dehum

    return Dehum(stream.sample_rate, stream.channels, settings, model)


def _make_live(settings: DehumSettings, stream: StreamFormat, model: None) -> Processor:
    from dap_stream.processors.dehum.live import LiveDehum

    return LiveDehum(stream.sample_rate, stream.channels, settings)


def _make_model(settings: DehumSettings, profile: object) -> HumModel:
    from dap_stream.processors.dehum.watcher import HumModel

    return HumModel()


def _pretrain(
    settings: DehumSettings,
    model: HumModel | None,
    source: SeekableSource,
    progress: Callable[[float], None] | None,
) -> None:
    if model is not None:
        from dap_stream.processors.dehum.watcher import survey

        survey(settings, model, source, progress)


DEHUM = Entry(
    name="dehum",
    summary="takes hum and whine away: tones steadier than any instrument, and their harmonics",
    settings=DehumSettings,
    kernel="dap_stream.dsp.line_kernels.robust_means",
    repairs="hum",
    make=_make,
    make_live=_make_live,
    make_model=_make_model,
    pretrain=_pretrain,
)
