"""What is told of a live session, as JSON that any program can read."""

from __future__ import annotations

import json
import math

from live_chains import FORMAT, live_settings

from dap_stream.apps.live.report import SessionReport
from dap_stream.processors.denoise.model import BlockRecord
from dap_stream.realtime.duplex_buffer import Counts
from dap_stream.realtime.watchdog import Latency
from dap_stream.report.json_text import json_line

COUNTS = Counts(100, 6400, 1, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0)


def report(**changes: object) -> SessionReport:
    settings = live_settings(reduction_db=24.0)
    values = {
        "source": "in", "target": "out", "stream": FORMAT, "block_size": 64, "settings": settings,
        "chain": settings.chain, "latency": Latency(768, 192, 0, 0, FORMAT.sample_rate), "counts": COUNTS,
        "load_median": 0.02, "load_p999": 0.1, "load_max": 0.2, "history": (), "dropped_fits": 0,
        "reconnects": 0, "recorded_s": None, "recordings": (), "unrecorded_samples": 0, "profile": None,
        "error": None, "is_inline": False,
    }  # fmt: skip
    return SessionReport(**{**values, **changes})  # type: ignore[arg-type]


def test_a_loss_of_silence_is_null() -> None:
    """NaN is no JSON: it was written as NaN once, which most readers refuse."""
    history = (BlockRecord(0.0, math.nan, 0), BlockRecord(1.0, 1.25, 12))
    line = json_line(report(history=history).as_json())
    assert json.loads(line, parse_constant=lambda name: name)["history"] == [
        {"start_s": 0.0, "loss": None, "steps": 0},
        {"start_s": 1.0, "loss": 1.25, "steps": 12},
    ]


def test_settings_are_told_as_settings_only() -> None:
    """The limit of the reduction is not what was removed."""
    values = report().as_json()
    settings = values.pop("settings")
    assert settings == report().chain.as_dict()
    assert "24.0" not in json_line(values) and "24" not in report().as_text()


def test_the_text_says_what_was_late_recorded_and_kept() -> None:
    assert report().as_text() == "live: 0:00.4, 1 of 100 blocks late, 0 ms lost, load 2 % (99.9 %: 10 %)"
    full = report(
        reconnects=2, recordings=("r.wav", "r_dry.wav"), recorded_s=0.3, profile="p.npz", is_inline=True
    )
    assert full.as_text().endswith("load 2 %, 2 reconnected, 0:00.3 in r.wav and r_dry.wav, profile in p.npz")
