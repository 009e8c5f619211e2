"""What is summed up over a session, however many devices it had one after the other."""

from __future__ import annotations

from dataclasses import asdict

from dap_stream.errors import DapStreamError, OutputError
from dap_stream.live.link import Counts
from dap_stream.live.record import Recorder
from dap_stream.live.rig import Rig, Stream
from dap_stream.live.summary import Summary
from dap_stream.profile import save_profile


def added(one: Counts, other: Counts) -> Counts:
    """Of two devices, one after the other."""
    values = asdict(other)
    return Counts(**{name: value + values[name] for name, value in asdict(one).items()})


class Books:
    """Counts, history and recording of a session."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._stream: Stream | None = None  # the last one that is in the sums
        self._counts: Counts | None = None
        self._n_unrecorded = 0
        self.recorder: Recorder | None = None
        self.n_reconnects = 0
        self._profile: str | None = None

    def has(self, stream: Stream) -> bool:
        """Whether it is in the sums."""
        return self._stream is stream

    def keep(self, stream: Stream) -> None:
        """Add what was done with a stream that is closed, up to its last samples."""
        tap, counts = self._rig.tap, self._rig.link.counts()
        if tap is not None:
            tap()
            self._n_unrecorded += tap.lost_samples
        self._counts = counts if self._counts is None else added(self._counts, counts)
        self._stream = stream

    def close(self, profile_path: str | None) -> DapStreamError | None:
        """Complete the recording and save the profile; the first thing that went wrong with them."""
        error: DapStreamError | None = None
        if self.recorder is not None:
            self.recorder.close()
            error = self.recorder.error
        if profile_path is not None and self._rig.history:
            try:
                save_profile(profile_path, self._rig.denoiser.profile())
                self._profile = profile_path
            except DapStreamError as failure:
                error = error or failure
        elif profile_path is not None:
            error = error or OutputError(f"{profile_path}: not written, for nothing was learned; run longer")
        return error

    def summary(self, source: str, target: str, stream: Stream, error: BaseException | None) -> Summary:
        """After `close`."""
        assert self._counts is not None
        loads, recorder = self._rig.link.loads, self.recorder
        return Summary(
            source=source,
            target=target,
            plan=self._rig.plan,
            latency=stream.latency,
            counts=self._counts,
            load_median=loads.median,
            load_p999=loads.p999,
            load_max=loads.max,
            history=self._rig.history,
            dropped_fits=self._rig.background.dropped,
            reconnects=self.n_reconnects,
            recorded_s=None if recorder is None else recorder.seconds,
            record=() if recorder is None else recorder.paths,
            unrecorded_samples=self._n_unrecorded,
            profile=self._profile,
            error=None if error is None else str(error),
            is_inline=self._rig.is_inline,
        )
