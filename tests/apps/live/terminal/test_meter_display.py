"""The two lines of `dap-stream live`."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import pytest

from dap_stream.apps.live.live_chain import StreamStatus
from dap_stream.apps.live.terminal.meter_display import MeterDisplay, bar, lines

NOW = StreamStatus(
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


def test_the_display_goes_away_for_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    file = Terminal()
    display = MeterDisplay(file=file)
    display.draw(NOW)
    display.say("hello")
    assert file.getvalue().count("\n") == 2 and file.getvalue().endswith("\r\x1b[Jdap-stream: hello\n")
    assert all(len(line) < 90 for line in file.getvalue().split("\n"))


def test_a_dumb_terminal_gets_one_line_without_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    file = Terminal()
    display = MeterDisplay(file=file)
    display.draw(NOW)
    display.draw(replace(NOW, late_blocks=4))
    assert "\x1b" not in file.getvalue() and "\n" not in file.getvalue() and "late 4" in file.getvalue()


def test_no_terminal_no_display() -> None:
    file = io.StringIO()
    MeterDisplay(file=file).draw(NOW)
    assert not file.getvalue() and not MeterDisplay(False, Terminal()).is_shown
