"""The repair of clicks: the contract, what is found, and what is left alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dap_stream.core.contract import CHECKS, Contract
from dap_stream.processors.declick.declick import Declick
from dap_stream.processors.declick.settings import DeclickSettings


def clicks_in(audio: np.ndarray, every: int, size: float) -> np.ndarray:
    damaged = audio.copy()
    damaged[:, every // 2 :: every] += np.float32(size)
    return damaged


def whole(audio: np.ndarray) -> np.ndarray:
    """All of it as one buffer, the delay taken off."""
    processor = Declick(8000, len(audio))
    out = np.concatenate((processor.process(audio), processor.flush()), axis=1)
    return out[:, processor.latency :]


class _Clicky(Contract):
    def signal(self, rng: np.random.Generator) -> np.ndarray:
        return clicks_in(0.02 * super().signal(rng), 701, 0.8)


CONTRACT = _Clicky(
    make=lambda: Declick(8000, 2),
    offline=whole,
    make_unity=lambda: Declick(8000, 2, DeclickSettings(sensitivity=0.1)),
    channels=2,
    n_samples=6007,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Callable[[Contract, np.random.Generator], None], rng: np.random.Generator) -> None:
    check(CONTRACT, rng)


@pytest.mark.parametrize("sample_rate", [8000, 48000, 384000])
def test_clicks_in_tones_are_found_and_gone(sample_rate: int, rng: np.random.Generator) -> None:
    time = np.arange(sample_rate // 2) / sample_rate
    tones = 0.2 * np.sin(2 * np.pi * 440 * time) + 0.1 * np.sin(2 * np.pi * 1250 * time)
    clean = (tones + 1e-3 * rng.standard_normal(len(time)))[None]
    damaged = clicks_in(clean, sample_rate // 10, 0.3)
    processor = Declick(sample_rate)
    out = np.concatenate((processor.process(damaged), processor.flush()), axis=1)[:, processor.latency :]
    changed = np.flatnonzero(out[0] != damaged[0])
    where = np.flatnonzero(clean[0] != damaged[0])
    assert set(where) <= set(changed) and len(changed) < 4 * len(where)
    np.testing.assert_allclose(out, clean, rtol=0, atol=0.01)
    found = list(processor.findings)
    assert len(found) == len(where) == 5
    assert all(each.start <= at < each.end for each, at in zip(found, where, strict=True))
    assert found[0].text.startswith("click, ") and found[0].text.endswith(" ms")
