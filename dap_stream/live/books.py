"""What is summed up over a session, however many devices it had one after the other."""

from __future__ import annotations

from dataclasses import asdict

from dap_stream.errors import OutputError
from dap_stream.learned import BlockRecord
from dap_stream.live.link import Counts
from dap_stream.live.record import Recorder
from dap_stream.live.rig import Plan, Rig, Stream, shifted
from dap_stream.live.summary import Summary
from dap_stream.profile import save_profile


def added(one: Counts, other: Counts) -> Counts:
    """Of two devices, one after the other."""
    values = asdict(other)
    return Counts(**{name: value + values[name] for name, value in asdict(one).items()})


class Books:
    """Counts, history and recording of a session."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._rig: Rig | None = None  # the last one that is in the sums
        self._counts: Counts | None = None
        self._history: list[BlockRecord] = []
        self._n_unrecorded = self._n_dropped = 0
        self.recorder: Recorder | None = None
        self.n_reconnects = 0
        self._profile: str | None = None

    def has(self, rig: Rig) -> bool:
        """Whether it is in the sums."""
        return self._rig is rig

    def keep(self, rig: Rig) -> None:
        """Add what a rig did whose stream is closed, up to its last samples."""
        if rig.tap is not None:
            rig.tap()
            self._n_unrecorded += rig.tap.lost_samples
        seconds = 0.0 if self._counts is None else self._counts.n_samples / self._plan.sample_rate
        self._history += shifted(rig.history, seconds)
        counts = rig.link.counts()
        self._counts = counts if self._counts is None else added(self._counts, counts)
        self._n_dropped += rig.background.dropped
        self._rig = rig

    def close(self, profile_path: str | None) -> OutputError | None:
        """Complete the recording and save the profile; the first thing that went wrong with them."""
        error = None
        if self.recorder is not None:
            self.recorder.close()
            error = self.recorder.error
        if profile_path is not None and self._history and self._rig is not None:
            try:
                save_profile(profile_path, self._rig.denoiser.profile())
                self._profile = profile_path
            except OutputError as failure:
                error = error or failure
        elif profile_path is not None:
            error = error or OutputError(f"{profile_path}: not written, for nothing was learned; run longer")
        return error

    def summary(self, source: str, target: str, stream: Stream, error: BaseException | None) -> Summary:
        """After `close`."""
        assert self._rig is not None and self._counts is not None
        loads, recorder = self._rig.link.loads, self.recorder
        return Summary(
            source=source,
            target=target,
            plan=self._plan,
            latency=stream.latency,
            counts=self._counts,
            load_median=loads.median,
            load_p999=loads.p999,
            load_max=loads.max,
            history=self._history,
            dropped_fits=self._n_dropped,
            reconnects=self.n_reconnects,
            recorded_s=None if recorder is None else recorder.seconds,
            record=() if recorder is None else recorder.paths,
            unrecorded_samples=self._n_unrecorded,
            profile=self._profile,
            error=None if error is None else str(error),
        )
