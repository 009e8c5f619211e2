"""The gain in the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dap_stream.processors.entry import Entry
from dap_stream.processors.gain.settings import GainSettings

if TYPE_CHECKING:
    from dap_stream.core.processor import Processor
    from dap_stream.core.stream_format import StreamFormat


def _make(settings: GainSettings, stream: StreamFormat, model: None) -> Processor:
    from dap_stream.processors.gain.gain import Gain

    return Gain(stream.sample_rate, stream.channels, settings)


GAIN = Entry(
    name="gain",
    summary="makes the sound louder or softer",
    settings=GainSettings,
    make=_make,
    make_live=_make,
    describe=lambda settings: f"gain {settings.gain_db:+g} dB",
)
