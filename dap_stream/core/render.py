"""The run loop: from a source, through a processor, to a sink, and a record of how it went.

The loop owns alignment, levels and timing. It knows neither the method nor the files: it takes
anything that keeps the promises in `dap_stream.core.processor`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, TypedDict

import numpy as np

from dap_stream.core.array_types import Audio
from dap_stream.core.finite import finite, not_a_sound
from dap_stream.core.held_signals import held_back
from dap_stream.core.processor import Processor
from dap_stream.core.processors import Delay
from dap_stream.core.streams import Sink, Source
from dap_stream.core.units import gain_to_db
from dap_stream.errors import DapStreamError, SettingError


class Progress(TypedDict):
    """State of a run, as a progress callback is told it after every buffer."""

    done_s: float  # seconds of audio read
    total_s: float | None  # length of the source, None if it is not known
    wall_s: float  # seconds since the start
    attenuation_db: float | None  # of the last moments, if the processor tells


ProgressCallback: TypeAlias = Callable[[Progress], None]


@dataclass(frozen=True)
class RenderRecord:
    """Record of a run. Levels are linear, full scale 1.0; ``_s`` are seconds."""

    sample_rate: int
    channels: int
    n_samples: int
    seconds: float
    latency: int
    wall_s: float
    real_time_factor: float  # compute time / audio time; below 1 keeps up
    peak_in: float
    peak_out: float  # before rounding and clipping
    rms_in: float
    rms_out: float
    clipped: int  # samples of the result beyond full scale of an integer format
    removed_clipped: int  # the same in the removed part, where wet + removed = dry fails then
    non_finite: int  # NaN and infinite samples of the input, taken as 0
    first_non_finite_s: float | None
    reduction_db: float | None  # level of the input over that of the output; None where nobody can tell


def render(
    source: Source,
    processor: Processor,
    sink: Sink,
    removed: Sink | None = None,
    progress: ProgressCallback | None = None,
    buffer_size: int = 65536,
    complete: Callable[[], None] | None = None,
) -> RenderRecord:
    """Move all of a source through a processor to a sink; same length, aligned with the input.

    Parameters
    ----------
    source
        Read to its end.
    processor
        Reset if anything goes wrong.
    sink
        Committed at the end, so that the caller only opens it with ``with``.
    removed
        Gets input - output, from the values that ``sink`` really stores.
    progress
        Called after every buffer; may raise to cancel.
    buffer_size
        Samples at a time; more mean fewer calls and more memory, and no other difference.
    complete
        Called at the end in the place of the commits, by whoever has more to commit together with them.

    Returns
    -------
    RenderRecord
        Length, levels, time and what was noticed.

    Raises
    ------
    DapStreamError
        What source or sink raise, or if the processor does not keep the contract.
    """
    if buffer_size < 1:
        raise SettingError(f"buffer_size={buffer_size} samples must be 1 or more")
    loop = _Render(source, processor, sink, removed)
    try:
        while (audio := source.read(buffer_size)).shape[1]:
            loop.feed(audio)
            if progress is not None:
                progress(loop.progress())
        loop.end()
    except BaseException:
        processor.reset()
        raise
    sinks = [sink] if removed is None else [removed, sink]
    for each in sinks:  # first all that can fail, so that there is never one result without the other
        each.finish()
    with held_back():
        if complete is not None:
            complete()
        else:
            for each in sinks:
                each.commit()
    return loop.record()


@dataclass
class _Level:
    peak: float = 0.0
    energy: float = 0.0
    count: int = 0

    def add(self, audio: Audio) -> None:
        if audio.size:
            flat = audio.reshape(-1)
            self.peak = max(self.peak, float(flat.max()), -float(flat.min()))
            # No product of BLAS: its threads would go on spinning for a while after each one.
            self.energy += float(np.sum(np.square(flat, dtype=np.float64)))
            self.count += flat.size

    @property
    def rms(self) -> float:
        return float(np.sqrt(self.energy / max(self.count, 1)))


class _Render:
    """The state of one run."""

    def __init__(self, source: Source, processor: Processor, sink: Sink, removed: Sink | None) -> None:
        self._source, self._processor, self._sink, self._removed = source, processor, sink, removed
        self._began = time.perf_counter()
        self._n_in = self._n_out = 0
        self._n_skip = processor.latency  # samples of start-up still to drop
        # The dry path takes the same time as the wet one, so that both can be subtracted.
        self._dry_line = Delay(processor.latency, source.channels)
        self._level_in, self._level_out = _Level(), _Level()
        self._non_finite = self._n_steps_lost = 0
        self._first_non_finite: int | None = None

    def feed(self, audio: Audio) -> None:
        """One buffer ``[channels, n]`` from the source."""
        audio = self._finite(audio)
        self._level_in.add(audio)
        self._n_in += audio.shape[1]
        wet = self._processor.process(audio)
        if wet.shape != audio.shape or wet.dtype != audio.dtype:
            raise DapStreamError(
                f"{type(self._processor).__name__} returned {wet.dtype} {wet.shape} for {audio.dtype} "
                f"{audio.shape}; a processor must keep both, please report this"
            )
        dry = self._dry_line.process(audio.astype(np.float64)) if self._removed is not None else None
        self._emit(wet, dry)

    def _finite(self, audio: Audio) -> Audio:
        """NaN and infinity become silence, and are counted."""
        is_bad = not_a_sound(audio)
        if not is_bad.any():
            return audio
        self._non_finite += int(is_bad.sum())
        if self._first_non_finite is None:
            self._first_non_finite = self._n_in + int(is_bad.any(axis=0).argmax())
        return finite(audio)

    def end(self) -> None:
        """Bring out what is still inside."""
        if self._n_in == 0:
            self._emit(np.zeros((self._source.channels, 0), np.float32), None)  # so that the sink has a shape
            return
        dry = self._dry_line.flush() if self._removed is not None else None
        self._emit(self._processor.flush(), dry)
        if self._n_out != self._n_in:
            name = type(self._processor).__name__
            raise DapStreamError(f"{name} gave {self._n_out} samples for {self._n_in}; please report this")

    def _emit(self, wet: Audio, dry: Audio | None) -> None:
        """Drop the start-up, then store."""
        n_drop = min(self._n_skip, wet.shape[1])
        self._n_skip -= n_drop
        wet = wet[:, n_drop:]
        if not np.isfinite(wet).all():
            raise DapStreamError(
                f"{type(self._processor).__name__} gave a sample that is no number near "
                f"{self._n_out / self._source.sample_rate:.3f} s; please report this"
            )
        self._level_out.add(wet)
        self._n_out += wet.shape[1]
        stored = self._sink.write(wet)
        if self._removed is not None:
            rest = dry[:, n_drop:] if dry is not None else wet
            rest = rest - stored.astype(np.float64)
            kept = self._removed.write(rest)
            # Integers keep 1.0 one step lower, which does not count as clipped; here it breaks the sum.
            self._n_steps_lost += int(np.count_nonzero((rest == 1.0) & (kept < 1.0)))

    def _attenuation_db(self) -> float | None:
        value = getattr(self._processor, "attenuation_db", None)
        return None if value is None else float(value)

    def progress(self) -> Progress:
        rate, total = self._source.sample_rate, self._source.n_samples
        return Progress(
            done_s=self._n_in / rate,
            total_s=None if total is None else total / rate,
            wall_s=time.perf_counter() - self._began,
            attenuation_db=self._attenuation_db(),
        )

    def record(self) -> RenderRecord:
        rate, first = self._source.sample_rate, self._first_non_finite
        seconds, wall_s = self._n_in / rate, time.perf_counter() - self._began
        rms_in, rms_out = self._level_in.rms, self._level_out.rms
        is_heard = rms_in > 0.0 and rms_out > 0.0
        return RenderRecord(
            sample_rate=rate,
            channels=self._source.channels,
            n_samples=self._n_in,
            seconds=seconds,
            latency=self._processor.latency,
            wall_s=wall_s,
            real_time_factor=wall_s / seconds if seconds else 0.0,
            peak_in=self._level_in.peak,
            peak_out=self._level_out.peak,
            rms_in=rms_in,
            rms_out=rms_out,
            clipped=self._sink.clipped,
            removed_clipped=self._removed.clipped + self._n_steps_lost if self._removed is not None else 0,
            non_finite=self._non_finite,
            first_non_finite_s=None if first is None else first / rate,
            reduction_db=gain_to_db(rms_in / rms_out) if is_heard else None,
        )
