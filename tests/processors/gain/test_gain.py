"""The gain keeps the contract and its decibels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dap_stream.core.contract import CHECKS, Contract
from dap_stream.processors.gain.gain import Gain
from dap_stream.processors.gain.settings import GainSettings

CONTRACT = Contract(
    make=lambda: Gain(8000, 2, GainSettings(6.0)),
    offline=lambda audio: audio * np.float32(10**0.3),
    make_unity=lambda: Gain(8000, 2),
    channels=2,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Callable[[Contract, np.random.Generator], None], rng: np.random.Generator) -> None:
    check(CONTRACT, rng)


def test_doubles_stay_doubles_and_nothing_that_is_no_sound_gets_through() -> None:
    audio = np.array([[0.25, np.nan, -0.5], [np.inf, 0.0, 1.0]])
    out = Gain(8000, 2, GainSettings(-20.0)).process(audio)
    assert out.dtype == np.float64
    np.testing.assert_allclose(out, [[0.025, 0.0, -0.05], [0.0, 0.0, 0.1]])
