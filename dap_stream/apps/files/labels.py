"""Labels of what was found: a text file that Audacity imports as a label track, and other editors too."""

from __future__ import annotations

from pathlib import Path

from dap_stream.apps.files.damage import start_of, what_text
from dap_stream.apps.files.job import Outcome
from dap_stream.io.file_set import write_whole
from dap_stream.io.output_paths import NOWHERE
from dap_stream.processors.findings import Finding


def write_labels(outcome: Outcome) -> None:
    """Write them to where the job's names say; whole or not at all."""
    path = outcome.job.names.labels
    assert path is not None, "only a job that names labels gets some"
    write_whole(Path(path), labels_text(outcome).encode("utf-8"), force=outcome.job.force)


def labels_text(outcome: Outcome) -> str:
    """A line for each finding: start and end in seconds and what it is, with tabs between.

    Times belong to what the labels are looked at with: the result, or the recording if it was only looked at.
    """
    is_only_looked_at = outcome.job.names.output == NOWHERE
    rate = outcome.record.sample_rate
    lines = []
    for each in sorted(outcome.findings, key=lambda finding: finding.start):
        start_s = start_of(outcome, each) if is_only_looked_at else each.start / rate
        lines.append(f"{start_s:.6f}\t{start_s + each.n_samples / rate:.6f}\t{_label(outcome, each)}\n")
    return "".join(lines)


def _label(outcome: Outcome, finding: Finding) -> str:
    where = "" if finding.channel is None or outcome.record.channels == 1 else f" ({finding.channel + 1})"
    what = " ".join(what_text(finding).split())  # tabs and line ends would be another label
    return f"{finding.kind}{where}{': ' if what else ''}{what}"
