"""Model of the repair of clipping: the ceilings that a first pass over a recording found."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dap_stream.core.stream_format import StreamFormat
from dap_stream.core.streams import SeekableSource
from dap_stream.core.units import gain_to_db
from dap_stream.processors.block_repairer import BlockRepairer, Patch, Span, Window
from dap_stream.processors.declip.ceilings import clipped
from dap_stream.processors.declip.geometry import Geometry, geometry
from dap_stream.processors.declip.known_ceilings import KnownCeilings
from dap_stream.processors.findings import RepairModel


class DeclipModel(RepairModel):
    """Findings, the ceilings of each channel if there was a first pass, and how far repaired peaks reach."""

    def __init__(self) -> None:
        super().__init__()
        self.peak = 0.0  # of what was repaired in the latest stream
        self._ceilings: list[KnownCeilings] = []

    def ceilings(self, channels: int) -> list[KnownCeilings]:
        """Those that are known before a stream begins, by channel; the stream may add to them."""
        if len(self._ceilings) == channels:
            return [each.copy() for each in self._ceilings]
        return [KnownCeilings() for _ in range(channels)]

    def survey(self, source: SeekableSource, progress: Callable[[float], None] | None = None) -> None:
        """Collect the evidence of all flat tops of a recording.

        Parameters
        ----------
        source
            The recording, of known length.
        progress
            Told the fraction done.
        """
        lengths = geometry(source.sample_rate, effort="fast")
        known = [KnownCeilings() for _ in range(source.channels)]
        looks = BlockRepairer(
            StreamFormat(source.sample_rate, source.channels),
            Span(lengths.behind, lengths.hop, lengths.ahead),
            lambda: _Survey(lengths, known),
        )
        n_read, n_samples = 0, max(source.n_samples or 0, 1)
        source.seek(0)
        while (buffer := source.read(lengths.hop)).shape[1]:
            looks.process(buffer)
            n_read += buffer.shape[1]
            if progress is not None:
                progress(min(n_read / n_samples, 1.0))
        looks.flush()
        for each in known:
            each.is_complete = True
        self._ceilings = known

    def remarks(self) -> tuple[str, ...]:
        """Advice about peaks that have outgrown full scale."""
        if self.peak <= 1.0:
            return ()
        above = f"{gain_to_db(self.peak):.1f} dB"
        return (
            f"repaired peaks reach {above} above full scale, where integers end: "
            "write a float format, or lower the level behind the repair (gain or loudness)",
        )

    def reset(self) -> None:
        """Forget all of it."""
        super().reset()
        self.peak, self._ceilings = 0.0, []


class _Survey:
    """Looks, and repairs nothing."""

    def __init__(self, lengths: Geometry, known: list[KnownCeilings]) -> None:
        self._lengths, self._known = lengths, known

    def patches(self, window: Window) -> Iterable[Patch]:
        for audio, known in zip(window.audio, self._known, strict=True):
            clipped(audio, window.due, self._lengths.reach, self._lengths.frames[0], known, sensitivity=1.0)
        return ()
