"""A processor behind the shared memory: positions, margin, what follows a stall, and figures about it all."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.core.processor import Processor
from dap_stream.errors import DapStreamError, SettingError
from dap_stream.realtime import callback_kernel as ex
from dap_stream.realtime.load_meter import LoadMeter
from dap_stream.realtime.ring_buffer import RingBuffer

STALL_S = 0.5  # a processing thread that hangs for less than this loses no input
ZEROS_S = 1.0  # lost input up to this length is made up for by as many zeros


@dataclass(frozen=True)
class Counts:
    """Counts of all that happened since the start."""

    blocks: int
    n_samples: int  # taken from the device
    late_blocks: int  # blocks that needed dry samples because wet ones were missing
    late_samples: int
    overruns: int  # times the processing thread came so late that input had been overwritten
    lost_samples: int  # input that was never processed because of it
    non_finite: int  # NaN and infinite samples of the input, taken as 0
    clipped: int  # samples of the output beyond full scale
    input_underflows: int  # the next five are what PortAudio reports
    input_overflows: int
    output_underflows: int
    output_overflows: int
    primings: int


@dataclass(frozen=True)
class Level:
    """Linear, full scale 1.0, over all channels and the time since the last one was asked for."""

    peak_in: float
    peak_out: float
    rms_in: float
    rms_out: float


class DuplexBuffer:
    """The processing side of a live stream, and the memory it shares with the audio callback.

    Input sample i of the processor comes in at position i, its output sample i belongs at position
    ``i + margin``, and the latency is ``processor.latency + margin``, always. One thread calls `work`; all
    else may be called from anywhere.

    Parameters
    ----------
    processor
        Any; used by the thread that calls `work`, and by nobody else while a stream runs.
    channels
        Number of channels of the processor.
    sample_rate
        Hz.
    block_size
        Samples that the device moves at a time.
    margin_blocks
        How many blocks the processing may take; each makes the latency longer and lateness rarer.
    hop
        Samples over which a load is counted: the hop of a processor that works in hops.

    Raises
    ------
    SettingError
        For a number that is not positive.
    """

    def __init__(
        self,
        processor: Processor,
        channels: int,
        sample_rate: int,
        block_size: int,
        margin_blocks: int = 1,
        hop: int = 0,
    ) -> None:
        for name, value in (
            ("channels", channels),
            ("sample_rate", sample_rate),
            ("block_size", block_size),
            ("margin_blocks", margin_blocks),
        ):
            if value < 1:
                raise SettingError(f"{name}={value} must be 1 or more")
        self.processor, self.channels, self.sample_rate = processor, channels, sample_rate
        self.block_size = block_size
        self.margin = block_size * margin_blocks + ex.FADE
        self.latency = processor.latency + self.margin
        self.loads = LoadMeter(max(hop, block_size), sample_rate)
        self._n_max = max(block_size, 2 * ex.PIECE)  # so that whoever catches up can still be stopped
        self.shared = ex.Shared(
            RingBuffer(channels, self.latency + self._n_max + round(STALL_S * sample_rate)),
            RingBuffer(channels, self.margin + 2 * self._n_max),
        )
        self._wet, self._is_bypassed = 1.0, False
        self.reset()

    def reset(self) -> None:
        """As new: processor, positions and counts; the knobs stay. Nothing may be running meanwhile."""
        self.processor.reset()
        self.loads.reset()
        shared = self.shared
        shared.ring_in.reset()
        shared.ring_out.reset()
        shared.ring_out.write(np.zeros((self.channels, self.margin), np.float32))  # silence, and in time
        shared.counts[:] = 0
        shared.counts[ex.LATENCY] = self.latency
        shared.gains[:] = 1.0
        shared.meter[:] = 0.0
        self._turn()
        shared.gains[ex.MIX] = shared.gains[ex.TARGET]
        self._position = 0  # of the next input sample to be processed
        self._n_zeros = 0  # how many of the next ones are lost
        self._overruns = self._lost = 0

    def warm_up(self, seconds: float = 0.5) -> None:
        """Run everything that compiles or allocates when first used, on faint noise, and `reset`.

        Parameters
        ----------
        seconds
            Length of the noise.
        """
        noise = np.random.default_rng(0).standard_normal((self.channels, self.block_size)) * 1e-4
        block = noise.astype(np.float32)
        for _ in range(1 + round(seconds * self.sample_rate / self.block_size)):
            self.exchange(block, np.empty_like(block))
            self.work()
        self.level()
        self.reset()

    def exchange(self, source: F32, target: F32) -> None:
        """Do what the callback does.

        Parameters
        ----------
        source
            ``[inputs, n]``, goes in.
        target
            ``[outputs, n]``, is filled.
        """
        routes = ex.routing(source.shape[0], self.channels), ex.routing(self.channels, target.shape[0])
        ex.exchange(source, target, *routes, *self.shared.arrays)

    def work(self) -> int:
        """Process what has newly come in, up to some 2000 samples; how many it were."""
        if self._n_zeros:
            audio = np.zeros((self.channels, min(self._n_max, self._n_zeros)), np.float32)
            self._n_zeros -= audio.shape[1]
        else:
            newest = self.shared.ring_in.read(self._position, self._n_max)
            if newest is None:
                self._jump()
                return 0
            audio = newest
        n = audio.shape[1]
        if n:
            self.shared.ring_out.write(self._process(audio))
            self._position += n
        return n

    def _process(self, audio: F32) -> F32:
        began = time.perf_counter()
        wet = self.processor.process(audio)
        self.loads.add(time.perf_counter() - began, audio.shape[1])
        name = type(self.processor).__name__
        if wet.shape != audio.shape or wet.dtype != audio.dtype:
            raise DapStreamError(
                f"{name} returned {wet.dtype} {wet.shape} for {audio.dtype} {audio.shape}; "
                "a processor must keep both, please report this"
            )
        if not np.isfinite(wet).all():
            at = self._position / self.sample_rate
            raise DapStreamError(
                f"{name} gave a sample that is no number near {at:.3f} s; please report this"
            )
        return wet.astype(np.float32, copy=False)

    def _jump(self) -> None:
        """Input has been overwritten: go on with the newest, and keep every position true."""
        lost = self.shared.ring_in.end - self._position
        self._overruns += 1
        self._lost += lost
        if lost < ZEROS_S * self.sample_rate:
            self._n_zeros = lost
        else:
            # The processor sees a cut. What is still inside it belongs before the gap, and is not used.
            self.shared.ring_out.skip(lost, self.processor.latency)
            self._position += lost

    @property
    def backlog(self) -> int:
        """Input samples that wait to be processed."""
        return self.shared.ring_in.end - self._position

    @property
    def blocks(self) -> int:
        """How often the device has called; grows as long as it lives."""
        return int(self.shared.counts[ex.BLOCKS])

    @property
    def wet(self) -> float:
        """Share of the processed sound, 0 to 1; a change takes `callback_kernel.FADE` samples at most."""
        return self._wet

    @wet.setter
    def wet(self, value: float) -> None:
        if not 0.0 <= value <= 1.0:
            raise SettingError(f"wet={value} must be in 0..1")
        self._wet = float(value)
        self._turn()

    @property
    def bypass(self) -> bool:
        """Give the input, as late as the processed sound, and change over without a click."""
        return self._is_bypassed

    @bypass.setter
    def bypass(self, value: bool) -> None:
        self._is_bypassed = bool(value)
        self._turn()

    def _turn(self) -> None:
        self.shared.gains[ex.TARGET] = 0.0 if self._is_bypassed else self._wet  # one aligned store

    def counts(self) -> Counts:
        """Counts since the start; each is exact, together they may be a block apart."""
        c = [int(value) for value in self.shared.counts]
        return Counts(
            blocks=c[ex.BLOCKS],
            n_samples=self.shared.ring_in.end,
            late_blocks=c[ex.LATE_BLOCKS],
            late_samples=c[ex.LATE_SAMPLES],
            overruns=self._overruns,
            lost_samples=self._lost,
            non_finite=c[ex.NON_FINITE],
            clipped=c[ex.CLIPPED],
            input_underflows=c[ex.FLAGS],
            input_overflows=c[ex.FLAGS + 1],
            output_underflows=c[ex.FLAGS + 2],
            output_overflows=c[ex.FLAGS + 3],
            primings=c[ex.FLAGS + 4],
        )

    def level(self) -> Level:
        """Peaks and rms since the last call (a meter: a block at the seam may count for neither)."""
        asked = int(self.shared.counts[ex.ASKED])
        row = self.shared.meter[asked & 1].copy() if self._has_row(asked) else np.zeros(ex.N_METER)
        self.shared.counts[ex.ASKED] = asked + 1
        rms_in, rms_out = np.sqrt(
            row[[ex.ENERGY_IN, ex.ENERGY_OUT]] / np.maximum(row[[ex.VALUES_IN, ex.VALUES_OUT]], 1)
        )
        return Level(float(row[ex.PEAK_IN]), float(row[ex.PEAK_OUT]), float(rms_in), float(rms_out))

    def _has_row(self, asked: int) -> bool:
        """Whether a block has come since the last time: else the row is that of long ago."""
        return int(self.shared.counts[ex.SEEN]) == asked
