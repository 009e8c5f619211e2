"""Estimate of what a job would do, need and take: for ``--dry-run``. Nothing is written."""

from __future__ import annotations

from dataclasses import dataclass

from dap_stream.apps.files.clean import resolved
from dap_stream.apps.files.job import Job
from dap_stream.apps.files.job_ends import file_format_of, open_source, result_formats
from dap_stream.apps.files.two_renders import front_of, scratch_bytes
from dap_stream.core.stream_format import StreamFormat
from dap_stream.core.units import samples_to_ms
from dap_stream.io.formats import FileFormat
from dap_stream.processors.build import make_models
from dap_stream.processors.registry import PROCESSORS

PLAIN_MB = 90.0  # Python with NumPy, Numba and what reads files


@dataclass(frozen=True)
class Estimate:
    """Cost and format of a job. Sizes in MB, times in seconds; None where that is not known."""

    source: str
    output: str
    removed: str | None
    container: str
    subtype: str
    sample_rate: int
    channels: int
    seconds: float | None
    latency_ms: float
    settings: dict[str, dict[str, object]]
    notes: tuple[str, ...]
    compute_s: float | None
    memory_mb: float
    disk_mb: float | None


def make_estimate(job: Job) -> Estimate:
    """Look at the recording and build everything but the results."""
    with open_source(job) as source:
        chain, notes = resolved(job, source)
        result, rest = result_formats(job, source)
        stream = StreamFormat(source.sample_rate, source.channels)
        models = make_models(chain, job.profile)
        processor = front_of(chain, stream, models)
        for model in models.values():
            model.close()
        source_format = file_format_of(source)
        seconds = None if source.n_samples is None else source.n_samples / source.sample_rate
        sizes = [
            each.n_bytes(source.n_samples)
            if isinstance(each, FileFormat) and source.n_samples is not None
            else None
            for each in (result, rest)
        ]
        costs = [
            cost(settings, stream, seconds or 0.0)
            for name, settings in chain.processors
            if (cost := PROCESSORS[name].cost) is not None
        ]
        known = [size for size in sizes if size is not None]
        # What a repair takes depends on what it finds: only those that say so are counted.
        is_unknown = seconds is None or any(
            PROCESSORS[name].repairs and PROCESSORS[name].cost is None for name in chain.names
        )
        return Estimate(
            source=job.names.source,
            output=job.names.output,
            removed=job.names.removed,
            container=source_format.container,
            subtype=source_format.subtype,
            sample_rate=source.sample_rate,
            channels=source.channels,
            seconds=seconds,
            latency_ms=samples_to_ms(processor.latency, source.sample_rate),
            settings=chain.as_dict(),
            notes=notes,
            compute_s=None if is_unknown else sum(each.compute_s for each in costs),
            memory_mb=max([PLAIN_MB, *(each.memory_mb for each in costs)]),
            disk_mb=(sum(known) + scratch_bytes(job, chain, source)) / 1e6 if known else None,
        )
