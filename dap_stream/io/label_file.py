"""Label tracks as Audacity exports and imports them: a line for each label, with tabs between its parts.

https://manual.audacityteam.org/man/importing_and_exporting_labels.html
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dap_stream.core.small_file import read_small
from dap_stream.errors import InputError

MAX_BYTES = 2**24


@dataclass(frozen=True)
class Label:
    """A stretch in seconds, and what it is."""

    start_s: float
    end_s: float
    text: str = ""


def label_lines(labels: Iterable[Label]) -> str:
    """The text of a label file, in the order of time."""
    return "".join(
        # A tab or a line end in the text would be another label.
        f"{each.start_s:.6f}\t{each.end_s:.6f}\t{' '.join(each.text.split())}\n"
        for each in sorted(labels, key=lambda label: label.start_s)
    )


def read_labels(path: str | Path) -> list[Label]:
    """All labels of a file; InputError for what is none, with its line."""
    try:
        text = read_small(path, MAX_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check the name") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is no label file; export the labels as text") from error
    lines = enumerate(text.splitlines(), 1)
    # A line that begins with a backslash has the frequencies of the label before it.
    return [_label(path, number, line) for number, line in lines if line.strip() and line[0] != "\\"]


def _label(path: str | Path, number: int, line: str) -> Label:
    start, _, rest = line.partition("\t")
    end, _, text = rest.partition("\t")
    try:
        # Audacity writes the comma of some languages.
        label = Label(float(start.replace(",", ".")), float(end.replace(",", ".")), text.strip())
    except ValueError:
        label = Label(math.nan, math.nan)
    if not 0.0 <= label.start_s <= label.end_s < math.inf:
        raise InputError(
            f"{path}: line {number} is no label: start and end in seconds and a text, with tabs between"
        )
    return label
