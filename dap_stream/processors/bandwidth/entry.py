"""The repair of bandwidth in the registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dap_stream.processors.bandwidth.model import BandwidthModel
from dap_stream.processors.bandwidth.settings import BandwidthSettings
from dap_stream.processors.entry import Entry

if TYPE_CHECKING:
    from dap_stream.core.processor import Processor
    from dap_stream.core.stream_format import StreamFormat
    from dap_stream.core.streams import SeekableSource


def _make(settings: BandwidthSettings, stream: StreamFormat, model: BandwidthModel | None) -> Processor:
    from dap_stream.processors.bandwidth.bandwidth import Bandwidth

    return Bandwidth(stream.sample_rate, stream.channels, settings, model)


def _make_live(settings: BandwidthSettings, stream: StreamFormat, model: None) -> Processor:
    from dap_stream.processors.bandwidth.bandwidth import Bandwidth

    return Bandwidth(stream.sample_rate, stream.channels, settings, frames_per_call=1)


def _pretrain(
    settings: BandwidthSettings,
    model: BandwidthModel | None,
    source: SeekableSource,
    progress: Callable[[float], None] | None,
) -> None:
    if model is None:
        return
    from dap_stream.processors.bandwidth.survey import survey

    model.plans = survey(source, progress)


BANDWIDTH = Entry(
    name="bandwidth",
    summary="makes up highs that a telephone, a codec or a low sample rate took away",
    settings=BandwidthSettings,
    kernel="dap_stream.dsp.stft_kernels.window_frames",
    repairs="bandwidth",
    make=_make,
    make_live=_make_live,
    make_model=lambda settings, profile: BandwidthModel(),
    pretrain=_pretrain,
    remarks=lambda model: () if model is None else model.remarks,
)
