"""The repair of clicks in the registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dap_stream.processors.declick.model import ClickModel
from dap_stream.processors.declick.settings import DeclickSettings
from dap_stream.processors.entry import Entry

if TYPE_CHECKING:
    from dap_stream.core.processor import Processor
    from dap_stream.core.stream_format import StreamFormat
    from dap_stream.core.streams import SeekableSource


def _make(settings: DeclickSettings, stream: StreamFormat, model: ClickModel | None) -> Processor:
    from dap_stream.processors.declick.declick import Declick

    return Declick(stream.sample_rate, stream.channels, settings, model)


def _pretrain(
    settings: DeclickSettings,
    model: ClickModel,
    source: SeekableSource,
    progress: Callable[[float], None] | None,
) -> None:
    from dap_stream.processors.declick.survey import clicks_per_s

    model.per_s = clicks_per_s(source, settings, progress)


DECLICK = Entry(
    name="declick",
    summary="repairs clicks, crackle and digital glitches",
    settings=DeclickSettings,
    kernel="dap_stream.processors.declick.kernels.mend",
    repairs="clicks",
    make=_make,
    make_live=_make,
    make_model=lambda settings, profile: ClickModel(),
    pretrain=_pretrain,
)
