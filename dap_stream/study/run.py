"""A study from beginning to end, or from where an earlier run of it was stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dap_stream.study.files import default_folder
from dap_stream.study.plan import StudyPlan
from dap_stream.study.record import StudyResult
from dap_stream.study.session import Session, Watch


class StudyStopped(KeyboardInterrupt):
    """A KeyboardInterrupt during the fit, after all that was found has been written. The same call goes on.

    ``result`` is what was found; ``exit_status`` that of the signal.
    """

    def __init__(self, result: StudyResult, cause: KeyboardInterrupt) -> None:
        super().__init__(str(cause))
        self.result = result
        self.exit_status: int = getattr(cause, "exit_status", 130)


def run_study(
    source: str | Path,
    folder: str | Path | None = None,
    reference: str | Path | None = None,
    plan: StudyPlan | None = None,
    force: bool = False,
    watch: Watch | None = None,
    note: Callable[[str], None] | None = None,
) -> StudyResult:
    """Fit a generator to an excerpt of ``source``; write samples, tables and a picture to ``folder``.

    With a ``reference``, the same recording without noise, every sample is scored. A study that is
    in the folder already is gone on with if it is the same one, else refused unless ``force``.
    ``note`` is told at once what ``result.notes`` has in the end.
    """
    plan = plan or StudyPlan()
    session = Session(str(source), None if reference is None else str(reference), plan, note)
    session.open(default_folder(str(source)) if folder is None else Path(folder), force)
    try:
        session.fit(watch)
    except KeyboardInterrupt as stopped:
        session.go_back()
        session.save()
        raise StudyStopped(session.finish(), stopped) from stopped
    session.save()
    return session.finish()
