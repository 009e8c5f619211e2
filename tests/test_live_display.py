"""The two lines of `dap-stream live`, and its keys on a terminal of its own."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from recordings import read, sound, write

import dap_stream
from dap_stream.live.background import Background
from dap_stream.live.controls import HELP, Controls
from dap_stream.live.display import Screen, Snapshot, bar, lines
from dap_stream.live.rig import Plan, Rig
from dap_stream.live.session import Session, Wishes
from dap_stream.profile import load_profile
from dap_stream.settings import Settings

PATIENCE_S = 120.0
NOW = Snapshot(
    seconds=83.0, peak_in_db=-12.0, peak_out_db=-math.inf, attenuation_db=6.1, late_blocks=3, lost_samples=7,
    load=0.21, load_p999=0.6, latency_ms=61.9, wet=1.0, reduction_db=24.0,
)  # fmt: skip


def test_lines_say_everything_in_80_columns() -> None:
    first, second = lines(NOW)
    assert first == "in ##########..| -12 dB  out ............|   - dB  removed  6.1 dB  1:23"
    assert second == "62 ms load 21/60% late 3 lost 7 wet 100% -24 dB"
    full = replace(NOW, loss=1.234, steps=48, is_bypassed=True, is_frozen=True, is_recording=True)
    assert (
        lines(full)[1].endswith("fit 1.23/48 wet 100% -24 dB BYPASS FROZEN REC") and len(lines(full)[1]) < 80
    )
    assert " fit - " in lines(replace(NOW, loss=math.nan))[1]


def test_bars() -> None:
    assert bar(-60.0) == bar(-math.inf) == "............|"
    assert bar(-30.0) == "######......|"
    assert bar(0.0) == "############|" and bar(0.1) == "############!"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_screen_goes_away_for_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    file = Terminal()
    screen = Screen(file=file)
    screen.draw(NOW)
    screen.say("hello")
    assert file.getvalue().count("\n") == 2 and file.getvalue().endswith("\r\x1b[Jdap-stream: hello\n")
    assert all(len(line) < 90 for line in file.getvalue().split("\n"))


def test_a_dumb_terminal_gets_one_line_without_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    file = Terminal()
    screen = Screen(file=file)
    screen.draw(NOW)
    screen.draw(replace(NOW, late_blocks=4))
    assert "\x1b" not in file.getvalue() and "\n" not in file.getvalue() and "late 4" in file.getvalue()


def test_no_terminal_no_display() -> None:
    file = io.StringIO()
    Screen(file=file).draw(NOW)
    assert not file.getvalue() and not Screen(False, Terminal()).is_shown


# ---------------------------------------------------------------- keys, without a terminal


def make_controls(folder: Path, **settings: object) -> Controls:
    plan = Plan(Settings(window_ms=32.0, **settings), 16000, 1, 64, 2)  # type: ignore[arg-type]
    return Controls(Rig(plan, is_inline=True), str(folder / "p.npz"))


def test_what_keys_do(tmp_path: Path) -> None:
    controls = make_controls(tmp_path, generator="classical")
    link, denoiser = controls.rig.link, controls.rig.denoiser
    assert controls.press("b--]]]f") == []
    assert link.bypass and link.wet == pytest.approx(0.8) and denoiser.reduction_db == 27.0
    assert denoiser.is_frozen
    controls.press("b=[" + "-" * 20 + "[" * 99)
    assert (link.bypass, link.wet, denoiser.reduction_db) == (False, 0.0, 0.0)
    controls.press("+" * 20 + "]" * 99)
    assert (link.wet, denoiser.reduction_db) == (1.0, 60.0)
    assert controls.press("?x\x1b") == [HELP] and not controls.wants_quit
    assert controls.press("s") == [
        "error: the classical generator learns nothing, so there is no profile to save"
    ]
    controls.press("q")
    assert controls.wants_quit


def test_a_profile_never_replaces_anything_else(tmp_path: Path) -> None:
    (tmp_path / "p.npz").write_text("mine")
    (said,) = make_controls(tmp_path).press("s")
    assert "exists and is no profile" in said and (tmp_path / "p.npz").read_text() == "mine"


def test_reset_is_done_by_the_processing_thread(tmp_path: Path) -> None:
    controls = make_controls(tmp_path, generator="classical")
    rig, done = controls.rig, []
    rig.denoiser.reset = lambda: done.append(1)  # type: ignore[method-assign]
    controls.press("r")
    assert not done
    rig.inside.process(sound(0.01).astype("float32"))
    assert done == [1]


def test_reset_while_the_device_is_away(tmp_path: Path) -> None:
    """Nothing is processed then, and yet what was learned is not saved any more."""
    session = Session(
        Plan(Settings(window_ms=32.0), 16000, 1, 64, 2),
        None,
        lambda rig: pytest.fail("it does not come back"),
        lambda stream: ("", "", ""),
        Wishes(is_inline=True, has_screen=False, duration_s=0.1),
    )
    rig = session._rig
    rig.denoiser.process(sound(1.0).astype("float32"))
    assert rig.history
    rig.reset()
    assert rig.history, "it waits for its turn"
    session._until = time.monotonic() + 0.1
    session._wait(5.0)
    assert not rig.history


def test_the_background_drops_what_comes_while_it_is_busy() -> None:
    background, done = Background(), []
    background.submit(lambda: done.append("at once"))
    assert done == ["at once"]
    background.start()
    gate = threading.Event()
    background.submit(gate.wait)
    background.submit(lambda: done.append("dropped"))
    gate.set()
    assert background.pause()
    background.submit(lambda: done.append("paused"))
    background.resume()
    background.submit(lambda: 1 / 0)  # type: ignore[arg-type]
    background.stop()
    assert done == ["at once"] and background.dropped == 2
    assert isinstance(background.error, ZeroDivisionError)


# ---------------------------------------------------------------- keys, on a terminal


class Console:
    """The command on a terminal of its own."""

    def __init__(self, *argv: str) -> None:
        self._master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            [sys.executable, "-c", ATTACH, sys.executable, "-m", "dap_stream", "live", *argv],
            stdin=self.slave, stdout=subprocess.PIPE, stderr=self.slave, start_new_session=True,
        )  # fmt: skip
        self.seen = ""

    def until(self, pattern: str) -> None:
        """Read until it is there, in what came since the last time."""
        end = time.monotonic() + PATIENCE_S
        while not (found := re.search(pattern, self.seen)):
            assert time.monotonic() < end and self._more(), f"{pattern} is not in {self.seen!r}"
        self.seen = self.seen[found.end() :]

    def _more(self) -> bool:
        if select.select([self._master], [], [], 0.1)[0]:
            self.seen += os.read(self._master, 65536).decode()
            return True
        return self.process.poll() is None

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def end(self) -> bytes:
        """Standard output; the terminal is read, so that nobody waits for it."""
        while self.process.poll() is None:
            self._more()
        assert self.process.stdout is not None
        return self.process.stdout.read()

    def until_is_as_before(self, wanted: bool) -> None:
        end = time.monotonic() + PATIENCE_S
        while self.is_as_before() != wanted:
            self._more()
            assert time.monotonic() < end

    def is_as_before(self) -> bool:
        return termios.tcgetattr(self.slave) == self.before


# A new session has no terminal yet; then the command in the place of this.
ATTACH = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


@contextlib.contextmanager
def console(*argv: str) -> Iterator[Console]:
    opened = Console(*argv)
    try:
        yield opened
    finally:
        opened.process.kill()
        opened.process.communicate()
        os.close(opened.slave)
        os.close(opened._master)


SIMULATE = ("--simulate", "a.wav", "b.wav", "--real-time", "--json")


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(dap_stream.__file__).parents[1]))
    monkeypatch.setenv("TERM", "xterm")


def test_every_key_on_a_terminal() -> None:
    write(Path("a.wav"), sound(60.0))
    with console(*SIMULATE, "--save-profile", "p.npz", "--record", "r.wav") as it:
        it.until(re.escape(HELP))
        it.until(r"load .* REC")
        assert not it.is_as_before(), "keys come one by one"
        for keys, pattern in (
            ("b", "BYPASS"),
            ("-", "wet 90%"),
            ("+", "wet 100%"),
            ("[[", "-22 dB"),
            ("]", "-23 dB"),
            ("f", "BYPASS FROZEN"),
            ("bf", "-23 dB REC"),
            ("?", re.escape(HELP)),
            ("s", "profile saved as p.npz"),
            ("r", "reset: all that was learned is forgotten"),
        ):
            it.press(keys)
            it.until(pattern)
        assert load_profile("p.npz").window_ms == 32.0
        it.until("fit")  # learning goes on after the reset
        it.press("q")
        told = json.loads(it.end())
        assert it.process.returncode == 0 and it.is_as_before()
    n_samples = read(Path("b.wav")).shape[1]
    assert 0 < n_samples < 60 * 16000 and told["error"] is None
    assert told["recorded_s"] * 16000 >= n_samples


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_signals_end_it_and_the_terminal_is_as_before(number: signal.Signals, status: int) -> None:
    write(Path("a.wav"), sound(60.0))
    with console(*SIMULATE, "--set", "generator=classical", "--record", "r.wav") as it:
        it.until("REC")
        if number == signal.SIGINT:
            it.press("\x03")  # as a terminal sends it
        else:
            it.process.send_signal(number)
        told = json.loads(it.end())
        assert it.process.returncode == status and it.is_as_before()
    assert told["recorded_s"] > 0 and read(Path("r.wav")).shape == read(Path("r_dry.wav")).shape
    assert read(Path("b.wav")).shape[1] > 0


def test_ctrl_z_and_fg() -> None:
    """While it is stopped the terminal is the shell's; after that the keys are ours again."""
    write(Path("a.wav"), sound(60.0))
    with console(*SIMULATE, "--set", "generator=classical") as it:
        it.until("load")
        # Nobody stops a group without a shell; what we do before and after that is the same.
        it.process.send_signal(signal.SIGTSTP)
        it.until_is_as_before(True)
        it.process.send_signal(signal.SIGCONT)
        it.until_is_as_before(False)
        it.press("b")
        it.until("BYPASS")
        it.press("q")
        it.end()
        assert it.process.returncode == 0 and it.is_as_before()


def test_an_error_in_the_middle_leaves_the_terminal_as_it_was() -> None:
    write(Path("a.wav"), sound(60.0))
    with console(*SIMULATE, "--set", "generator=classical") as it:
        it.until("load")
        Path("a.wav").write_bytes(Path("a.wav").read_bytes()[:60000])  # the file ends all of a sudden
        it.until("error: a.wav: damaged or truncated")
        it.end()
        assert it.process.returncode == 1 and it.is_as_before()
    assert not Path("b.wav").exists()
