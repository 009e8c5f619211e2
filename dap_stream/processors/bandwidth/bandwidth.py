"""The repair of bandwidth as a processor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dap_stream.core.alone import Alone
from dap_stream.core.array_types import C64, F32, Audio
from dap_stream.core.processor import checked_buffer
from dap_stream.core.processors import Delay
from dap_stream.core.stream_format import StreamFormat
from dap_stream.core.units import samples_to_ms
from dap_stream.dsp.band_limit import BandLimit
from dap_stream.dsp.features import lane_power
from dap_stream.dsp.stft import StftSpec
from dap_stream.dsp.streaming_stft import Analyser, FixedBlocks, Synthesiser
from dap_stream.models.highs.predictor import educated_predictor
from dap_stream.processors.bandwidth.highs import Highs
from dap_stream.processors.bandwidth.limits import LimitPlan, LimitTracker, is_same
from dap_stream.processors.bandwidth.model import BandwidthModel
from dap_stream.processors.bandwidth.settings import BandwidthSettings
from dap_stream.processors.findings import Finding

KIND = "bandwidth"
WINDOW_MS = 32.0  # of a frame: a consonant is not smeared, and the harmonics of most voices are apart
FADE_S = 0.25  # in which what is made up comes and goes
FRAMES_PER_CALL = 16  # for files and pipes; more of them cost less each


class _Lane:
    """One channel: its limit now, what is made up above it, and what was told of it."""

    def __init__(self, channel: int, tracker: LimitTracker | None, plan: LimitPlan | None) -> None:
        self.channel, self.tracker, self.plan = channel, tracker, plan
        self.wanted: BandLimit | None = None  # the newest that is known
        self.limit: BandLimit | None = None  # the one that is filled above
        self.highs: Highs | None = None
        self.share = 0.0  # of what is made up that is heard
        self.begin = 0  # sample from which it is filled
        if plan is not None:
            self.wanted = plan.at(0)


@dataclass
class _Stream:
    """All that a stream leaves behind."""

    analyser: Analyser
    synthesiser: Synthesiser
    blocks: FixedBlocks[F32]
    dry: Delay
    lanes: list[_Lane]  # from its first sample on
    dtype: np.dtype[np.float32 | np.float64]
    n_frames: int = 0
    n_samples: int = 0
    n_silent: int = 0  # calls since anything was added


class Bandwidth:
    """A `dap_stream.core.processor.Processor` that adds highs above the limit of a recording.

    Where no limit is found, or one so high that it is left, every sample stays as it is, bit for bit;
    elsewhere all that is below the limit does. One thread at a time may call `process`, `flush` and `reset`;
    a second one gets a SettingError.

    Parameters
    ----------
    sample_rate
        Hz, 8000 to 384000.
    channels
        1 to 64; each has a limit of its own.
    settings
        Level and end of what is made up.
    model
        Gets what is found; limits that a first pass told it are used, else they are found on the way.
    frames_per_call
        More cost less each, and come later.

    Raises
    ------
    SettingError
        If rate, channels or settings cannot be.
    """

    def __init__(
        self,
        sample_rate: int,
        channels: int = 1,
        settings: BandwidthSettings | None = None,
        model: BandwidthModel | None = None,
        frames_per_call: int = FRAMES_PER_CALL,
    ) -> None:
        stream = StreamFormat(sample_rate, channels)
        self._alone = Alone(type(self).__name__)
        self.sample_rate, self.channels = stream.sample_rate, stream.channels
        self.settings = settings or BandwidthSettings()
        self._model = model or BandwidthModel()
        self.findings = self._model.found_in(sample_rate)
        self._spec = StftSpec.for_rate(sample_rate, WINDOW_MS)
        self._n_frames = frames_per_call
        self.latency: int = self._spec.n_fft + (frames_per_call - 1) * self._spec.hop
        self._stream = self._new_stream()

    @property
    def latency_ms(self) -> float:
        """`latency` for display."""
        return samples_to_ms(self.latency, self.sample_rate)

    @property
    def hop(self) -> int:
        """Samples that it works on at a time."""
        return self._n_frames * self._spec.hop

    def process(self, buffer: Audio) -> Audio:
        """Take the next samples and give as many, ``latency`` samples late.

        Parameters
        ----------
        buffer
            ``[channels, n]`` for any n.

        Returns
        -------
        numpy.ndarray
            ``[channels, n]`` of the same dtype.
        """
        with self._alone:
            buffer = checked_buffer(buffer, self.channels)
            stream = self._stream
            if stream.n_samples == 0 and buffer.shape[1]:
                self.findings.clear()
                stream.lanes = self._new_lanes()
            stream.dtype = buffer.dtype
            stream.n_samples += buffer.shape[1]
            added = stream.blocks.process(np.ascontiguousarray(buffer, np.float32))
            out = stream.dry.process(buffer)
            # Only there, for -0.0 + 0.0 has another bit.
            np.add(out, added, out=out, where=added != 0.0, casting="same_kind")
            return out

    def flush(self) -> Audio:
        """The last ``latency`` samples ``[channels, latency]``; then as after `reset`."""
        with self._alone:
            n_samples = self._stream.n_samples
            tail = self.process(np.zeros((self.channels, self.latency), self._stream.dtype))
            for lane in self._stream.lanes:
                self._tell(lane, n_samples)
            self.reset()
            return tail

    def reset(self) -> None:
        """Forget the stream; what was found in it stays until the next one begins."""
        with self._alone:
            self._stream = self._new_stream()

    def _new_stream(self) -> _Stream:
        spec = self._spec
        return _Stream(
            analyser=Analyser(spec, self.channels, map),
            synthesiser=Synthesiser(spec, self.channels, map),
            blocks=FixedBlocks(self._n_frames * spec.hop, self.channels, self._advance),
            dry=Delay(self.latency, self.channels),
            lanes=[],
            dtype=np.dtype(np.float32),
        )

    def _new_lanes(self) -> list[_Lane]:
        """Made when a stream begins: till then the model may learn."""
        spec, plans = self._spec, self._model.plans
        size = (spec.n_bins, self.sample_rate / spec.n_fft, spec.hop / self.sample_rate)
        return [
            _Lane(i, LimitTracker(*size), None) if plans is None else _Lane(i, None, plans[i])
            for i in range(self.channels)
        ]

    def _advance(self, samples: F32) -> F32:
        """``frames_per_call`` hops ``[channels, samples]`` in, as much to be added out."""
        stream = self._stream
        spectra, observed = stream.analyser.advance(samples)
        power = lane_power(observed, is_linked=False)
        added = np.zeros_like(spectra)
        is_silent = True
        for lane, spectrum, seen, out in zip(stream.lanes, spectra, power, added, strict=True):
            self._listen(lane, seen)
            if self._is_to_fill(lane):
                out[:] = self._fill(lane, spectrum, seen)
                is_silent = False
        stream.n_frames += self._n_frames
        stream.n_silent = stream.n_silent + 1 if is_silent else 0
        # What was added to the last call still sounds in the frames of the next ones.
        if stream.n_silent * self._n_frames > self._spec.n_fft // self._spec.hop:
            return np.zeros_like(samples)
        return stream.synthesiser.advance(added)

    def _listen(self, lane: _Lane, power: F32) -> None:
        """Find out which limit there is now."""
        if lane.plan is not None:
            lane.wanted = lane.plan.at(self._stream.n_frames)
            return
        assert lane.tracker is not None
        for decision in lane.tracker.advance(power):
            if decision.is_certain and not is_same(decision.limit, lane.wanted):
                lane.wanted = decision.limit

    def _is_to_fill(self, lane: _Lane) -> bool:
        """Go to another limit when the one before has faded out; whether there is one."""
        if lane.share == 0.0 and lane.limit is not lane.wanted:
            self._tell(lane, self._stream.n_frames * self._spec.hop)
            lane.limit, lane.highs = lane.wanted, None
            # The newest frame begins that early.
            lane.begin = max((self._stream.n_frames + 1) * self._spec.hop - self._spec.n_fft, 0)
            if lane.limit is not None and self._is_to_fill_above(lane.limit):
                lane.highs = Highs(
                    lane.limit,
                    self._spec,
                    self.sample_rate,
                    educated_predictor(),
                    self.settings.highs_db,
                    self.settings.highest_hz,
                )
                if lane.begin == 0:
                    lane.share = 1.0
        return lane.highs is not None

    def _is_to_fill_above(self, limit: BandLimit) -> bool:
        return limit.passed_hz < self.settings.enough_hz and limit.end_hz < self.settings.highest_hz

    def _fill(self, lane: _Lane, spectrum: C64, power: F32) -> C64:
        assert lane.highs is not None
        step = self._spec.hop / self.sample_rate / FADE_S * (1.0 if lane.limit is lane.wanted else -1.0)
        shares = np.clip(lane.share + step * np.arange(1, len(power) + 1), 0.0, 1.0)
        lane.share = float(shares[-1])
        added = lane.highs.advance(spectrum, power)
        return np.asarray(added * shares[:, None].astype(np.float32))

    def _tell(self, lane: _Lane, end: int) -> None:
        """Add what was filled up to sample ``end`` to the findings."""
        if lane.highs is None or lane.limit is None or end <= lane.begin:
            return
        passed_khz = lane.limit.passed_hz / 1000.0
        top_khz = min(self.settings.highest_hz, self.sample_rate / 2.0) / 1000.0
        text = f"nothing above {passed_khz:.1f} kHz; {passed_khz:.1f} to {top_khz:.1f} kHz made up"
        channel = None if self.channels == 1 else lane.channel
        self.findings.add(Finding(KIND, lane.begin, end - lane.begin, channel, text))
        lane.highs = None
