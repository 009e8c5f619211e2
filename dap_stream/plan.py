"""What a job would do, need and take: for ``--dry-run``. Nothing is written."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from dap_stream.first_pass import PIECE_S, STEPS, STEPS_PER_PIECE
from dap_stream.io.formats import FileFormat
from dap_stream.job import Job, make_denoiser, open_source, resolved, result_formats
from dap_stream.settings import Settings

# Measured on two cores (see bench/RESULTS.md for figures of today); a guess for any other machine.
START_S = 4.0  # imports
CONTEXT_PER_RATE = (
    0.03 / 16_000
)  # compute time / audio time, per Hz of sample rate, to predict with `context`
CLASSICAL_PER_RATE = 0.005 / 16_000  # the same for `classical`
CHANNEL_PER_RATE = 0.002 / 16_000  # for each channel after the first, linked
STEP_S = 0.06  # a step of learning
BASE_MB, CLASSICAL_MB = 450.0, 170.0  # torch and numba, numba alone
MB_PER_BUFFER = 1.2e-4  # for each sample of all channels in a block, in all copies of it


@dataclass(frozen=True)
class Plan:
    """What would be done. Sizes in MB, times in seconds; None where the length is not known."""

    source: str
    output: str
    removed: str | None
    container: str
    subtype: str
    sample_rate: int
    channels: int
    seconds: float | None
    latency_ms: float
    settings: dict[str, object]
    notes: tuple[str, ...]
    compute_s: float | None
    memory_mb: float
    disk_mb: float | None


def make_plan(job: Job) -> Plan:
    """Look at the recording and build everything but the results."""
    with open_source(job) as source:
        settings, note = resolved(job, source)
        result, rest = result_formats(job, source)
        denoiser = make_denoiser(settings, source, job.profile, has_learned=False)
        came = source.format if isinstance(source.format, FileFormat) else source.format.as_file()
        seconds = None if source.n_samples is None else source.n_samples / source.sample_rate
        sizes = [
            each.n_bytes(source.n_samples)
            if isinstance(each, FileFormat) and source.n_samples is not None
            else None
            for each in (result, rest)
        ]
        known = [size for size in sizes if size is not None]
        return Plan(
            source=job.names.source,
            output=job.names.output,
            removed=job.names.removed,
            container=came.container,
            subtype=came.subtype,
            sample_rate=source.sample_rate,
            channels=source.channels,
            seconds=seconds,
            latency_ms=denoiser.latency_ms,
            settings=asdict(settings),
            notes=(note,) if note else (),
            compute_s=None if seconds is None else compute_s(settings, seconds, came),
            memory_mb=memory_mb(settings, came),
            disk_mb=sum(known) / 1e6 if known else None,
        )


def compute_s(settings: Settings, seconds: float, came: FileFormat) -> float:
    """Rough time for a recording of that length on two cores."""
    lanes = 1 if settings.linked else came.channels
    is_classical = settings.generator == "classical"
    per_rate = (CLASSICAL_PER_RATE if is_classical else CONTEXT_PER_RATE) * lanes
    per_rate += CHANNEL_PER_RATE * (came.channels - 1)
    total = START_S + per_rate * came.sample_rate * seconds
    if is_classical or settings.steps == 0:
        return total
    if settings.passes == 2:
        return total + STEP_S * (settings.steps or STEPS)
    # How many steps a stream takes depends on what is heard; as many as a first pass over it is a fair guess.
    return total + STEP_S * STEPS_PER_PIECE * seconds / PIECE_S


def memory_mb(settings: Settings, came: FileFormat) -> float:
    """Rough peak memory; it does not depend on the length."""
    base = CLASSICAL_MB if settings.generator == "classical" else BASE_MB
    block = settings.block_s * came.sample_rate * came.channels
    return base + MB_PER_BUFFER * max(block, 65536.0 * came.channels)
