"""The streaming shell of every processor that gives each bin of an STFT its gain.

Samples go through an STFT to an `Estimator`, which gives the gain of each bin some frames late; the gain is
applied to the frames it belongs to, and overlap-add makes samples of them again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dap_stream.core import parallel
from dap_stream.core.alone import Alone
from dap_stream.core.array_types import C64, F32, Audio
from dap_stream.core.processor import apart, checked_buffer, checked_out
from dap_stream.core.processors import Delay, mixed
from dap_stream.core.settings import check_value
from dap_stream.core.stream_format import StreamFormat
from dap_stream.core.units import power_to_db, samples_to_ms
from dap_stream.dsp import stft_kernels
from dap_stream.dsp.features import TINY, lane_power, log_power
from dap_stream.dsp.stft import StftSpec
from dap_stream.dsp.streaming_stft import Analyser, FixedBlocks, Synthesiser

METER_KEEP = 0.95  # part of the metered power that stays from frame to frame


class Estimator(Protocol):
    """Gives the gain of each bin; made anew for each stream, so that it holds all that is known of it."""

    @property
    def delay(self) -> int:
        """Frames between the newest one and the one whose gain is given: the look-ahead."""

    def advance(self, log_observed: F32, power: F32) -> F32:
        """Give the gain of the frames that are due.

        Parameters
        ----------
        log_observed
            Natural log of the newest power in the Hann window ``[lanes, frames, bins]``.
        power
            Power ``delay`` frames before, in the sine window, of the same shape.

        Returns
        -------
        numpy.ndarray
            Factor of the amplitude for ``power``, of the same shape; may be changed by the caller.
        """


@dataclass
class _Stream:
    """All that a stream leaves behind."""

    analyser: Analyser
    synthesiser: Synthesiser
    estimator: Estimator
    blocks: FixedBlocks[F32]
    waiting: C64  # [channels, delay, bins] spectra that wait for their gain
    dtype: np.dtype[np.float32 | np.float64]
    power_in: float = TINY  # smoothed, for the meter
    power_out: float = TINY


class SpectralProcessor:
    """A `dap_stream.core.processor.Processor` whose gain comes from an `Estimator`.

    One thread at a time may call `process`, `flush` and `reset`; a second one gets a SettingError.
    ``latency``, which never changes, ``wet`` and ``attenuation_db`` are for any thread at any time. Kernels
    and large copies let go of the interpreter's lock, so that other threads go on meanwhile.

    Parameters
    ----------
    stream
        Sample rate and channels.
    spec
        Geometry of the STFT.
    make_estimator
        Called for each new stream.
    frames_per_call
        Frames that the estimator gets at once. More of them cost less each, and come later.
    is_linked
        One gain for all channels, from the mean of their powers; otherwise each channel is a lane.
    wet
        Share of what is processed, 0 to 1; the rest is the input, as late.
    static_gain
        ``[bins]``, applied besides the estimator's gain.
    """

    def __init__(
        self,
        stream: StreamFormat,
        spec: StftSpec,
        make_estimator: Callable[[], Estimator],
        frames_per_call: int = 1,
        is_linked: bool = True,
        wet: float = 1.0,
        static_gain: F32 | None = None,
    ) -> None:
        self._alone = Alone(type(self).__name__)
        self.sample_rate, self.channels = stream.sample_rate, stream.channels
        self._spec, self._make_estimator = spec, make_estimator
        self._n_frames, self._is_linked = frames_per_call, is_linked
        self._static_gain = np.float32(1.0) if static_gain is None else static_gain
        # A thread would take longer to wake than a single frame takes.
        self._map = map if frames_per_call == 1 else parallel.parallel_map
        self._stream = self._new_stream()
        n_late = (frames_per_call - 1 + self._stream.estimator.delay) * spec.hop
        self.latency: int = spec.n_fft + n_late
        self._dry = Delay(self.latency, self.channels)
        self.wet = wet

    @property
    def latency_ms(self) -> float:
        """`latency` for display."""
        return samples_to_ms(self.latency, self.sample_rate)

    @property
    def hop(self) -> int:
        """Samples that it works on at a time."""
        return self._n_frames * self._spec.hop

    @property
    def wet(self) -> float:
        """Share of what is processed, 0 to 1; may be changed at any time."""
        return self._wet

    @wet.setter
    def wet(self, value: float) -> None:
        self._wet = check_value("wet", value, 0.0, 1.0)

    @property
    def attenuation_db(self) -> float:
        """By how much the last moments were attenuated, in dB >= 0."""
        stream = self._stream
        return max(power_to_db(stream.power_in) - power_to_db(stream.power_out), 0.0)

    def process(self, buffer: Audio, out: Audio | None = None) -> Audio:
        """Take the next samples and give as many, ``latency`` samples late.

        Parameters
        ----------
        buffer
            ``[channels, n]`` for any n.
        out
            Gets the result, and is returned: of the shape and dtype of ``buffer``, which it may be itself.
            By default a new array.

        Returns
        -------
        numpy.ndarray
            ``[channels, n]`` of the same dtype.
        """
        with self._alone:
            buffer = checked_buffer(buffer, self.channels)
            if out is not None:
                buffer = apart(buffer, checked_out(out, buffer))
            self._stream.dtype = buffer.dtype
            dry, share = self._dry.process(buffer), self._wet
            # Straight into the caller's memory, where there is nothing to mix or to convert.
            target = out if out is not None and share >= 1.0 and out.dtype == np.float32 else None
            samples = np.ascontiguousarray(buffer, np.float32)
            wet = self._stream.blocks.process(samples, target)
            result = mixed(dry, wet, share)
            if out is None or result is out:
                return result
            np.copyto(out, result)
            return out

    def flush(self) -> Audio:
        """The last ``latency`` samples ``[channels, latency]``; then as after `reset`."""
        with self._alone:
            tail = self.process(np.zeros((self.channels, self.latency), self._stream.dtype))
            self.reset()
            return tail

    def reset(self) -> None:
        """Forget the stream; parameters stay."""
        with self._alone:
            self._dry.reset()
            self._stream = self._new_stream()

    def _become(self, other: SpectralProcessor) -> None:
        """Go on as ``other``, which is made for the same stream, is as late, and is of no use after that."""
        own = ("_alone", "_make_estimator", "_stream")  # known to somebody as ours
        with self._alone:
            for name, value in vars(other).items():
                if name not in own:
                    setattr(self, name, value)
            self._stream = self._new_stream()

    def _new_stream(self) -> _Stream:
        spec, estimator = self._spec, self._make_estimator()
        return _Stream(
            analyser=Analyser(spec, self.channels, self._map),
            synthesiser=Synthesiser(spec, self.channels, self._map),
            estimator=estimator,
            blocks=FixedBlocks(self._n_frames * spec.hop, self.channels, self._advance),
            waiting=np.zeros((self.channels, estimator.delay, spec.n_bins), np.complex64),
            dtype=np.dtype(np.float32),
        )

    def _advance(self, samples: F32) -> F32:
        """``frames_per_call`` hops ``[channels, samples]`` in, as many out."""
        stream, is_linked = self._stream, self._is_linked
        analysed, observed = stream.analyser.advance(samples)
        spectra = np.concatenate((stream.waiting, analysed), axis=1)
        ready = np.ascontiguousarray(spectra[:, : self._n_frames])
        stream.waiting = spectra[:, self._n_frames :].copy()
        power = lane_power(ready, is_linked)
        gain = stream.estimator.advance(log_power(lane_power(observed, is_linked)), power)
        gain *= self._static_gain
        for i, lane in enumerate(gain):
            stft_kernels.apply_gain(ready if is_linked else ready[i : i + 1], lane)
        self._meter(power, gain)
        return stream.synthesiser.advance(ready)

    def _meter(self, power: F32, gain: F32) -> None:
        stream, keep = self._stream, METER_KEEP**self._n_frames
        stream.power_in = keep * stream.power_in + float(power.sum(dtype=np.float64))
        stream.power_out = keep * stream.power_out + float((power * gain**2).sum(dtype=np.float64))
