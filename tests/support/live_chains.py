"""A live chain around one denoiser, for tests of what is around it."""

from __future__ import annotations

from typing import Any

from dap_stream.apps.live.live_chain import LiveChain
from dap_stream.apps.live.settings import LiveSettings
from dap_stream.core.profile import Profile
from dap_stream.core.stream_format import StreamFormat
from dap_stream.processors.chain_settings import chain_of
from dap_stream.processors.denoise.settings import DenoiseSettings

FORMAT, BLOCK_SIZE = StreamFormat(16000), 64


def live_settings(**changes: Any) -> LiveSettings:
    """Fields of `LiveSettings` and of `DenoiseSettings` as they are named; no display."""
    own = {name: changes.pop(name) for name in list(changes) if name in LiveSettings.__dataclass_fields__}
    chain = chain_of(denoise=DenoiseSettings(**{"window_ms": 32.0, **changes}))
    return LiveSettings(**{"chain": chain, "margin_blocks": 2, "has_screen": False, **own})


def live_chain(profile: Profile | None = None, is_inline: bool = True, **changes: Any) -> LiveChain:
    """At 16 kHz, with these fields of the settings changed; learning inline."""
    return LiveChain(live_settings(profile=profile, **changes), FORMAT, BLOCK_SIZE, is_inline)
