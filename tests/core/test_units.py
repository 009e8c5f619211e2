from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dap_stream.core import units


@given(st.floats(-200.0, 200.0))
def test_db_and_gain_are_inverse(db: float) -> None:
    assert units.gain_to_db(units.db_to_gain(db)) == pytest.approx(db, abs=1e-9)


def test_db_at_known_points() -> None:
    assert units.db_to_gain(20.0) == 10.0
    assert units.power_to_db(100.0) == 20.0
    assert units.db_to_gain(-math.inf) == 0.0
    assert units.gain_to_db(0.0) == units.power_to_db(0.0) == -math.inf


@given(st.integers(0, 10**9), st.sampled_from([8000, 11025, 37800, 44100, 48000, 384000]))
def test_times_and_samples_are_inverse(n_samples: int, sample_rate: int) -> None:
    assert (
        units.seconds_to_samples(units.samples_to_seconds(n_samples, sample_rate), sample_rate) == n_samples
    )
    assert units.ms_to_samples(units.samples_to_ms(n_samples, sample_rate), sample_rate) == n_samples


@pytest.mark.parametrize(
    ("seconds", "decimals", "text"),
    [
        (0, 0, "0:00"),
        (59.99, 1, "1:00.0"),
        (3599.6, 0, "1:00:00"),
        (3661.25, 2, "1:01:01.25"),
        (-1.5, 1, "-0:01.5"),
        (-0.01, 0, "0:00"),
    ],
)
def test_format_seconds(seconds: float, decimals: int, text: str) -> None:
    assert units.format_seconds(seconds, decimals) == text


@given(st.integers(0, 10**8))
def test_parse_seconds_reads_what_format_seconds_writes(ms: int) -> None:
    assert units.parse_seconds(units.format_seconds(ms / 1000, 3)) == pytest.approx(ms / 1000)


@pytest.mark.parametrize("text", ["", "x", "-1", "1:60", "1:2:3:4", "1.5:00", "1e3", "nan", "1::2"])
def test_parse_seconds_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="time"):
        units.parse_seconds(text)
