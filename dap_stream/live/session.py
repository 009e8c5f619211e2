"""A live stream from its start to its end: keys, display, warnings, recording, reconnecting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from dap_stream.errors import DapStreamError, DeviceError
from dap_stream.live.books import Books
from dap_stream.live.controls import HELP, Controls
from dap_stream.live.display import Screen
from dap_stream.live.keys import Keys
from dap_stream.live.priority import undisturbed
from dap_stream.live.record import Recorder
from dap_stream.live.rig import Plan, Rig, Stream
from dap_stream.live.summary import Summary
from dap_stream.profile import Profile
from dap_stream.signals import Stopped
from dap_stream.units import format_seconds

TICK_S = 0.2  # between two looks, and drawings
SLOW_S = 3.0  # of getting ready that need no word
AGAIN_S = 1.0  # between two tries to have the device back, and between two warnings


@dataclass(frozen=True)
class Wishes:
    """How a session runs.

    ``is_finished`` ends it from inside (a file that has been played). ``is_inline``: learning is part of the
    processing, so that nothing depends on timing.
    """

    record: str | None = None
    force: bool = False
    save_profile: str | None = None
    duration_s: float | None = None
    has_screen: bool = True
    reconnects: bool = False
    is_inline: bool = False
    is_finished: Callable[[], bool] = lambda: False


class Session:
    """Runs streams made by ``open_stream`` for a rig; ``say`` prints the line about each of them."""

    def __init__(
        self,
        plan: Plan,
        profile: Profile | None,
        open_stream: Callable[[Rig], Stream],
        describe: Callable[[Stream], tuple[str, str, str]],
        wishes: Wishes,
    ) -> None:
        self._wishes = wishes
        self._open_stream, self._describe = open_stream, describe
        self._screen = Screen(wishes.has_screen)
        self._keys = Keys(self._screen.is_shown)
        self._rig = Rig(plan, profile, wishes.is_inline)
        self._controls = Controls(self._rig, wishes.save_profile)
        self._books = Books(self._rig)
        self._warned: tuple[int, int] = (0, 0)
        self._warn_from = 0.0
        self._said: set[BaseException] = set()  # what went wrong beside the stream
        self._stopped: Stopped | None = None
        self._error: BaseException | None = None

    def run(self) -> tuple[Summary, BaseException | None]:
        """Until it is ended from inside or outside; what happened, and the error to be raised after that."""
        try:
            return self._run()
        finally:
            self._rig.close()

    def _run(self) -> tuple[Summary, BaseException | None]:
        if not self._wishes.is_inline:
            self._warm_up()
        stream = self._open_stream(self._rig)
        try:
            if self._wishes.record is not None:
                wanted = (self._wishes.record, self._rig.plan.sample_rate, self._rig.plan.channels)
                self._books.recorder = Recorder(*wanted, self._wishes.force)
            self._until = time.monotonic() + (self._wishes.duration_s or float("inf"))
            with undisturbed():
                stream = self._watched(stream)
        finally:
            self._end(stream)
        source, target, _ = self._describe(stream)
        return self._books.summary(source, target, stream, self._error), self._error or self._stopped

    def _warm_up(self) -> None:
        """The first time on a machine takes a while: who waits is told why."""
        note = threading.Timer(
            SLOW_S, self._screen.say, ["getting ready (the first run on a machine compiles its kernels)"]
        )
        note.daemon = True
        note.start()
        self._rig.warm_up()
        note.cancel()

    def _watched(self, stream: Stream) -> Stream:
        """Streams one after the other, up to the last one."""
        try:
            with self._keys:
                shows_keys = self._screen.is_shown
                if shows_keys and self._keys.reason is not None:
                    self._screen.say(f"{self._keys.reason}; Ctrl-C ends")
                elif shows_keys:
                    self._screen.say(HELP)
                while (gone := self._one(stream)) is not None:
                    again = self._again(stream, gone)
                    if again is None:
                        break
                    stream = again
        except Stopped as stopped:
            self._stopped = stopped
        except DapStreamError as error:
            self._error = error
        return stream

    def _one(self, stream: Stream) -> DeviceError | None:
        """From the start of a stream to the end of the session, or to the error that is to be waited for."""
        try:
            self._start(stream)
            self._follow(stream)
        except DeviceError as error:
            if not self._wishes.reconnects:
                raise
            return error
        finally:
            self._screen.clear()
        return None

    def _start(self, stream: Stream) -> None:
        if self._books.recorder is not None:
            self._rig.record_to(self._books.recorder.put)
        if not self._wishes.is_inline:
            self._rig.background.start()
        stream.start()
        self._screen.say(self._describe(stream)[2])

    def _follow(self, stream: Stream) -> None:
        """Until the session ends."""
        while not (
            self._wishes.is_finished() or self._controls.wants_quit or time.monotonic() >= self._until
        ):
            self._screen.draw(self._rig.snapshot(stream.latency.total_ms))
            self._press(self._keys.read(self._patience()))
            stream.check()
            self._tell()
            self._warn()

    def _patience(self) -> float:
        return max(0.0, min(TICK_S, self._until - time.monotonic()))

    def _press(self, keys: str) -> None:
        if self._screen.is_shown:
            for text in self._controls.press(keys):
                self._screen.say(text)

    def _tell(self) -> None:
        """What went wrong with recording or learning: neither is worth the end of the stream."""
        recorder = self._books.recorder
        for error in (None if recorder is None else recorder.error, self._rig.background.error):
            if error is not None and error not in self._said:
                self._said.add(error)
                self._screen.say(f"error: {error}; the stream goes on")

    def _warn(self) -> None:
        """One line a second at most, about what is new."""
        counts = self._rig.link.counts()
        now = (counts.late_blocks, counts.lost_samples)
        if self._screen.is_shown or now == self._warned or time.monotonic() < self._warn_from:
            return
        self._warn_from = time.monotonic() + AGAIN_S
        late, lost = now[0] - self._warned[0], now[1] - self._warned[1]
        self._warned = now
        at = format_seconds(counts.n_samples / self._rig.plan.sample_rate)
        texts = [f"{late} blocks late, dry instead (larger --blocksize or --margin helps)"] if late else []
        texts += [f"{lost} samples never processed (the machine is too busy)"] if lost else []
        self._screen.say(f"warning: {at}: {', '.join(texts)}")

    def _again(self, stream: Stream, error: DeviceError) -> Stream | None:
        """Wait for the device, and go on with what was learned; None: ended while waiting."""
        began = time.monotonic()
        self._close(stream)
        self._screen.say(f"warning: {error}; waiting for it to come back")
        said = ""
        while True:
            if self._wait(AGAIN_S):
                return None
            try:
                again = self._open_stream(self._rig)
                break
            except DeviceError as failure:
                if str(failure) != said:
                    said = str(failure)
                    self._screen.say(f"still waiting: {said}")
        self._rig.link.reset()  # its counts are in the books
        self._warned = (0, 0)
        self._books.n_reconnects += 1
        gap = f"; the recording has a gap of {time.monotonic() - began:.1f} s at "
        where = "" if self._books.recorder is None else gap + format_seconds(self._books.recorder.seconds, 1)
        self._screen.say(f"the device is back{where}")
        return again

    def _wait(self, seconds: float) -> bool:
        """Whether the session ends meanwhile."""
        until = min(time.monotonic() + seconds, self._until)
        while time.monotonic() < until and not self._controls.wants_quit:
            self._press(self._keys.read(min(TICK_S, max(0.0, until - time.monotonic()))))
            self._rig.inside.settle()
        return self._controls.wants_quit or time.monotonic() >= self._until

    def _close(self, stream: Stream) -> None:
        """End the stream, and put it into the books."""
        stream.close()
        self._rig.inside.settle()
        self._rig.background.stop()
        self._books.keep(stream)

    def _end(self, stream: Stream) -> None:
        """Everything is closed and kept, whatever happened."""
        if not self._books.has(stream):
            self._close(stream)
        # A file that was not heard to its end is no reason to replace a profile.
        is_cut = self._wishes.is_inline and self._stopped is not None
        error = self._books.close(None if is_cut else self._wishes.save_profile)
        self._error = self._error or error or self._rig.background.error
