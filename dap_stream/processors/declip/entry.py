"""The repair of clipping in the registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dap_stream.processors.declip.settings import DeclipSettings
from dap_stream.processors.entry import Entry

if TYPE_CHECKING:
    from dap_stream.core.processor import Processor
    from dap_stream.core.stream_format import StreamFormat
    from dap_stream.core.streams import SeekableSource
    from dap_stream.processors.declip.model import DeclipModel


def _make(settings: DeclipSettings, stream: StreamFormat, model: DeclipModel | None) -> Processor:
    from dap_stream.processors.declip.declip import Declip

    return Declip(stream.sample_rate, stream.channels, settings, model)


def _make_live(settings: DeclipSettings, stream: StreamFormat, model: DeclipModel | None) -> Processor:
    from dap_stream.processors.declip.declip import Declip

    return Declip(stream.sample_rate, stream.channels, settings, model, is_live=True)


def _make_model(settings: DeclipSettings, profile: object) -> DeclipModel:
    from dap_stream.processors.declip.model import DeclipModel

    return DeclipModel()


def _pretrain(
    settings: DeclipSettings,
    model: DeclipModel,
    source: SeekableSource,
    progress: Callable[[float], None] | None,
) -> None:
    model.survey(source, progress)


DECLIP = Entry(
    name="declip",
    summary="reconstructs clipped peaks from what is left of the sound around them",
    settings=DeclipSettings,
    repairs="clipping",
    make=_make,
    make_live=_make_live,
    make_model=_make_model,
    pretrain=_pretrain,
    remarks=lambda model: () if model is None else model.remarks(),
)
