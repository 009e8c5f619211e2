"""A recording copied sample for sample by source and sink, with its metadata, as a job does it."""

from __future__ import annotations

from pathlib import Path

from dap_stream.core.processors import Bypass
from dap_stream.core.render import render
from dap_stream.io.around.carry import carry
from dap_stream.io.file_sink import FileSink
from dap_stream.io.file_source import FileSource
from dap_stream.io.formats import output_format


def copied(
    source: Path, target: Path, start: int = 0, stop: int | None = None, knows_length: bool = True
) -> tuple[str, ...]:
    """Copy it; names of what is lost."""
    with FileSource(source, start, stop) as opened:
        result = output_format(target, opened.format)
        n_samples = opened.n_samples if knows_length else None
        carried = carry(opened.surroundings(), opened.cut, result, n_samples)
        with FileSink(target, result, n_samples, carried=carried) as sink:
            render(opened, Bypass(opened.channels), sink)
    return carried.lost
