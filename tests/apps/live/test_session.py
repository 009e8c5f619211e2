"""A session on devices that fail as they are told to: every stream is closed and counted once."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_chains import BLOCK_SIZE, FORMAT, live_settings
from live_signals import noise

from dap_stream.apps.live import session as module
from dap_stream.apps.live.live_chain import LiveChain
from dap_stream.apps.live.session import Session
from dap_stream.apps.live.terminal.meter_display import MeterDisplay
from dap_stream.core.interrupts import Stopped
from dap_stream.errors import DeviceError
from dap_stream.realtime.duplex_buffer import DuplexBuffer
from dap_stream.realtime.watchdog import Latency

PATIENCE_S = 20.0
N_BLOCKS = 20  # that a device plays before it fails


class FakeStream:
    """A device that plays `N_BLOCKS` when first looked at, and then raises ``error``, if there is one."""

    def __init__(self, duplex: DuplexBuffer, error: BaseException | None) -> None:
        self.duplex, self.error = duplex, error
        self.n_closed = 0
        self.is_started = False

    @property
    def latency(self) -> Latency:
        return Latency(self.duplex.processor.latency, self.duplex.margin, 0, 0, FORMAT.sample_rate)

    def start(self) -> None:
        self.duplex.reset()
        self.is_started = True

    def check(self) -> None:
        assert self.is_started and not self.n_closed
        audio, out = noise(1, BLOCK_SIZE), np.empty((1, BLOCK_SIZE), np.float32)
        while self.duplex.blocks < N_BLOCKS:
            self.duplex.exchange(audio, out)
            self.duplex.work()
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        self.n_closed += 1


class FakeBackend:
    """Streams that end with these errors, one after the other; None in the place of one: not there yet.

    After the last one somebody presses Ctrl-C.
    """

    source, target = "in", "out"
    stream, block_size, device_block_size = FORMAT, BLOCK_SIZE, BLOCK_SIZE

    def __init__(self, errors: Sequence[BaseException | None]) -> None:
        self._errors = list(errors)
        self.opened: list[FakeStream] = []
        self.is_finished = False

    def open(self, duplex: DuplexBuffer) -> FakeStream:
        if not self._errors:
            raise Stopped(2)
        error = self._errors.pop(0)
        if error is None:
            raise DeviceError("not there")
        self.opened.append(FakeStream(duplex, error))
        return self.opened[-1]


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 0.01)
    monkeypatch.setattr(module, "TICK_S", 0.01)


def make_session(errors: Sequence[BaseException | None], **changes: Any) -> tuple[Session, FakeBackend]:
    backend = FakeBackend(errors)
    settings = live_settings(**{"generator": "classical", "reconnects": True, **changes})
    return Session(settings, backend, is_inline=True), backend


def test_an_unexpected_error_after_a_reconnect_closes_the_stream_that_is_open(tmp_path: Path) -> None:
    """It was the first one that was closed again, and the second one went on and was not counted."""
    recording = tmp_path / "r.wav"
    session, backend = make_session(
        [DeviceError("gone"), None, ZeroDivisionError("planted")], record=str(recording)
    )
    with pytest.raises(ZeroDivisionError, match="planted"):
        session.run()
    assert [stream.n_closed for stream in backend.opened] == [1, 1]
    report = session._totals.report("in", "out", None)
    assert (report.counts.blocks, report.reconnects) == (2 * N_BLOCKS, 1)
    lost_at_the_start = 2 * session._chain.duplex.latency
    assert report.recorded_s is not None and report.unrecorded_samples == 0
    assert report.recorded_s * FORMAT.sample_rate == 2 * N_BLOCKS * BLOCK_SIZE - lost_at_the_start


@pytest.mark.parametrize("error", [DeviceError("again"), Stopped(2)], ids=["error", "stopped"])
def test_the_second_stream_is_closed_and_counted_however_it_ends(error: BaseException) -> None:
    session, backend = make_session([DeviceError("gone"), error])
    report, reported = session.run()
    assert [stream.n_closed for stream in backend.opened] == [1, 1]
    assert report.counts.blocks == 2 * N_BLOCKS and report.load_median > 0.0
    assert isinstance(reported, Stopped) and report.error is None


def test_a_ctrl_c_just_after_the_device_came_back_counts_nothing_twice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    errors = [DeviceError("gone"), ZeroDivisionError("is not started")]
    session, backend = make_session(errors, record=str(tmp_path / "r.wav"))
    chain = session._chain

    def say(text: str) -> None:
        if "the device is back" in text:
            raise Stopped(2)

    def lose_samples(stream: FakeStream) -> None:
        stream.n_closed += 1
        if chain.tap is not None:
            chain.tap.lost_samples = 7

    monkeypatch.setattr(session._screen, "say", say)
    monkeypatch.setattr(FakeStream, "close", lose_samples)  # just before the stream is counted
    report, reported = session.run()
    assert isinstance(reported, Stopped) and report.unrecorded_samples == 7
    assert [(stream.is_started, stream.n_closed) for stream in backend.opened] == [(True, 1), (False, 1)]
    assert report.counts.blocks == N_BLOCKS and report.load_median > 0.0, "the load is of the one that ran"


def test_without_reconnect_a_device_that_is_gone_is_the_end() -> None:
    session, backend = make_session([DeviceError("gone")], reconnects=False)
    report, error = session.run()
    assert str(error) == "gone" == report.error and [stream.n_closed for stream in backend.opened] == [1]


def test_nothing_says_getting_ready_after_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    session, _ = make_session([], generator="context")
    monkeypatch.setattr(module, "SLOW_S", 0.2)
    monkeypatch.setattr(session._screen, "say", said.append)
    monkeypatch.setattr(session._chain, "is_inline", False)

    def fail(chain: LiveChain) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(LiveChain, "warm_up", fail)
    with pytest.raises(ZeroDivisionError, match="planted"):
        session.run()
    until(lambda: not any(isinstance(thread, threading.Timer) for thread in threading.enumerate()))
    assert said == []


def test_who_waits_long_is_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    session, _ = make_session([Stopped(2)])
    monkeypatch.setattr(module, "SLOW_S", 0.01)
    monkeypatch.setattr(session._screen, "say", said.append)
    monkeypatch.setattr(session._chain, "is_inline", False)
    monkeypatch.setattr(LiveChain, "warm_up", lambda chain: until(lambda: bool(said)))
    session.run()
    assert said[0].startswith("getting ready") and "latency" in said[1]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("key", ["r", ""])
def test_a_reset_while_the_device_is_away_is_done(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is processed then, and yet what was learned is not saved any more."""
    path = tmp_path / "p.npz"
    changes = {"generator": "context", "block_s": 0.1, "save_profile": str(path)}
    session, backend = make_session([DeviceError("gone")], **changes)
    monkeypatch.setattr(session, "_screen", MeterDisplay(True, Terminal()))
    monkeypatch.setattr(
        session._keys, "read", lambda seconds: f"{key}q" if backend.opened[0].n_closed else ""
    )
    report, error = session.run()
    assert bool(report.history) == path.exists() == (key == "")
    assert report.profile == (None if key else str(path))
    assert ("nothing was learned" in str(error)) == (key == "r")


def until(is_so: Callable[[], bool]) -> None:
    """Wait for a condition, never for a time."""
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)
