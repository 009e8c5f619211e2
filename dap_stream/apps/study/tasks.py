"""The three tasks of a study, those of the deep image prior: what is heard of each, and how it is scored."""

from __future__ import annotations

from dataclasses import dataclass

from dap_stream.dsp.metrics import ESTOI, PESQ, SI_SDR

ERROR, KNOWN_ERROR = "error_db", "known_error_db"


@dataclass(frozen=True)
class Figure:
    """A figure that a sample gets, and how it is written."""

    name: str
    title: str
    short: str
    digits: str
    unit: str = ""
    is_higher_better: bool = True

    @property
    def better(self) -> str:
        """Which way is better, for a reader."""
        return "higher is better" if self.is_higher_better else "lower is better"

    def text(self, value: float) -> str:
        """As on the terminal.

        >>> Figure("si_sdr_db", "SI-SDR in dB", "SI-SDR", ".1f", " dB").text(7.25)
        'SI-SDR 7.2 dB'
        """
        return f"{self.short} {value:{self.digits}}{self.unit}"


@dataclass(frozen=True)
class Task:
    """One thing that a deep prior is asked for.

    ``ways`` are the sounds of a sample, the one that counts first; ``columns`` say which way has which
    figure; ``choosers`` are the figures that say which sample is best, the first that all samples have.
    ``start`` is how row 0 is called: what can be had without a network.
    """

    name: str
    ways: tuple[str, ...]
    figures: tuple[Figure, ...]
    columns: tuple[tuple[str, str], ...]
    choosers: tuple[str, ...]
    start: str

    @property
    def way(self) -> str:
        """The sound that counts."""
        return self.ways[0]

    def figure(self, name: str) -> Figure:
        """The figure of this name."""
        return next(figure for figure in self.figures if figure.name == name)


_SCORES = (
    Figure(PESQ, "PESQ (wide band)", "PESQ", ".2f"),
    Figure(ESTOI, "ESTOI", "ESTOI", ".3f"),
    Figure(SI_SDR, "SI-SDR in dB", "SI-SDR", ".1f", " dB"),
)
_DENOISE_WAYS = ("gain", "magnitude")
DENOISE = Task(
    "denoise",
    _DENOISE_WAYS,
    _SCORES,
    tuple((way, figure.name) for way in _DENOISE_WAYS for figure in _SCORES),
    (PESQ, SI_SDR),
    "noisy",
)
FILLED, MADE = "filled", "made"


def _fill(name: str, place: str, start: str) -> Task:
    """A task in which what is not known is made; the rest of the sound stays as it is."""
    figures = (
        Figure(ERROR, f"error {place} in dB", f"error {place}", ".1f", " dB", is_higher_better=False),
        Figure(KNOWN_ERROR, "error outside in dB", "outside", ".1f", " dB", is_higher_better=False),
    )
    columns = ((FILLED, ERROR), (MADE, ERROR), (MADE, KNOWN_ERROR))
    return Task(name, (FILLED, MADE), figures, columns, (ERROR,), start)


INPAINT = _fill("inpaint", "in the holes", "straight lines across")
SUPERRES = _fill("superres", "above the limit", "level at the limit held")
TASKS = {task.name: task for task in (DENOISE, INPAINT, SUPERRES)}
