"""The keys of `dap-stream live` on a terminal of its own, which is as it was before whatever happens."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from recordings import read, sound, write

import dap_stream
from dap_stream.apps.live.terminal.key_bindings import HELP
from dap_stream.io.profile_file import load_profile

PATIENCE_S = 120.0


class Console:
    """The command on a terminal of its own."""

    def __init__(self, *argv: str) -> None:
        self._master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            [sys.executable, "-c", ATTACH, sys.executable, "-m", "dap_stream", "live", *argv],
            stdin=self.slave, stdout=subprocess.PIPE, stderr=self.slave, start_new_session=True,
        )  # fmt: skip
        self.seen = self.all = ""  # what came since the last time, and since the start

    def until(self, pattern: str) -> None:
        """Read until it is there, in what came since the last time."""
        end = time.monotonic() + PATIENCE_S
        while not (match := re.search(pattern, self.seen)):
            assert time.monotonic() < end and self._more(), f"{pattern} is not in {self.seen!r}"
        self.seen = self.seen[match.end() :]

    def _more(self) -> bool:
        if select.select([self._master], [], [], 0.1)[0]:
            text = os.read(self._master, 65536).decode()
            self.seen += text
            self.all += text
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
            ("[[", "-28 dB"),
            ("]", "-29 dB"),
            ("f", "BYPASS FROZEN"),
            ("bf", "-29 dB REC"),
            ("?", re.escape(HELP)),
            ("s", "profile saved as p.npz"),
            ("r", "reset: all that was learned is forgotten"),
        ):
            it.press(keys)
            it.until(pattern)
        assert load_profile("p.npz").window_ms == 32.0
        it.until("fit")  # learning goes on after the reset
        it.press("q")
        report = json.loads(it.end())
        assert it.process.returncode == 0 and it.is_as_before()
    n_samples = read(Path("b.wav")).shape[1]
    assert 0 < n_samples < 60 * 16000 and report["error"] is None
    assert report["recorded_s"] * 16000 >= n_samples


def test_keys_that_come_as_sequences_do_nothing() -> None:
    """An arrow ends in a letter, and every sequence begins with a bracket or an O: see `KeyParser`."""
    write(Path("a.wav"), sound(60.0))
    with console(*SIMULATE) as it:
        it.until("load")
        for pressed in ("\x1b[B", "\x1bOB", "\x1b", "[B", "\x1b[15~", "\x1bb", "\x1b[200~brr\x1b[201~"):
            it.press(pressed)
            time.sleep(0.05)  # the sequence that comes in two parts is read in two
        it.press("f")
        it.until("wet 100% -30 dB FROZEN")
        it.press("q")
        it.end()
        assert it.process.returncode == 0
    assert "BYPASS" not in it.all and "reset" not in it.all.replace(HELP, "")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_signals_end_it_and_the_terminal_is_as_before(number: signal.Signals, status: int) -> None:
    write(Path("a.wav"), sound(60.0))
    with console(*SIMULATE, "--set", "generator=classical", "--record", "r.wav") as it:
        it.until("REC")
        if number == signal.SIGINT:
            it.press("\x03")  # as a terminal sends it
        else:
            it.process.send_signal(number)
        report = json.loads(it.end())
        assert it.process.returncode == status and it.is_as_before()
    assert report["recorded_s"] > 0 and read(Path("r.wav")).shape == read(Path("r_dry.wav")).shape
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
