"""The five tests that every processor passes, on one of your own: a limiter that looks ahead.

Run it as it is, or with pytest. The tests want a twin without state, which sees the whole sound at once, and
a processor whose gain is 1: here one with a ceiling that nothing reaches.
"""

import numpy as np

from dap_stream import Audio
from dap_stream.core.contract import CHECKS, Contract


class Limiter:
    """Makes softer what comes within ``latency`` samples of a sample beyond ``ceiling``."""

    latency = 64
    waiting: Audio

    def __init__(self, ceiling: float) -> None:
        self.ceiling = ceiling
        self.reset()

    def process(self, buffer: Audio) -> Audio:
        joined = np.concatenate((self.waiting, buffer), axis=1)
        self.waiting = joined[:, buffer.shape[1] :]
        loudest = [np.abs(joined[:, i : i + self.latency + 1]).max() for i in range(buffer.shape[1])]
        gain = np.minimum(1.0, self.ceiling / np.maximum(loudest, 1e-9))
        return np.asarray(joined[:, : len(gain)] * gain, buffer.dtype)

    def flush(self) -> Audio:
        tail = self.process(np.zeros((1, self.latency), np.float32))  # first the tail,
        self.reset()  # then as new
        return tail

    def reset(self) -> None:
        self.waiting = np.zeros((1, self.latency), np.float32)


def offline(audio: Audio) -> Audio:  # for a ceiling of 0.5
    loudest = [np.abs(audio[0, i : i + 65]).max() for i in range(audio.shape[1])]
    return np.asarray(audio * [min(1.0, 0.5 / each) for each in loudest])


def test_the_limiter_keeps_the_contract() -> None:
    twin = Contract(lambda: Limiter(0.5), offline, lambda: Limiter(1.0), n_samples=4001, tolerance=1e-7)
    for check in CHECKS:
        check(twin, np.random.default_rng(0))
        print(f"{check.__name__}: passed")


if __name__ == "__main__":
    test_the_limiter_keeps_the_contract()
