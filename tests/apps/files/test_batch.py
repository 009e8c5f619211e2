"""Many recordings: each gets its turn, whatever became of the others, and its error in one line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dap_stream.apps.files.batch import Failure, exit_status, run_all, summary
from dap_stream.apps.files.job import Job
from dap_stream.errors import InputError, SettingError
from dap_stream.io.output_paths import Names


def jobs(*sources: str) -> list[Job]:
    return [Job(Names(source, f"{source}.out")) for source in sources]


def nothing(*arguments: object) -> None:
    pass


def failing(error: BaseException, *sources: str) -> Callable[[Job], None]:
    def check(job: Job) -> None:
        if job.names.source in sources:
            raise error

    return check


def fail_one(error: BaseException, source: str = "a.wav") -> Failure:
    """What becomes of a recording whose cleaning ends with ``error``."""

    def work(number: int, job: Job) -> None:
        raise error

    (failure,) = run_all(jobs(source), nothing, work, nothing)
    return failure


def test_all_are_checked_before_the_first_is_cleaned_and_keep_their_numbers() -> None:
    calls: list[object] = []
    failed: list[Failure] = []

    def check(job: Job) -> None:
        calls.append(("check", job.names.source))
        if job.names.source == "b":
            raise InputError("b: is empty")

    def work(number: int, job: Job) -> None:
        calls.append((number, job.names.source))
        if job.names.source == "c":
            raise SettingError("c: cannot be")

    failures = run_all(jobs("a", "b", "c", "d"), check, work, failed.append)
    assert calls == [*(("check", name) for name in "abcd"), (0, "a"), (2, "c"), (3, "d")]
    assert [(failure.message, failure.exit_status) for failure in failures] == [
        ("b: is empty", 1),
        ("c: cannot be", 2),
    ]
    assert failed == failures


def test_a_failure_is_reported_as_it_happens() -> None:
    calls: list[str] = []

    def work(number: int, job: Job) -> None:
        calls.append(job.names.source)

    run_all(jobs("a", "b"), failing(InputError("a: is empty"), "a"), work, lambda one: calls.append("failed"))
    assert calls == ["failed", "b"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_whoever_stops_the_run_stops_all_of_it(stop: type[BaseException]) -> None:
    with pytest.raises(stop):
        run_all(jobs("a", "b"), failing(stop(), "a"), nothing, nothing)


def test_a_bug_is_one_line_with_the_details_beside_it() -> None:
    failure = fail_one(RuntimeError("first\n  second\r\n\n\tthird\n"))
    assert failure.message == "a.wav: RuntimeError: first second third; please report this"
    assert failure.exit_status == 1
    assert failure.details.startswith("Traceback") and "in work\n    raise error" in failure.details
    assert fail_one(InputError("a.wav: is empty")).details == ""


def test_blanks_in_the_name_of_a_file_stay() -> None:
    """Whoever reads the message has to find the file."""
    failure = fail_one(OSError(5, "Input/output error", "my  take \t1.wav"), "my  take \t1.wav")
    assert "my  take \t1.wav: Input/output error" in failure.message
    failure = fail_one(RuntimeError("my  take.wav: gone\nfor good"), "my  take.wav")
    assert failure.message == "my  take.wav: RuntimeError: my  take.wav: gone for good; please report this"


def test_no_memory_is_no_bug() -> None:
    failure = fail_one(MemoryError())
    assert failure.message == "a.wav: out of memory; close other programs or clean it in parts"
    assert failure.details == ""


def test_status_and_summary() -> None:
    bad = Failure(jobs("b.wav")[0], "b.wav: cannot be", 2)
    assert exit_status([], 3) == 0 and exit_status([bad], 1) == 2 and exit_status([bad], 3) == 1
    assert summary([], 3) == "3 of 3 recordings done"
    assert summary([bad], 3) == "2 of 3 recordings done; failed: b.wav"
