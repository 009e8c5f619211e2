"""A live stream from its start to its end: keys, display, warnings, recording, reconnecting."""

from __future__ import annotations

import threading
import time

from dap_stream.apps.live.actions import Actions
from dap_stream.apps.live.backend import Backend
from dap_stream.apps.live.live_chain import LiveChain, Stream
from dap_stream.apps.live.recorder import Recorder
from dap_stream.apps.live.remote import METER_S, NoRemote, Remote
from dap_stream.apps.live.report import SessionReport, first_line
from dap_stream.apps.live.session_totals import ReplaceProfile, SessionTotals
from dap_stream.apps.live.settings import LiveSettings
from dap_stream.apps.live.terminal.key_bindings import HELP, KeyBindings
from dap_stream.apps.live.terminal.meter_display import MeterDisplay
from dap_stream.apps.live.terminal.raw_keys import RawKeys
from dap_stream.core.interrupts import Stopped
from dap_stream.core.priority import undisturbed
from dap_stream.core.units import format_seconds
from dap_stream.errors import DapStreamError, DeviceError
from dap_stream.io.profile_file import replace_profile

TICK_S = 0.2  # between two looks, and drawings
SLOW_S = 3.0  # of getting ready that need no word
AGAIN_S = 1.0  # between two tries to have the device back, and between two warnings


class Session:
    """Runs the streams of ``backend``, one after the other if devices go away and come back.

    ``is_inline``: learning is part of the processing, so that nothing depends on timing. ``at_the_end``
    saves the profile that the settings name.
    """

    def __init__(
        self,
        settings: LiveSettings,
        backend: Backend,
        is_inline: bool = False,
        at_the_end: ReplaceProfile = replace_profile,
    ) -> None:
        self._settings, self._backend = settings, backend
        self._screen = MeterDisplay(settings.has_screen)
        self._keys = RawKeys(self._screen.is_shown)
        self._chain = LiveChain(settings, backend.stream, backend.block_size, is_inline)
        actions = Actions(self._chain, settings.save_profile)
        self._bindings = KeyBindings(actions)
        self._remote = self._make_remote(actions)
        self._tick_s = TICK_S if settings.osc is None else METER_S
        self._totals = SessionTotals(self._chain, at_the_end)
        self._stream: Stream  # the newest; `_end` closes and counts it, whatever happened
        self._until = float("inf")  # by the clock
        self._warned: tuple[int, int] = (0, 0)
        self._warn_from = 0.0
        self._said: set[BaseException] = set()  # what went wrong beside the stream
        self._stopped: Stopped | None = None
        self._error: BaseException | None = None

    def _make_remote(self, actions: Actions) -> Remote:
        """Whoever else may change the stream; what is wrong with that is found before it begins."""
        if self._settings.osc is None:
            return NoRemote()
        try:
            from dap_stream.apps.live.osc import OscControl

            return OscControl(actions, self._settings.osc)
        except ImportError:
            self._chain.close()
            raise DeviceError("OSC needs the package python-osc: pip install 'dap-stream[osc]'") from None
        except BaseException:
            self._chain.close()
            raise

    def run(self) -> tuple[SessionReport, BaseException | None]:
        """Until it is ended from inside or outside; what happened, and the error to be raised after that."""
        try:
            return self._run()
        finally:
            self._remote.close()
            self._chain.close()

    def _run(self) -> tuple[SessionReport, BaseException | None]:
        if not self._chain.is_inline:
            self._warm_up()
        self._stream = self._backend.open(self._chain.duplex)
        try:
            if self._settings.record is not None:
                stream_format = self._chain.stream
                self._totals.recorder = Recorder(
                    self._settings.record,
                    stream_format.sample_rate,
                    stream_format.channels,
                    self._settings.force,
                )
            self._until = time.monotonic() + (self._settings.duration_s or float("inf"))
            with undisturbed():
                self._run_streams()
        finally:
            self._end()
        report = self._totals.report(self._backend.source, self._backend.target, self._error)
        return report, self._error or self._stopped

    def _warm_up(self) -> None:
        """The first time on a machine takes a while: who waits is told why."""
        note = threading.Timer(
            SLOW_S, self._screen.say, ["getting ready (the first run on a machine compiles its kernels)"]
        )
        note.daemon = True
        note.start()
        try:
            self._chain.warm_up()
        finally:
            note.cancel()

    def _run_streams(self) -> None:
        """One after the other, until the session ends."""
        try:
            with self._keys:
                shows_keys = self._screen.is_shown
                if shows_keys and self._keys.reason is not None:
                    self._screen.say(f"{self._keys.reason}; Ctrl-C ends")
                elif shows_keys:
                    self._screen.say(HELP)
                error = self._run_stream()
                while error is not None and self._reopen(error):
                    error = self._run_stream()
        except Stopped as stopped:
            self._stopped = stopped
        except DapStreamError as error:
            self._error = error

    def _run_stream(self) -> DeviceError | None:
        """From the start of a stream to the end of the session, or to the error that is to be waited for."""
        try:
            self._start()
            self._follow()
        except DeviceError as error:
            if not self._settings.reconnects:
                raise
            return error
        finally:
            self._screen.clear()
        return None

    def _start(self) -> None:
        if self._totals.recorder is not None:
            self._chain.record_to(self._totals.recorder.put)
        if not self._chain.is_inline:
            self._chain.start_learning()
        self._stream.start()
        self._screen.say(self._first_line())
        self._remote.start()

    def _first_line(self) -> str:
        backend = self._backend
        return first_line(
            backend.source, backend.target, backend.stream, self._stream.latency, backend.device_block_size
        )

    def _follow(self) -> None:
        """Until the session ends."""
        while not (self._backend.is_finished or self._bindings.wants_quit or time.monotonic() >= self._until):
            status = self._chain.status(self._stream.latency.total_ms)
            self._screen.draw(status)
            self._remote.tell(status)
            self._press(self._keys.read(self._patience()))
            self._stream.check()
            self._say_errors()
            self._warn()

    def _patience(self) -> float:
        return max(0.0, min(self._tick_s, self._until - time.monotonic()))

    def _press(self, keys: str) -> None:
        if self._screen.is_shown:
            for text in self._bindings.press(keys):
                self._screen.say(text)
        for text in self._remote.texts():
            self._screen.say(text)

    def _say_errors(self) -> None:
        """Show what went wrong with recording or learning: neither is worth the end of the stream."""
        recorder = self._totals.recorder
        for error in (None if recorder is None else recorder.error, self._chain.error):
            if error is not None and error not in self._said:
                self._said.add(error)
                self._screen.say(f"error: {error}; the stream goes on")

    def _warn(self) -> None:
        """One line a second at most, about what is new."""
        counts = self._chain.duplex.counts()
        now = (counts.late_blocks, counts.lost_samples)
        if self._screen.is_shown or now == self._warned or time.monotonic() < self._warn_from:
            return
        self._warn_from = time.monotonic() + AGAIN_S
        late, lost = now[0] - self._warned[0], now[1] - self._warned[1]
        self._warned = now
        at = format_seconds(counts.n_samples / self._chain.stream.sample_rate)
        texts = [f"{late} blocks late, dry instead (larger --blocksize or --margin helps)"] if late else []
        texts += [f"{lost} samples never processed (the machine is too busy)"] if lost else []
        self._screen.say(f"warning: {at}: {', '.join(texts)}")

    def _reopen(self, error: DeviceError) -> bool:
        """Wait for the device, to go on with what was learned; False: the session ended meanwhile."""
        began = time.monotonic()
        self._close()
        self._screen.say(f"warning: {error}; waiting for it to come back")
        if not self._wait_for_device():
            return False
        self._warned = (0, 0)
        self._totals.n_reconnects += 1
        recorder = self._totals.recorder
        gap = ""
        if recorder is not None:
            at = format_seconds(recorder.seconds, 1)
            gap = f"; the recording has a gap of {time.monotonic() - began:.1f} s at {at}"
        self._screen.say(f"the device is back{gap}")
        return True

    def _wait_for_device(self) -> bool:
        """Until a new stream is open, or the session ends (False)."""
        said = ""
        while not self._wait(AGAIN_S):
            self._chain.duplex.reset()  # its counts are in the totals
            try:
                self._stream = self._backend.open(self._chain.duplex)
                return True
            except DeviceError as failure:
                if str(failure) != said:
                    said = str(failure)
                    self._screen.say(f"still waiting: {said}")
        return False

    def _wait(self, seconds: float) -> bool:
        """Whether the session ends meanwhile."""
        until = min(time.monotonic() + seconds, self._until)
        while time.monotonic() < until and not self._bindings.wants_quit:
            self._press(self._keys.read(min(self._tick_s, max(0.0, until - time.monotonic()))))
        return self._bindings.wants_quit or time.monotonic() >= self._until

    def _close(self) -> None:
        """End the stream, and add it to the totals."""
        self._stream.close()
        self._totals.add(self._stream)

    def _end(self) -> None:
        """Everything is closed and counted, whatever happened."""
        if not self._totals.has(self._stream):
            self._close()
        # A file that was not heard to its end is no reason to replace a profile.
        is_cut = self._chain.is_inline and self._stopped is not None
        error = self._totals.close(None if is_cut else self._settings.save_profile)
        self._error = self._error or error or self._chain.error
