"""The rules against plain twins that look at everything again each time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dap_stream.apps.study.early_stopping import Minimum, MovingVariance

Values = st.lists(st.floats(-10.0, 10.0) | st.sampled_from([0.0, 1.0, math.nan]), max_size=60)


def slow_minimum(values: list[float], patience: int, relative: float) -> tuple[int | None, float, int | None]:
    """Of all values up to each moment: where is the first smallest, and is it too long ago?"""
    for now in range(1, len(values) + 1):
        known = [value for value in values[:now] if not math.isnan(value)]
        if known:
            best = values.index(min(known)) + 1
            if now > best and now - best >= max(patience, relative * best):
                return best, min(known), now
    known = [value for value in values if not math.isnan(value)]
    return (values.index(min(known)) + 1, min(known), None) if known else (None, math.inf, None)


@given(Values, st.integers(1, 20), st.sampled_from([0.0, 0.5, 1.0]))
def test_minimum_is_that_of_its_twin(values: list[float], patience: int, relative: float) -> None:
    rule = Minimum(patience, relative)
    smallest = [i for i, value in enumerate(values, 1) if rule.offer(i, value)]
    assert (rule.iteration, rule.value, rule.stopped_at) == slow_minimum(values, patience, relative)
    assert (smallest[-1] if smallest else None) == rule.iteration


@given(Values, st.integers(0, 60))
def test_minimum_goes_on_from_its_state(values: list[float], cut: int) -> None:
    whole, first, second = Minimum(5, 1.0), Minimum(5, 1.0), Minimum(5, 1.0)
    for i, value in enumerate(values, 1):
        whole.offer(i, value)
        (first if i <= cut else second).offer(i, value)
        if i == cut:
            second.restore(first.state())
    assert (second if len(values) > cut > 0 else whole).state() == whole.state()


def test_what_comes_after_the_stop_does_not_count() -> None:
    rule = Minimum(50, 1.0)
    for iteration in range(10, 1010, 10):
        rule.offer(iteration, 1.0 / iteration if iteration in {*range(110), 210} else 2.0)
    assert (rule.iteration, rule.stopped_at) == (100, 200)


@pytest.mark.parametrize("level", [0.0, 20.0])
@pytest.mark.parametrize("window", [1, 2, 7])
def test_variance_is_that_of_its_twin(level: float, window: int, rng: np.random.Generator) -> None:
    images = (level + rng.standard_normal((30, 21, 33))).astype(np.float32)
    rule = MovingVariance((21, 33), window)
    for now, image in enumerate(images, 1):
        found = rule.push(image)
        if now < window:
            assert found is None and rule.value is None
        else:
            wanted = images[now - window : now, ::4, ::4].astype(np.float64).var(axis=0).mean()
            assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12) and rule.value == found


def test_variance_goes_on_from_its_state(rng: np.random.Generator) -> None:
    images = rng.standard_normal((40, 9, 17)).astype(np.float32)
    whole, first, second = (MovingVariance((9, 17), 10) for _ in range(3))
    wanted = [whole.push(image) for image in images]
    found = [first.push(image) for image in images[:23]]
    second.restore(first.state())
    first.push(images[0])  # what was handed over must not change any more
    assert found + [second.push(image) for image in images[23:]] == wanted


def test_variance_of_large_images_takes_little_memory() -> None:
    rule = MovingVariance((5000, 2000))
    rule.push(np.zeros((5000, 2000), np.float32))
    assert rule.state()["last"].nbytes <= 7e6


def test_variance_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="must be"):
        MovingVariance((9, 17), 10).restore(MovingVariance((9, 17), 11).state())
