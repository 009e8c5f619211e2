"""``dap-stream batch``: pages, their index and the removed part; mirrored, remembered, never of others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from recordings import FAST, read, sound, write
from servers import needs, needs_package

from dap_stream.apps.batch import worker
from dap_stream.apps.batch.journal import FOLDER
from dap_stream.apps.files import report_page
from dap_stream.cli.main import main

PAGES = ("--report", "pages", "--removed", "rest")


@pytest.fixture(autouse=True)
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two recordings in two folders."""
    monkeypatch.chdir(tmp_path)
    Path("in/a").mkdir(parents=True)
    write(Path("in/a/short.wav"), sound(0.3))
    write(Path("in/top.wav"), sound(0.4))
    return tmp_path / "in"


def batch(*argv: str) -> int:
    return main(["batch", *argv, "-o", "out", *FAST, "--jobs", "1", "--table", "t.jsonl"])


def statuses() -> dict[str, str]:
    rows = [json.loads(line) for line in Path("t.jsonl").read_text().splitlines()]
    return {Path(row["input"]).name: row["status"] for row in rows}


def reasons() -> str:
    return " ".join(json.loads(line)["reason"] for line in Path("t.jsonl").read_text().splitlines())


def files(folder: str) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


def test_pages_index_and_removed_part_as_the_tree_is() -> None:
    Path("in/bad.wav").write_text("no audio")
    assert batch("in", *PAGES) == 1
    assert files("rest") == ["a/short_removed.wav", "top_removed.wav"]
    assert files("pages") == ["a/short_clean.wav.html", "index.html", "top_clean.wav.html"]
    taken = read(Path("out/top_clean.wav")) + read(Path("rest/top_removed.wav"))
    np.testing.assert_allclose(taken, read(Path("in/top.wav")), atol=1e-9)
    assert "short.wav" in Path("pages/a/short_clean.wav.html").read_text()
    told = Path("pages/index.html").read_text()
    for text in ('href="a/short_clean.wav.html"', 'href="top_clean.wav.html"', "2 done, 1 failed"):
        assert text in told
    assert "in/bad.wav: not an audio file" in told

    # Nothing to do, and the index still lists all; of other recordings, the earlier ones too.
    Path("in/bad.wav").unlink()
    Path("pages/index.html").unlink()
    assert batch("in/top.wav", "in/a/short.wav", *PAGES) == 0
    assert set(statuses().values()) == {"skipped"}
    assert Path("pages/index.html").read_text().count('.html"') == 2
    Path("new").mkdir()
    write(Path("new/third.wav"), sound(0.2))
    assert batch("new", *PAGES) == 0
    told = Path("pages/index.html").read_text()
    assert told.count("<td>done</td>") == 3 and 'href="third_clean.wav.html"' in told


def test_what_is_not_there_is_made_and_what_is_old_is_made_anew() -> None:
    assert batch("in") == 0
    before = Path("out/top_clean.wav").read_bytes()
    assert batch("in", *PAGES) == 0
    assert set(statuses().values()) == {"done"} and Path("out/top_clean.wav").read_bytes() == before
    Path("rest/top_removed.wav").unlink()
    Path("pages/a/short_clean.wav.html").unlink()
    assert batch("in", *PAGES) == 0
    assert set(statuses().values()) == {"done"}
    # Other settings without pages: afterwards the pages that are there are those of another result.
    assert batch("in/top.wav", "--set", "wet=0.5") == 0
    old = Path("pages/top_clean.wav.html").read_bytes()
    assert batch("in/top.wav", "--set", "wet=0.5", *PAGES) == 0
    assert statuses() == {"top.wav": "done"} and Path("pages/top_clean.wav.html").read_bytes() != old
    assert batch("in/top.wav", "--set", "wet=0.5", *PAGES) == 0
    assert statuses() == {"top.wav": "skipped"}


def test_files_of_others_and_those_worked_on_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    Path("pages").mkdir()
    Path("rest").mkdir()
    Path("pages/top_clean.wav.html").write_text("mine")
    assert batch("in", *PAGES) == 1
    assert statuses() == {"short.wav": "done", "top.wav": "failed"} and "exists already" in reasons()
    assert files("out") == [f"{FOLDER}/journal.jsonl", f"{FOLDER}/lock", "a/short_clean.wav"]
    assert Path("pages/top_clean.wav.html").read_text() == "mine"
    assert batch("in", *PAGES, "--force") == 0
    write(Path("rest/top_removed.wav"), sound(0.1))
    write(Path("in/top.wav"), sound(0.5))
    assert batch("in", *PAGES) == 1
    assert "rest/top_removed.wav: has been changed since it was written" in reasons()
    capsys.readouterr()
    Path("pages/index.html").write_text("a home page")
    assert batch("in", *PAGES) == 1
    error = capsys.readouterr().err
    assert "pages/index.html: is not the index of a batch" in error and error.count("\n") == 1
    assert batch("in", "--report", "in/top.wav") == 1
    error = capsys.readouterr().err
    assert "in/top.wav: cannot be made" in error and error.count("\n") == 1


def test_what_was_removed_is_never_taken_for_a_recording() -> None:
    """Neither in a folder of its own within the input, nor beside the recordings."""
    for removed in ("in", "in/rest"):
        for expected in ("done", "skipped"):
            assert batch("in", "--removed", removed) == 0
            assert statuses() == dict.fromkeys(("short.wav", "top.wav"), expected)


def test_a_page_that_cannot_be_written_fails_and_is_made_the_next_time() -> None:
    Path("pages/a").mkdir(parents=True)
    Path("pages/a/short_clean.wav.html").mkdir()
    assert batch("in", *PAGES) == 1
    assert statuses() == {"short.wav": "failed", "top.wav": "done"} and "exists already" in reasons()
    Path("pages/a/short_clean.wav.html").rmdir()
    assert batch("in", *PAGES) == 0
    assert statuses() == {"short.wav": "done", "top.wav": "skipped"}


def test_a_page_that_fails_after_its_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """The result is there, and is known to be ours: the next run goes on with it."""
    from dap_stream.apps.batch.tasks import CleanTask
    from dap_stream.apps.files.job import Job
    from dap_stream.io.output_paths import Names
    from dap_stream.processors.chain_settings import make_chain_settings

    def full(outcome: object) -> None:
        raise OSError(28, "No space left on device", "pages/x.html")

    monkeypatch.setattr(report_page, "write_report", full)
    chain = make_chain_settings(values={"generator": "classical"})
    names = Names("in/top.wav", "out/top_clean.wav", report="pages/x.html")
    answer = worker.do_task(CleanTask(0, Job(names, chain)), lambda seconds: None)
    assert answer.error == "in/top.wav: pages/x.html: No space left on device"
    assert answer.result_state is not None and answer.beside == {"pages/x.html": None}


def test_names_that_are_no_text() -> None:
    odd = os.fsdecode(b"in/\xff <b>.wav")
    Path("in/top.wav").rename(odd)
    assert batch("in", *PAGES) == 0
    told = Path("pages/index.html").read_text()
    assert "%FF%20%3Cb%3E_clean.wav.html" in told and "&lt;b&gt;.wav" in told


def test_shards_share_the_index() -> None:
    for part in ("1/2", "2/2"):
        assert batch("in", *PAGES, "--shard", part) == 0
    assert Path("pages/index.html").read_text().count("<td>done</td>") == 2


def test_phone_recordings_are_found_and_cleaned() -> None:
    needs("ffmpeg")
    needs_package("av")
    subprocess.run(["ffmpeg", "-v", "error", "-i", "in/top.wav", "-c:a", "aac", "in/a/memo.m4a"], check=True)
    Path("in/code.ts").write_text("export const x = 1")
    assert batch("in", *PAGES) == 0
    assert statuses() == dict.fromkeys(("memo.m4a", "short.wav", "top.wav"), "done")
    assert files("rest")[0] == "a/memo_removed.m4a" and "a/memo_clean.m4a" in files("out")
    assert "memo.m4a" in Path("pages/a/memo_clean.m4a.html").read_text()


def test_without_the_extra_a_phone_recording_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    Path("in/a/memo.m4a").write_bytes(b"\0\0\0\x20ftypM4A \0\0\0\0" + bytes(100))
    assert batch("in") == 1
    assert statuses() == {"memo.m4a": "failed", "short.wav": "done", "top.wav": "done"}
    assert "pip install 'dap-stream[media]'" in reasons()
