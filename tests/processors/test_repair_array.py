"""`dap_stream.repair`: an array to an array, and what was found in it."""

from __future__ import annotations

import numpy as np
import pytest
from fake_repairs import fake_repair, silent_repair

import dap_stream
from dap_stream import Finding
from dap_stream.errors import SettingError
from dap_stream.processors.repairs import USUAL

ALL = (*USUAL, "bandwidth")


@pytest.fixture(autouse=True)
def _fake(monkeypatch: pytest.MonkeyPatch) -> None:
    silent_repair(monkeypatch, *ALL)
    fake_repair(monkeypatch, "clicks")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_only_what_was_found_is_changed(dtype: type, rng: np.random.Generator) -> None:
    audio: np.ndarray = (0.2 * rng.standard_normal((2, 5000))).clip(-0.8, 0.8).astype(dtype)
    audio[1, 700:702] = 0.95
    repaired, found = dap_stream.repair(audio, 16000)
    assert repaired.dtype == dtype and found == (Finding("clicks", 700, 2, 1, "2 loud samples"),)
    expected = audio.copy()
    expected[1, 700:702] /= 2
    np.testing.assert_array_equal(repaired, expected)


def test_shape_integers_and_no_samples() -> None:
    audio = np.zeros(3000, np.int16)
    audio[5] = 32000
    repaired, found = dap_stream.repair(audio, 8000, ["clicks", "hum"])
    assert repaired.shape == (3000,) and repaired.dtype == np.float32
    assert repaired[5] == np.float32(16000 / 32768) and len(found) == 1
    empty, none = dap_stream.repair(np.zeros((2, 0), np.float32), 8000)
    assert empty.shape == (2, 0) and none == ()


def test_what_is_no_number_is_silence() -> None:
    audio = np.full(100, np.nan, np.float32)
    assert not dap_stream.repair(audio, 8000).audio.any() and np.isnan(audio).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kinds": ["humm"]}, "no repair of 'humm'; did you mean 'hum'"),
        ({"kinds": "hum"}, r"kinds='hum' must be a list of them, \['hum'\]"),
        ({"kinds": []}, "nothing is to be repaired"),
        ({"kinds": ["hum"], "settings": {"declick.sensitivity": 2.0}}, "declick is not in the chain"),
        ({"sample_rate": 10}, "sample_rate=10 Hz must be in"),
    ],
)
def test_what_cannot_be(options: dict[str, object], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        dap_stream.repair(np.zeros(100), **{"sample_rate": 8000, **options})  # type: ignore[arg-type]
