"""The streaming shell with estimators that say what they want: alignment, low cut, wet, meter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dap_stream.core.array_types import F32
from dap_stream.core.arrays import process_array
from dap_stream.core.contract import CHECKS, Contract
from dap_stream.core.stream_format import StreamFormat
from dap_stream.dsp.stft import StftSpec
from dap_stream.errors import SettingError
from dap_stream.processors.spectral import SpectralProcessor

SPEC = StftSpec(256)


class Fixed:
    """The same gain always, ``delay`` frames late."""

    def __init__(self, gain: float, delay: int = 0) -> None:
        self.gain, self.delay = gain, delay

    def advance(self, log_observed: F32, power: F32) -> F32:
        return np.full_like(power, self.gain)


class Counting(Fixed):
    """Its gain says how many frames it has seen: whatever is kept from an old stream shows."""

    def __init__(self, delay: int) -> None:
        super().__init__(1.0, delay)
        self._n_frames = 0

    def advance(self, log_observed: F32, power: F32) -> F32:
        numbers = self._n_frames + np.arange(power.shape[1], dtype=np.float32)
        self._n_frames += power.shape[1]
        return np.broadcast_to((1.0 / (1.0 + numbers))[None, :, None], power.shape).astype(np.float32)


def make(estimator: Callable[[], Fixed], frames: int, **options: object) -> SpectralProcessor:
    return SpectralProcessor(StreamFormat(8000, 2), SPEC, estimator, frames, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("frames", [1, 5])
@pytest.mark.parametrize("delay", [0, 3])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(
    check: Callable[[Contract, np.random.Generator], None],
    frames: int,
    delay: int,
    rng: np.random.Generator,
) -> None:
    contract = Contract(
        make=lambda: make(lambda: Counting(delay), frames),
        offline=lambda audio: process_array(make(lambda: Counting(delay), frames), audio),
        make_unity=lambda: make(lambda: Fixed(1.0, delay), frames),
        channels=2,
        n_samples=5011,
        buffer_sizes=(1, 17, 64, 65, 8193) if check.__name__ == "buffer_size" else (17, 64, 8193),
        tolerance=1e-6,
    )
    check(contract, rng)


def test_wet_static_gain_and_meter(rng: np.random.Generator) -> None:
    audio = rng.uniform(-0.5, 0.5, (2, 4000)).astype(np.float32)
    processor = make(lambda: Fixed(0.5), 1, wet=0.5, static_gain=np.full(SPEC.n_bins, 0.5, np.float32))
    np.testing.assert_allclose(process_array(processor, audio), (0.5 + 0.5 * 0.25) * audio, atol=1e-6)
    processor.process(audio)
    assert processor.attenuation_db == pytest.approx(12.04, abs=0.01)
    for value in (-0.1, 1.1, float("nan"), True):
        with pytest.raises(SettingError, match="wet="):
            processor.wet = value
    assert processor.wet == 0.5
