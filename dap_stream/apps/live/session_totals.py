"""Totals over a session, however many devices it had one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TypeAlias

from dap_stream.apps.live.live_chain import LiveChain, Stream
from dap_stream.apps.live.recorder import Recorder
from dap_stream.apps.live.report import SessionReport
from dap_stream.core.profile import Profile
from dap_stream.errors import DapStreamError, OutputError
from dap_stream.realtime.duplex_buffer import Counts

ReplaceProfile: TypeAlias = Callable[[str, Profile], None]
"""Puts a profile in the place of what is there, at once or together with what belongs to it."""


def added(one: Counts, other: Counts) -> Counts:
    """Of two devices, one after the other."""
    values = asdict(other)
    return Counts(**{name: value + values[name] for name, value in asdict(one).items()})


class SessionTotals:
    """Counts, history and recording of a session."""

    def __init__(self, chain: LiveChain, replace_profile: ReplaceProfile) -> None:
        self._chain, self._replace_profile = chain, replace_profile
        self._newest: Stream | None = None  # the last one that is in the sums
        self._counts: Counts | None = None
        self._loads = (0.0, 0.0, 0.0)  # median, p99.9 and maximum of the last device that ran
        self._n_unrecorded = 0
        self.recorder: Recorder | None = None
        self.n_reconnects = 0
        self._profile: str | None = None

    def has(self, stream: Stream) -> bool:
        """Whether it is in the sums."""
        return self._newest is stream

    def add(self, stream: Stream) -> None:
        """Add what was done with a stream that is closed, up to its last samples."""
        chain, counts, loads = self._chain, self._chain.duplex.counts(), self._chain.duplex.loads
        if chain.tap is not None:
            chain.tap()
            self._n_unrecorded += chain.tap.lost_samples
            chain.stop_recording()
        if loads.count:
            self._loads = (loads.median, loads.p999, loads.max)
        self._counts = counts if self._counts is None else added(self._counts, counts)
        self._newest = stream

    def close(self, profile_path: str | None) -> DapStreamError | None:
        """Complete the recording and save the profile; the first thing that went wrong with them."""
        error: DapStreamError | None = None
        if self.recorder is not None:
            self.recorder.close()
            error = self.recorder.error
        if profile_path is not None and self._chain.history:
            try:
                self._replace_profile(profile_path, self._chain.profile())
                self._profile = profile_path
            except DapStreamError as failure:
                error = error or failure
        elif profile_path is not None:
            error = error or OutputError(f"{profile_path}: not written, for nothing was learned; run longer")
        return error

    def report(self, source: str, target: str, error: BaseException | None) -> SessionReport:
        """After `close`."""
        assert self._counts is not None and self._newest is not None
        chain, recorder = self._chain, self.recorder
        median, p999, most = self._loads
        return SessionReport(
            source=source,
            target=target,
            stream=chain.stream,
            block_size=chain.block_size,
            settings=chain.settings,
            chain=chain.chain_settings,
            latency=self._newest.latency,
            counts=self._counts,
            load_median=median,
            load_p999=p999,
            load_max=most,
            history=chain.history,
            dropped_fits=chain.dropped,
            reconnects=self.n_reconnects,
            recorded_s=None if recorder is None else recorder.seconds,
            recordings=() if recorder is None else recorder.paths,
            unrecorded_samples=self._n_unrecorded,
            profile=self._profile,
            error=None if error is None else str(error),
            is_inline=chain.is_inline,
        )
