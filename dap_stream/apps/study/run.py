"""A study from beginning to end, or from where an earlier run of it was stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dap_stream.apps.study.experiment import Experiment, IterationCallback
from dap_stream.apps.study.output_folder import default_folder
from dap_stream.apps.study.results import StudyResult
from dap_stream.apps.study.settings import StudySettings


class StudyStopped(KeyboardInterrupt):
    """A KeyboardInterrupt during the fit, after all there is has been written. The same call goes on.

    ``result`` is what there is; ``exit_status`` that of the signal.
    """

    def __init__(self, result: StudyResult, cause: KeyboardInterrupt) -> None:
        super().__init__(str(cause))
        self.result = result
        self.exit_status: int = getattr(cause, "exit_status", 130)


def run_study(
    source: str | Path,
    folder: str | Path | None = None,
    reference: str | Path | None = None,
    settings: StudySettings | None = None,
    force: bool = False,
    progress: IterationCallback | None = None,
    note: Callable[[str], None] | None = None,
) -> StudyResult:
    """Fit a generator to an excerpt of ``source``; write samples, tables and a picture to ``folder``.

    With a ``reference``, the same recording without noise, every sample is scored. A study that is
    in the folder already is gone on with if it is the same one, else refused unless ``force``.
    ``note`` gets at once what ``result.notes`` has in the end.
    """
    settings = settings or StudySettings()
    experiment = Experiment(str(source), None if reference is None else str(reference), settings, note)
    experiment.open(default_folder(str(source)) if folder is None else Path(folder), force)
    try:
        experiment.fit(progress)
    except KeyboardInterrupt as stopped:
        experiment.go_back()
        experiment.save()
        raise StudyStopped(experiment.finish(), stopped) from stopped
    experiment.save()
    return experiment.finish()
