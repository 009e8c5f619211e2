from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

from dap_stream.errors import SettingError
from dap_stream.processors.denoise.settings import DenoiseSettings


def test_defaults_are_allowed_and_described() -> None:
    settings = DenoiseSettings()
    for item in fields(settings):
        assert item.metadata["text"], f"{item.name} needs a meaning"
        assert ("allowed" in item.metadata) or item.metadata["low"] < item.metadata["high"]


def test_settings_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        DenoiseSettings().wet = 0.5  # type: ignore[misc]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"reduction_db": -1.0}, r"reduction_db=-1.0 must be a number in 0\.\.60 dB"),
        ({"reduction_db": 60.5}, "reduction_db=60.5"),
        ({"wet": 1.01}, r"wet=1.01 must be a number in 0\.\.1$"),
        ({"wet": math.nan}, "wet=nan"),
        ({"wet": "1"}, "wet='1'"),
        ({"wet": True}, "wet=True"),
        ({"passes": 3}, "passes=3 must be one of 1, 2"),
        ({"passes": True}, "passes=True must be one of"),
        ({"passes": 2.0}, "passes=2.0 must be one of"),
        ({"steps": -1}, "steps=-1 must be a whole number"),
        ({"steps": 1.5}, "steps=1.5 must be a whole number"),
        ({"seed": 2**31}, "seed=2147483648"),
        ({"linked": 1}, "linked=1 must be one of True, False"),
        (
            {"generator": "gan"},
            "generator='gan' must be one of band, context, dcgan, skip, decoder, classical",
        ),
        ({"device": "tpu"}, "device='tpu' must be one of auto, cpu, cuda"),
        ({"window_ms": math.inf}, "window_ms=inf"),
        ({"generator": "dcgan", "linked": False}, "generator=dcgan fits all channels as one; linked"),
        ({"generator": "skip", "steps": 0}, "generator=skip knows only what it learned; steps"),
    ],
)
def test_nonsense_is_refused_with_name_value_and_limit(values: dict[str, object], text: str) -> None:
    with pytest.raises(SettingError, match=text):
        DenoiseSettings(**values)  # type: ignore[arg-type]


def test_limits_themselves_are_allowed() -> None:
    for item in fields(DenoiseSettings):
        for value in item.metadata.get("allowed", (item.metadata.get("low"), item.metadata.get("high"))):
            assert getattr(DenoiseSettings(**{item.name: value}), item.name) == value


def test_numbers_out_of_an_array_are_numbers() -> None:
    assert DenoiseSettings(reduction_db=np.float32(12.0), steps=np.int64(3)) == DenoiseSettings(  # type: ignore[arg-type]
        reduction_db=12.0, steps=3
    )
    with pytest.raises(SettingError, match="steps=-3 must be a whole number"):
        DenoiseSettings(steps=np.int64(-3))  # type: ignore[arg-type]


def test_what_is_left_to_the_method_depends_on_the_use_and_on_nothing_else() -> None:
    assert DenoiseSettings().for_files().window_ms == 48.0
    assert DenoiseSettings().for_live().window_ms == 32.0
    assert DenoiseSettings(window_ms=20.0).for_live().window_ms == 20.0
    assert DenoiseSettings(generator="dcgan").for_files().passes == 1
    with pytest.raises(SettingError, match="dcgan cannot work live; choose band or context or classical"):
        DenoiseSettings(generator="dcgan").for_live()
