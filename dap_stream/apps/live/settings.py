"""Settings of a live session, as a user asks for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dap_stream.apps.live import LOOPBACK, MARGIN_BLOCKS

if TYPE_CHECKING:
    from dap_stream.core.profile import Profile
    from dap_stream.processors.chain_settings import ChainSettings


def _default_chain() -> ChainSettings:
    from dap_stream.processors.chain_settings import ChainSettings

    return ChainSettings()


@dataclass(frozen=True)
class OscSettings:
    """Where messages come in, and where the meters go (None: to whoever sent last)."""

    port: int  # 0: any that is free
    host: str = LOOPBACK
    reply: tuple[str, int] | None = None


@dataclass(frozen=True)
class LiveSettings:
    """All of it, from the command line to the stream; None is left to the device."""

    chain: ChainSettings = field(default_factory=_default_chain)
    profile: Profile | None = None
    source: str | None = None  # name of a device
    target: str | None = None
    jack: str | None = None  # name of a JACK client in their place
    sample_rate: int | None = None  # Hz
    channels: int = 1
    outputs: int | None = None  # channels of the target; None: as many, or both ears for a single one
    block_size: int | None = None  # samples that the device moves at a time; 0: as it likes
    margin_blocks: int = MARGIN_BLOCKS  # blocks that the processing may take
    is_bypassed: bool = False  # begin with the input itself
    reconnects: bool = False  # wait for a device that went away
    duration_s: float | None = None
    record: str | None = None  # WAV of what is heard
    save_profile: str | None = None
    force: bool = False  # replace files that exist
    has_screen: bool = True  # display and keys
    osc: OscSettings | None = None  # be controlled by messages too
