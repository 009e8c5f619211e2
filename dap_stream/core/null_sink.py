"""A sink for runs in which only what is found or measured counts."""

from __future__ import annotations

from types import TracebackType

from dap_stream.core.array_types import Audio


class NullSink:
    """Takes all samples and keeps none."""

    clipped = 0

    def write(self, audio: Audio) -> Audio:
        """The same values: nothing is rounded."""
        return audio

    def finish(self) -> None:
        """Nothing can fail here."""

    def commit(self) -> None:
        """Nothing was kept."""

    def __enter__(self) -> NullSink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass
