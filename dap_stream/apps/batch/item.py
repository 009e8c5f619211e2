"""A recording of a batch: what is to be done with it, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dap_stream.apps.batch.journal import FileState
from dap_stream.core.stream_format import StreamFormat
from dap_stream.errors import one_line
from dap_stream.io.output_paths import Names
from dap_stream.processors.chain_settings import ChainSettings

OPEN, DONE, SKIPPED, FAILED, ELSEWHERE = "open", "done", "skipped", "failed", "elsewhere"
"""States of a recording; elsewhere: another shard has it, and has not done it yet."""


@dataclass
class Item:
    """A recording of the batch. ``output`` is relative to the output folder.

    ``beside``: removed part and page, as they are named in the journal, ``earlier``: what the journal says of
    these names. ``replaces``: all that it writes may take the place of what is there.
    """

    number: int
    source: str
    output: str
    names: Names
    chain: ChainSettings
    profile: str | None
    group: str | None
    shard: int
    fingerprint: str
    source_state: FileState | None
    beside: Mapping[str, str]
    earlier: Mapping[str, FileState | None] = field(default_factory=dict)
    status: str = OPEN
    reason: str = ""
    replaces: bool = False
    stream: StreamFormat | None = None
    n_samples: int | None = None
    wall_s: float | None = None
    reduction_db: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float | None:
        """Length of the recording; None as long as its header was not read, or if that does not say it."""
        if self.stream is None or self.n_samples is None:
            return None
        return self.n_samples / self.stream.sample_rate

    def fail(self, reason: str) -> None:
        """Say why it cannot be."""
        self.status, self.reason = FAILED, one_line(reason)
