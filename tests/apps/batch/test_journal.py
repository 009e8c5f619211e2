"""The journal: complete lines count, a torn one does not, and the newest word of all shards holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dap_stream.apps.batch.journal import BEGUN, DONE, FAILED, FOLDER, Entry, Journal, read_journals
from dap_stream.apps.batch.run_lock import locked
from dap_stream.apps.batch.shard import Shard
from dap_stream.errors import OutputError


def entry(event: str, output: str = "a.wav") -> Entry:
    return Entry(event, output, "in/a.wav", "f", (1, 2), (3, 4), 1.5, 0.5, "why")


def test_what_was_written_is_read_and_the_last_word_holds(tmp_path: Path) -> None:
    odd = os.fsdecode(b"\xff\n.wav")
    with Journal(tmp_path) as journal:
        journal.write(entry(BEGUN))
        journal.write(entry(DONE))
    with Journal(tmp_path, "-2-of-2") as journal:
        journal.write(entry(BEGUN, odd))
        journal.write(entry(FAILED, odd))
    found = read_journals(tmp_path)
    assert {name: each.event for name, each in found.items()} == {"a.wav": DONE, odd: FAILED}
    assert found["a.wav"] == Entry(**{**vars(entry(DONE)), "time_s": found["a.wav"].time_s})


@pytest.mark.parametrize("keep", [-1, -5, 3])
def test_a_torn_last_line_is_left_out_and_not_written_on(tmp_path: Path, keep: int) -> None:
    with Journal(tmp_path) as journal:
        journal.write(entry(DONE, "a.wav"))
        journal.write(entry(DONE, "b.wav"))
    path = tmp_path / FOLDER / "journal.jsonl"
    first, second = path.read_bytes().splitlines()
    path.write_bytes(first + b"\n" + second[:keep])
    assert set(read_journals(tmp_path)) == {"a.wav"}
    with Journal(tmp_path) as journal:
        journal.write(entry(DONE, "c.wav"))
    assert set(read_journals(tmp_path)) == {"a.wav", "c.wav"}


def test_a_journal_of_others_things_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "journal.jsonl").write_bytes(b'[]\n{"event": "done"}\n\xff\xfe\n12\nnull\n')
    assert read_journals(tmp_path) == {}


def test_one_batch_at_a_time_and_each_shard_once(tmp_path: Path) -> None:
    first, second, everything = Shard(1, 2), Shard(2, 2), Shard()
    with locked(tmp_path, first):
        with locked(tmp_path, second):
            for shard in (first, everything):
                with pytest.raises(OutputError, match="another batch is at work there"):
                    with locked(tmp_path, shard):
                        pass
    with locked(tmp_path, everything), pytest.raises(OutputError, match="another batch"):
        with locked(tmp_path, second):
            pass
