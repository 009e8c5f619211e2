"""What a job would do, need and take: for ``--dry-run``. Nothing is written."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from dap_stream.denoiser import STEPS_PER_BLOCK
from dap_stream.first_pass import STEPS
from dap_stream.io.formats import FileFormat
from dap_stream.job import Job, make_denoiser, open_source, resolved, result_formats
from dap_stream.settings import Settings

# Measured on two idle cores, one minute of audio; a guess for any other machine. "Per rate" is compute
# time / audio time for each Hz of sample rate.
START_S = 2.0  # imports of torch and numba
CONTEXT_PER_RATE = 0.0034 / 16_000  # to predict with `context`
CLASSICAL_PER_RATE = 0.0012 / 16_000
CHANNEL_PER_RATE = 0.001 / 16_000  # for each channel after the first, linked
# A step of a deep prior, for each second that it looks at.
DEEP_STEP_PER_RATE = {"dcgan": 0.0045 / 16_000, "skip": 0.018 / 16_000, "decoder": 0.010 / 16_000}
DEEP_BEFORE_S = 1.2  # that it looks at besides the block
STEP_S = 0.012  # a step of learning in a first pass
STREAM_STEP_S = 0.0045  # a step on the way: the block is prepared anyway
CLASSICAL_MB, BASE_MB, STREAM_MB = 172.0, 445.0, 15.0  # without torch, with it, more to learn on the way
SAMPLE_MB, CLASSICAL_SAMPLE_MB = 5e-4, 1e-4  # for each sample of a block, in all copies of it
STREAM_SAMPLE_MB = 1.3e-3  # for each of all channels together, to learn on the way
DEEP_SAMPLE_MB = {"dcgan": 5e-4, "skip": 1.1e-3, "decoder": 1.3e-3}  # for each that a deep prior looks at


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
    per_block = STEPS_PER_BLOCK if settings.steps is None else settings.steps
    if settings.generator in DEEP_STEP_PER_RATE:
        step_s = (
            DEEP_STEP_PER_RATE[settings.generator] * came.sample_rate * (settings.block_s + DEEP_BEFORE_S)
        )
        return total + step_s * per_block * seconds / settings.block_s
    return total + STREAM_STEP_S * per_block * seconds / settings.block_s


def memory_mb(settings: Settings, came: FileFormat) -> float:
    """Rough peak memory; it does not depend on the length."""
    block = settings.block_s * came.sample_rate * came.channels
    if settings.generator == "classical":
        return CLASSICAL_MB + CLASSICAL_SAMPLE_MB * block
    if settings.generator in DEEP_SAMPLE_MB:
        looked_at = (settings.block_s + DEEP_BEFORE_S) * came.sample_rate
        return BASE_MB + DEEP_SAMPLE_MB[settings.generator] * looked_at + SAMPLE_MB * block
    total = BASE_MB + SAMPLE_MB * block
    if settings.passes == 1:
        total += STREAM_MB + STREAM_SAMPLE_MB * settings.block_s * came.sample_rate
    return total
