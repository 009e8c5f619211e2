"""A run over a plan: what happens to recordings while it is at work."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from recordings import sound, write

from dap_stream.apps.batch.inputs import Inputs
from dap_stream.apps.batch.item import DONE, FAILED, SKIPPED, Item
from dap_stream.apps.batch.journal import FOLDER, Journal, read_journals
from dap_stream.apps.batch.local_workers import LocalWorkers
from dap_stream.apps.batch.plan import Wanted, make_plan
from dap_stream.apps.batch.run import BatchCallbacks, BatchRun
from dap_stream.processors.chain_settings import make_chain_settings

OUT = Path("out")


@pytest.fixture(autouse=True)
def _archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    for i in range(3):
        write(Path(f"in/{i}.wav"), sound(0.5 - 0.1 * i, seed=i))


def run(*, gone: str = "", changed: str = "") -> dict[str, Item]:
    """A batch; ``gone`` is removed, and ``changed`` is another one, as soon as the first one is over."""

    def over(item: Item, details: str) -> None:
        assert not details
        if gone and os.path.exists(gone):
            os.remove(gone)
        if changed and item.source != changed:
            write(Path(changed), sound(0.7, seed=9))

    wanted = Wanted(Inputs(["in"]), OUT, make_chain_settings(values={"generator": "classical"}))
    plan = make_plan(wanted)
    with Journal(OUT) as journal:
        callbacks = BatchCallbacks(over, lambda item, seconds: None, lambda done, of_all: None)
        BatchRun(plan, wanted, journal, callbacks).run(lambda: LocalWorkers(1))
    return {item.source: item for item in plan.items}


def test_a_recording_that_disappears_is_failed_and_the_others_go_on() -> None:
    items = run(gone="in/1.wav")
    assert {name: item.status for name, item in items.items()} == {
        "in/0.wav": DONE,
        "in/1.wav": FAILED,
        "in/2.wav": DONE,
    }
    assert "in/1.wav: no such file" in items["in/1.wav"].reason
    entry = read_journals(OUT)["1_clean.wav"]
    assert (entry.event, entry.reason) == ("failed", items["in/1.wav"].reason)
    assert not (OUT / "1_clean.wav").exists() and not list(OUT.glob(".*.part"))


def test_a_recording_that_changes_meanwhile_is_done_again_the_next_time() -> None:
    assert run(changed="in/2.wav")["in/2.wav"].status == DONE
    assert {name: item.status for name, item in run().items()} == {
        "in/0.wav": SKIPPED,
        "in/1.wav": SKIPPED,
        "in/2.wav": DONE,
    }


def test_a_result_whose_run_was_killed_before_it_could_say_so_is_ours() -> None:
    run()
    journal = OUT / FOLDER / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(line for line in lines if b'"event": "done"' not in line))
    assert {item.status for item in run().values()} == {DONE}
    assert {item.status for item in run().values()} == {SKIPPED}
