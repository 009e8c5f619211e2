"""Contents of a report page, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dap_stream.core.array_types import F64
from dap_stream.core.learning_curve import LearningCurve


@dataclass(frozen=True)
class Figure:
    """One of the large figures at the top."""

    name: str
    value: str
    detail: str = ""


@dataclass(frozen=True)
class Listened:
    """A part that can be heard and seen: its MP3, and its gain at equal loudness and why."""

    name: str
    mp3: bytes
    picture_db: F64
    lufs: float | None
    gain_db: float
    is_limited: bool


@dataclass(frozen=True)
class PlaceRow:
    """A row of the table of places."""

    start_s: float
    seconds: float
    removed_lufs: float
    reduction_db: float


@dataclass(frozen=True)
class FoundRow:
    """A row of the table of findings; ``play``: start and length of what a button plays, if that is held."""

    kind: str
    start_s: float
    length: str
    channel: str
    text: str
    play: tuple[float, float] | None


@dataclass(frozen=True)
class FoundKind:
    """All damage of one kind: a few words on it, marks (start and length in seconds), and rows for some."""

    kind: str
    total: str
    marks: Sequence[tuple[float, float]]
    rows: Sequence[FoundRow]
    n_more: int


@dataclass(frozen=True)
class ReportValues:
    """All of a page."""

    title: str
    summary: str
    seconds: float
    sample_rate: int
    figures: Sequence[Figure]
    remarks: Sequence[str]
    parts: Sequence[Listened]
    segments: Sequence[tuple[float, float]]  # start and length in seconds of what is held as sound
    sound_note: str
    reduction_s: F64
    reduction_db: F64
    places: Sequence[PlaceRow]
    curves: Sequence[LearningCurve]
    tables: Mapping[str, Sequence[tuple[str, str]]]
    warnings: Sequence[str]
    found: Sequence[FoundKind] = ()  # of each repair, also if it found nothing
