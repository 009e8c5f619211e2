"""State of a denoiser, as hosts keep it: its settings, and what it has learned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from dap_stream.core.profile import Profile
from dap_stream.core.state_bytes import pack, settings_from, unpack
from dap_stream.errors import ProfileError
from dap_stream.processors.denoise.settings import DenoiseSettings

_MOST_AXES = 8
_FLOAT_BYTES = 4


@dataclass(frozen=True)
class DenoiserState:
    """All that a new denoiser is made with; ``profile`` is None where nothing was learned."""

    settings: DenoiseSettings
    profile: Profile | None
    learn: bool

    def to_bytes(self, kind: str) -> bytes:
        """The same as bytes; ``kind`` says whose state it is."""
        facts: dict[str, object] = {"settings": asdict(self.settings), "learn": self.learn, "profile": None}
        if self.profile is None:
            return pack(kind, facts)
        names = list(self.profile.weights)
        arrays = [np.ascontiguousarray(self.profile.weights[name], "<f4") for name in names]
        facts["profile"] = {
            "generator": self.profile.generator,
            "window_ms": self.profile.window_ms,
            "lookahead": self.profile.lookahead,
            "weights": [[name, list(array.shape)] for name, array in zip(names, arrays, strict=True)],
        }
        return pack(kind, facts, [array.tobytes() for array in arrays])

    @classmethod
    def from_bytes(cls, kind: str, state: bytes) -> DenoiserState:
        """From bytes that `to_bytes` made; ProfileError or SettingError for anything else."""
        facts, blobs = unpack(state, kind)
        settings = settings_from(DenoiseSettings, facts.get("settings"))
        try:
            found = facts["profile"]
            profile = None if found is None else _profile(found, blobs)
            return cls(settings, profile, bool(facts["learn"]))
        except (ValueError, TypeError, KeyError, LookupError):
            raise ProfileError("the state has weights that are none; take what state() gave") from None


def _profile(facts: dict[str, Any], blobs: Sequence[bytes]) -> Profile:
    """ValueError, TypeError or KeyError unless it is one."""
    weights = {}
    for (name, shape), blob in zip(facts["weights"], blobs, strict=True):
        is_shape = len(shape) <= _MOST_AXES and all(type(size) is int and size >= 0 for size in shape)
        if not isinstance(name, str) or not is_shape or math.prod(shape) * _FLOAT_BYTES != len(blob):
            raise ValueError("another array than a profile has")
        weights[name] = np.frombuffer(blob, "<f4").reshape(shape).astype(np.float32)
    generator, lookahead = facts["generator"], facts["lookahead"]
    if not isinstance(generator, str) or type(lookahead) is not int:
        raise TypeError("another profile")
    return Profile(generator, float(facts["window_ms"]), lookahead, weights)
