from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dap_stream.core.array_types import Audio
from dap_stream.core.contract import CHECKS, Contract, stream
from dap_stream.core.processors import Bypass, Chain, Delay
from dap_stream.errors import SettingError

CONTRACTS = {
    "bypass": Contract(lambda: Bypass(2), offline=np.copy, channels=2),
    "delay 0": Contract(lambda: Delay(0), offline=np.copy),
    "delay 1": Contract(lambda: Delay(1), offline=np.copy, dtype=np.float64),
    "delay 64": Contract(lambda: Delay(64, 3), offline=np.copy, channels=3),
    "delay 997": Contract(lambda: Delay(997), offline=np.copy),
    "delay longer than the audio": Contract(lambda: Delay(30000), offline=np.copy),
    "chain of doubles": Contract(
        lambda: Chain([Bypass(), Delay(100), Bypass()]), offline=np.copy, dtype=np.float64
    ),
    "chain": Contract(lambda: Chain([Delay(5, 2), Bypass(2), Delay(64, 2)]), offline=np.copy, channels=2),
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", CONTRACTS)
def test_contract(
    name: str, check: Callable[[Contract, np.random.Generator], None], rng: np.random.Generator
) -> None:
    check(CONTRACTS[name], rng)


class ResetsFirst(Delay):
    def flush(self) -> Audio:
        self.reset()
        return super().flush()


class DoesNotReset(Delay):
    def flush(self) -> Audio:
        return self.process(np.ones((self._channels, self.latency), dtype=np.float32))


class ForgetsToForget(Delay):
    def reset(self) -> None:
        self._state.position = 0


class PadsOddBuffers(Delay):
    def process(self, buffer: Audio) -> Audio:
        return super().process(np.pad(buffer, ((0, 0), (0, buffer.shape[1] % 2))))[:, : buffer.shape[1]]


class LooksAtTheBuffer(Delay):
    def process(self, buffer: Audio) -> Audio:
        return super().process(buffer) * buffer.dtype.type(0.5 if buffer.shape[1] == 65 else 1.0)


@pytest.mark.parametrize(
    ("kind", "finder"),
    [
        (ResetsFirst, "pure_delay"),
        (DoesNotReset, "reuse"),
        (ForgetsToForget, "mid_reset"),
        (PadsOddBuffers, "buffer_size"),
        (LooksAtTheBuffer, "buffer_size"),
    ],
)
def test_the_contract_finds_what_is_broken(kind: type[Delay], finder: str, rng: np.random.Generator) -> None:
    (check,) = (each for each in CHECKS if each.__name__ == finder)
    with pytest.raises((AssertionError, SettingError)):
        check(Contract(lambda: kind(64), offline=np.copy), rng)


@given(
    latency=st.integers(0, 40),
    channels=st.integers(1, 4),
    sizes=st.lists(st.integers(0, 50), max_size=12),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_delay_loses_no_sample(
    latency: int, channels: int, sizes: list[int], dtype: type[np.float32 | np.float64]
) -> None:
    ramp = np.arange(1.0, channels * sum(sizes) + 1).reshape(channels, sum(sizes)) / 3
    audio: Audio = ramp.astype(dtype)
    delay = Delay(latency, channels)
    pieces = (
        [delay.process(buffer) for buffer in np.split(audio, np.cumsum(sizes)[:-1], axis=1)] if sizes else []
    )
    out = np.concatenate((*pieces, delay.flush()), axis=1)
    np.testing.assert_array_equal(out, np.pad(audio, ((0, 0), (latency, 0))))


def test_delay_takes_no_memory_but_its_output() -> None:
    delay = Delay(100)
    line = delay._state.line
    for size in (1, 50, 99, 100, 101, 1000):
        delay.process(np.ones((1, size), np.float32))
    assert delay._state.line is line


def test_chain_feeds_each_tail_through_what_follows(rng: np.random.Generator) -> None:
    audio = rng.standard_normal((1, 50)).astype(np.float32)
    chain = Chain([Delay(3), Delay(20), Delay(7)])
    assert chain.latency == 30
    np.testing.assert_array_equal(stream(chain, audio, 13)[:, 30:], audio)


def test_nonsense_is_refused() -> None:
    with pytest.raises(SettingError, match="latency=-1"):
        Delay(-1)
    with pytest.raises(SettingError, match="at least one"):
        Chain([])
    with pytest.raises(SettingError, match=r"\(2, 8\) must be \[channels=1, samples\]"):
        Delay(4).process(np.zeros((2, 8), np.float32))
