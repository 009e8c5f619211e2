"""Kernels that find equal samples, each against a plain twin."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dap_stream.dsp.exact_runs import KEY, constant_runs, repeated_runs


def constant_runs_of(x: np.ndarray, shortest: int) -> list[tuple[int, int]]:
    edges = [0, *(i for i in range(1, len(x)) if x[i] != x[i - 1]), len(x)]
    return [(a, b) for a, b in itertools.pairwise(edges) if b - a >= max(shortest, 1)]


def repeated_runs_of(x: np.ndarray, shortest: int, longest: int) -> set[tuple[int, int, int]]:
    """All of any lag."""
    found = set()
    for lag in range(shortest, longest + 1):
        start = None
        for i in range(lag, len(x) + 1):
            is_equal = i < len(x) and x[i] == x[i - lag]
            if is_equal and start is None:
                start = i
            elif not is_equal and start is not None:
                if i - start >= lag:
                    found.add((start, i, lag))
                start = None
    return found


@given(
    x=st.lists(st.sampled_from([0.0, -0.0, 1.0, 0.5]), min_size=1, max_size=60), shortest=st.integers(1, 9)
)
@settings(max_examples=100, deadline=None)
def test_constant_runs_are_those_of_the_twin(x: list[float], shortest: int) -> None:
    audio, out = np.array(x), np.zeros((60, 2), np.int64)
    count = constant_runs(audio, shortest, out)
    assert [tuple(row) for row in out[:count].tolist()] == constant_runs_of(audio, shortest)


def test_there_are_no_more_runs_than_there_is_room_for() -> None:
    out = np.zeros((2, 2), np.int64)
    assert constant_runs(np.repeat(np.arange(9.0), 3), 3, out) == 2
    assert out.tolist() == [[0, 3], [3, 6]]


@given(
    lag=st.integers(KEY, 40),
    times=st.integers(1, 3),
    before=st.integers(0, 30),
    after=st.integers(0, 30),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_repeated_runs_are_those_of_the_twin(
    lag: int, times: int, before: int, after: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    buffer = rng.standard_normal(lag)
    x = np.concatenate((rng.standard_normal(before), np.tile(buffer, times + 1), rng.standard_normal(after)))
    out = np.zeros((9, 3), np.int64)
    count = repeated_runs(x, x.view(np.int64), KEY, 40, out)
    found = {tuple(row) for row in out[:count].tolist()}
    assert found == {(before + lag, before + lag * (times + 1), lag)}
    assert found <= repeated_runs_of(x, KEY, 40)


def test_a_constant_repeats_nothing() -> None:
    x, out = np.zeros(1000), np.zeros((9, 3), np.int64)
    assert repeated_runs(x, x.view(np.int64), 8, 100, out) == 0
