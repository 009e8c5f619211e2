"""Labels of what was found, in a file of its own beside a result or a recording that was only looked at."""

from __future__ import annotations

from pathlib import Path

from dap_stream.apps.files.damage import start_of, what_text
from dap_stream.apps.files.job import Outcome
from dap_stream.io.file_set import write_whole
from dap_stream.io.label_file import Label, label_lines
from dap_stream.io.output_paths import NOWHERE
from dap_stream.processors.findings import Finding


def write_labels(outcome: Outcome) -> None:
    """Write them to where the job's names say; whole or not at all."""
    path = outcome.job.names.labels
    assert path is not None, "only a job that names labels gets some"
    labels = [_label(outcome, each) for each in outcome.findings]
    write_whole(Path(path), label_lines(labels).encode("utf-8"), force=outcome.job.force)


def _label(outcome: Outcome, finding: Finding) -> Label:
    """Its time belongs to what is looked at with it: the result, or the recording if there is none."""
    is_only_looked_at = outcome.job.names.output == NOWHERE
    rate = outcome.record.sample_rate
    start_s = start_of(outcome, finding) if is_only_looked_at else finding.start / rate
    where = "" if finding.channel is None or outcome.record.channels == 1 else f" ({finding.channel + 1})"
    what = what_text(finding)
    return Label(
        start_s, start_s + finding.n_samples / rate, f"{finding.kind}{where}{': ' if what else ''}{what}"
    )
