"""Entry of a processor in the registry, by which files, pipes, live streams and the command line use it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dap_stream.core.array_types import F32
    from dap_stream.core.learning_curve import LearningCurve
    from dap_stream.core.model import BackgroundModel, Model
    from dap_stream.core.processor import Processor
    from dap_stream.core.profile import Profile
    from dap_stream.core.settings import Settings
    from dap_stream.core.stream_format import StreamFormat
    from dap_stream.core.streams import SeekableSource


@dataclass(frozen=True)
class Cost:
    """Rough cost on two idle cores; memory does not depend on the length."""

    compute_s: float
    memory_mb: float


@dataclass(frozen=True)
class LevelChange:
    """Gain for all of a recording that `Entry.measure` chose, and warnings on what comes of it."""

    gain_db: float
    warnings: tuple[str, ...] = ()


def _as_is(settings: Any, is_seekable: bool) -> tuple[Any, str | None]:
    return settings, None


def _nothing(settings: Any) -> str:
    return ""


@dataclass(frozen=True, eq=False, repr=False)  # neither is wanted, and both take time to make
class Entry:
    """One processor in the registry. Its module imports nothing heavy: the command line's help reads it.

    Only the first four fields and one of ``make`` and ``make_live`` are needed; the rest is for processors
    that learn, or have more to say. ``settings`` below is an object of the class ``settings``.
    """

    name: str
    summary: str
    """One line, for the help."""
    settings: type[Settings]

    make: Callable[[Any, StreamFormat, Any], Processor] | None = None
    """``(settings, stream, model)`` to a processor for files and pipes; None: it cannot be used there."""
    make_live: Callable[[Any, StreamFormat, Any], Processor] | None = None
    """The same for a live stream; None: it cannot be used live."""

    repairs: str = ""
    """Kind of damage that it repairs, as on the command line; its model is a `RepairModel` then."""
    kernel: str = ""
    """Where one of its kernels is, ``module.name``, by which a first run is known; empty: it has none."""

    learns: Callable[[Any], bool] | None = None
    """``settings`` to whether something is learned with them that a profile can keep; None: never."""
    make_model: Callable[[Any, Profile | None], Model | None] | None = None
    """``(settings, profile)`` to what it learns; None where there is nothing to learn."""
    make_live_model: Callable[[Any, StreamFormat, Profile | None, bool], BackgroundModel | None] | None = None
    """``(settings, stream, profile, is_background)``: the same for a live stream."""
    pretrain: Callable[[Any, Any, SeekableSource, Callable[[float], None] | None], None] | None = None
    """``(settings, model, source, progress)``: the first of two passes, if the settings ask for it."""

    measure: Callable[[Any, Any, SeekableSource, int, Callable[[float], None] | None], LevelChange] | None = (
        None
    )
    """``(settings, model, source, speakers, progress)``: hear all of the sound as the others leave it, before
    the processor is made. ``speakers`` is the channel mask, 0 where it is not known. Such a processor is the
    last of a chain."""

    hear_noise: Callable[[Any, F32, int], tuple[str, ...]] | None = None
    """``(model, audio, sample_rate)``: be shown noise ``[channels, samples]``; warnings about it."""
    remarks: Callable[[Any], tuple[str, ...]] | None = None
    """``model`` to what was decided and learned, in a few words, for the line that says what was done."""

    learning_curves: Callable[[Any], tuple[LearningCurve, ...]] | None = None
    """``model`` to how its learning went, for a report."""

    for_source: Callable[[Any, bool], tuple[Any, str | None]] = field(default=_as_is)
    """``(settings, is_seekable)`` to the settings that are possible, and a note if they are less."""
    for_live: Callable[[Any], Any] = field(default=lambda settings: settings)
    """``settings`` as a live stream has them; SettingError if they cannot be."""
    cost: Callable[[Any, StreamFormat, float], Cost] | None = None
    """``(settings, stream, seconds)``: what a recording of that length takes."""
    describe: Callable[[Any], str] = field(default=_nothing)
    """A few words on the settings for the line that says what was done."""
