"""Work on one recording as plain data: what is to be done, how far it is, and what was done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dap_stream.apps.files.known_noise import KnownNoise
from dap_stream.core.learning_curve import LearningCurve
from dap_stream.core.profile import Profile
from dap_stream.core.render import Progress, RenderRecord
from dap_stream.io.formats import FileFormat
from dap_stream.io.output_paths import Names
from dap_stream.io.pipe_format import PipeFormat
from dap_stream.processors.chain_settings import ChainSettings
from dap_stream.processors.findings import Finding


@dataclass(frozen=True)
class Job:
    """Work to be done on one recording. ``raw`` is the format of headerless pipes.

    Without ``force`` no result takes the place of a file, but for a recording that is cleaned in place.
    """

    names: Names
    chain: ChainSettings = field(default_factory=ChainSettings)
    start_s: float = 0.0
    end_s: float | None = None
    raw: PipeFormat | None = None
    profile: Profile | None = None
    save_profile: str | None = None
    noise: KnownNoise | None = None
    force: bool = False
    track: int | None = None  # of sound, from 1; None is the one that a player takes


@dataclass(frozen=True)
class Outcome:
    """Result of a job.

    ``chain`` has the settings that were used; ``wall_s`` is everything together; by ``gain_db`` the whole
    result is louder than what was cleaned, to be of the loudness that was asked for.
    """

    job: Job
    chain: ChainSettings
    file_format: FileFormat
    record: RenderRecord
    learn_s: float
    wall_s: float
    notes: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    curves: tuple[LearningCurve, ...] = ()
    findings: tuple[Finding, ...] = ()
    gain_db: float = 0.0


@dataclass(frozen=True)
class JobCallbacks:
    """Callbacks of a run; each may raise to cancel it. ``levelling``: while all is given its loudness."""

    learning: Callable[[float], None] | None = None
    cleaning: Callable[[Progress], None] | None = None
    note: Callable[[str], None] = print
    warn: Callable[[str], None] = print
    levelling: Callable[[float], None] | None = None
