"""All that a user can choose about the method: one frozen dataclass that refuses nonsense when built."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from dap_stream.errors import SettingError

GENERATORS = ("context", "dcgan", "skip", "decoder", "classical")
TWO_PASS_GENERATORS = ("context",)  # the others learn block by block, or nothing
DEEP_PRIORS = ("dcgan", "skip", "decoder")  # what they predict they must have been fitted to
DEVICES = ("auto", "cpu", "cuda")


def _number(default: float | None, low: float, high: float, unit: str, text: str) -> Any:
    return field(default=default, metadata={"low": low, "high": high, "unit": unit, "text": text})


def _choice(default: Any, allowed: tuple[Any, ...], text: str) -> Any:
    return field(default=default, metadata={"allowed": allowed, "text": text})


@dataclass(frozen=True)
class Settings:
    """What the method does. Every field has its range, unit and meaning in its metadata."""

    generator: str = _choice(
        "context", GENERATORS, "what predicts the sound: the default, a deep prior (3 kinds), no network"
    )
    passes: int = _choice(2, (1, 2), "2: learn from the whole recording first; 1: learn while it streams")
    reduction_db: float = _number(24.0, 0.0, 60.0, "dB", "largest attenuation of any bin; more removes more")
    wet: float = _number(1.0, 0.0, 1.0, "", "1: processed only, 0: the input itself")
    low_cut_hz: float = _number(60.0, 0.0, 500.0, "Hz", "rumble below this is taken away; 0: nothing is")
    window_ms: float = _number(48.0, 4.0, 128.0, "ms", "longer separates tones better and smears onsets more")
    block_s: float = _number(1.0, 0.1, 10.0, "s", "fitted and processed at once; shorter lowers the latency")
    noise_s: float = _number(8.0, 0.5, 60.0, "s", "span to find the noise in; longer spares held tones")
    lookahead: int = _choice(
        1, (0, 1, 2), "frames of half a window that are waited for; fewer lower the latency, 0 costs quality"
    )
    steps: int | None = _number(
        None,
        0,
        100_000,
        "",
        "of learning: in all (2 passes), at most per block (1; 4 times that for the first)",
    )
    linked: bool = _choice(True, (True, False), "one gain for all channels, so that the image stays in place")
    seed: int = _number(0, 0, 2**31 - 1, "", "same seed, same input: same output")
    device: str = _choice("auto", DEVICES, "where the network runs; auto: the GPU if there is one")

    def __post_init__(self) -> None:
        for item in fields(self):
            _check(item.name, getattr(self, item.name), item.default, dict(item.metadata))
        if self.generator in DEEP_PRIORS and not self.linked:
            raise SettingError(f"generator={self.generator} fits all channels as one; linked must be true")
        if self.generator in DEEP_PRIORS and self.steps == 0:
            raise SettingError(f"generator={self.generator} knows only what it learned; steps must not be 0")


def _check(name: str, value: Any, default: Any, rule: dict[str, Any]) -> None:
    """SettingError with name, value and limit unless ``value`` is allowed."""
    if "allowed" in rule:
        # True == 1 in Python: the type has to be the same too.
        if not any(value == each and type(value) is type(each) for each in rule["allowed"]):
            raise SettingError(f"{name}={value!r} must be one of {', '.join(map(str, rule['allowed']))}")
        return
    if value is None and default is None:
        return
    whole = isinstance(default, int) or default is None
    is_number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not is_number or not rule["low"] <= value <= rule["high"]:
        unit = f" {rule['unit']}" if rule["unit"] else ""
        kind = "a whole number" if whole else "a number"
        raise SettingError(f"{name}={value!r} must be {kind} in {rule['low']:g}..{rule['high']:g}{unit}")
