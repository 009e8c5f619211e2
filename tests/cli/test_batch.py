"""``dap-stream batch`` from its arguments to files, table and journal."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from recordings import FAST, read, sound, write

import dap_stream
from dap_stream.apps.batch.inputs import Inputs
from dap_stream.apps.batch.journal import DONE, FOLDER, Journal, read_journals
from dap_stream.apps.batch.run_lock import locked
from dap_stream.apps.batch.shard import Shard
from dap_stream.cli.main import main
from dap_stream.io.open_audio import open_audio

PATIENCE_S = 120.0  # only until something must have happened; nothing is asserted about time


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(dap_stream.__file__).parents[1]))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Four recordings in three folders, and a text that says it is a fifth."""
    for i, name in enumerate(("a/long", "a/short", "b/c/talk", "top")):
        path = tmp_path / "in" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, sound((1.0, 0.3, 0.4, 0.5)[i], seed=i))
    (tmp_path / "in/a/text.wav").write_text("no audio")
    return tmp_path / "in"


def batch(*argv: object, jobs: int = 1) -> int:
    own = [] if "--jobs" in argv else ["--jobs", str(jobs)]
    return main(["batch", *map(str, argv), *FAST, *own])


def rows(path: str = "t.jsonl") -> dict[str, dict[str, object]]:
    """Rows of a table by name of the recording."""
    table = [json.loads(line) for line in Path(path).read_text().splitlines()]
    return {str(row["input"]): row for row in table}


def results(folder: str | Path = "out") -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and FOLDER not in path.parts
    }


def statuses(path: str = "t.jsonl") -> dict[str, object]:
    return {name.removeprefix("in/"): row["status"] for name, row in rows(path).items()}


ALL_DONE = {"a/long.wav": "done", "a/short.wav": "done", "b/c/talk.wav": "done", "top.wav": "done"}


def test_a_tree_is_mirrored_and_one_bad_file_stops_nothing(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert batch("in", "-o", "out", "--table", "t.jsonl", jobs=2) == 1
    assert list(results()) == [
        "a/long_clean.wav",
        "a/short_clean.wav",
        "b/c/talk_clean.wav",
        "top_clean.wav",
    ]
    assert statuses() == {**ALL_DONE, "a/text.wav": "failed"}
    out, err = capsys.readouterr()
    assert "5 recordings: 4 done (0:02 of audio), 0 skipped, 1 failed" in out
    assert err.count("in/a/text.wav: not an audio file") == 1
    done = [line.split()[1] for line in out.splitlines() if line.startswith("done")]
    assert sorted(done) == sorted(f"in/{name}" for name in ALL_DONE)

    # The result is that of the single command, and a second run has nothing to do.
    assert main(["denoise", "in/top.wav", "-o", "single.wav", *FAST]) == 0
    assert Path("single.wav").read_bytes() == results()["top_clean.wav"]
    before = results()
    assert batch("in", "-o", "out", "--table", "t.jsonl") == 1
    assert statuses() == {**dict.fromkeys(ALL_DONE, "skipped"), "a/text.wav": "failed"}
    assert batch("in", "-o", "out", "--table", "t.jsonl", "--skip-failed") == 0
    assert rows()["in/a/text.wav"]["status"] == "skipped"
    assert "failed before: in/a/text.wav: not an audio file" in str(rows()["in/a/text.wav"]["reason"])
    assert results() == before


def test_what_has_changed_is_done_again_and_nothing_else(archive: Path) -> None:
    (archive / "a/text.wav").unlink()
    assert batch("in", "-o", "out") == 0
    write(archive / "top.wav", sound(0.6, seed=9))
    Path("out/b/c/talk_clean.wav").unlink()
    assert batch("in", "-o", "out", "--table", "t.jsonl") == 0
    again = {"top.wav": "done", "b/c/talk.wav": "done"}
    assert statuses() == {**dict.fromkeys(ALL_DONE, "skipped"), **again}
    assert read(Path("out/top_clean.wav")).shape[1] == 9600

    assert batch("in", "-o", "out", "--set", "denoise.reduction_db=3", "--table", "t.jsonl") == 0
    assert statuses() == ALL_DONE
    # What somebody has worked on since is not lost.
    write(Path("out/top_clean.wav"), sound(0.1))
    write(archive / "top.wav", sound(0.7, seed=9))
    mine = Path("out/top_clean.wav").read_bytes()
    same = ("in", "-o", "out", "--set", "denoise.reduction_db=3", "--table", "t.jsonl")
    assert batch(*same) == 1
    assert "has been changed since it was written" in str(rows()["in/top.wav"]["reason"])
    assert "--force" in str(rows()["in/top.wav"]["reason"])
    assert Path("out/top_clean.wav").read_bytes() == mine
    assert batch(*same, "--force") == 0
    assert rows()["in/top.wav"]["status"] == "done"


def test_files_of_others_are_not_replaced(archive: Path) -> None:
    Path("out").mkdir()
    Path("out/top_clean.wav").write_bytes(b"mine")
    assert batch("in/top.wav", "in/a/short.wav", "-o", "out", "--table", "t.jsonl") == 1
    assert "exists already" in str(rows()["in/top.wav"]["reason"])
    assert Path("out/top_clean.wav").read_bytes() == b"mine"
    assert Path("out/a/short_clean.wav").is_file()


def test_bytes_do_not_depend_on_jobs_shards_or_order(archive: Path) -> None:
    """With a network, whose sums depend on how they are split."""
    (archive / "a/text.wav").unlink()
    (archive / "a/long.wav").unlink()
    quick = ("--quality", "fast", "--set", "steps=2")
    assert main(["batch", "in", "-o", "one", "--jobs", "1", *quick]) == 0
    assert main(["batch", "in", "-o", "two", "--jobs", "2", *quick]) == 0
    for shard in ("1/2", "2/2"):
        assert main(["batch", "in", "-o", "parts", "--shard", shard, "--jobs", "1", *quick]) == 0
    assert results("one") == results("two") == results("parts") and len(results("one")) == 3


def test_shards_share_the_work_and_the_table(archive: Path) -> None:
    shards = {
        name: "1/2" if Shard(1, 2).has(name.replace(".wav", "_clean.wav")) else "2/2" for name in ALL_DONE
    }
    (archive / "a/text.wav").unlink()
    assert set(shards.values()) == {"1/2", "2/2"}
    assert batch("in", "-o", "out", "--shard", "1/2", "--table", "t.jsonl") == 0
    assert statuses() == {name: "done" if part == "1/2" else "elsewhere" for name, part in shards.items()}
    assert batch("in", "-o", "out", "--shard", "2/2", "--table", "t.jsonl") == 0
    assert statuses() == {name: "done" if part == "2/2" else "skipped" for name, part in shards.items()}
    assert batch("in", "-o", "out", "--table", "t.jsonl") == 0
    assert set(statuses().values()) == {"skipped"}
    assert len(list(Path("out", FOLDER).glob("journal-*-of-2.jsonl"))) == 2


def test_manifest_with_names_and_settings_of_its_own(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        {"input": "in/top.wav", "output": "x/y.flac", "settings": {"wet": 0.0}},
        {"input": "in/a/short.wav"},
        {"input": "in/missing.wav"},
    ]
    Path("m.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert batch("--manifest", "m.jsonl", "-o", "out", "--table", "t.csv") == 1
    assert list(results()) == ["a/short_clean.wav", "x/y.flac"]
    assert (read(Path("out/x/y.flac")) == read(archive / "top.wav")).all()
    with Path("t.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["status"] for row in table] == ["done", "done", "failed"]
    assert "missing.wav: no such file" in table[2]["reason"]
    for bad, text in (
        ({"settings": {"wett": 1}}, "unknown key 'wett'"),
        ({"output": "../out.wav"}, "must be a path in the output folder"),
        ({"profile": "missing.npz"}, "cannot read profile"),
    ):
        Path("m.jsonl").write_text(json.dumps({"input": "in/top.wav", **bad}))
        assert batch("--manifest", "m.jsonl", "-o", "new") in (1, 2)
        assert text in capsys.readouterr().err
    assert not results("new")


def test_names_that_collide_are_found_before_anything_starts(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(archive / "b/short.wav")
    assert batch("in", "-o", "out", "--name", "{stem}{ext}") == 2
    err = capsys.readouterr().err
    assert "out/short.wav: would be the result of in/a/short.wav and of in/b/short.wav" in err
    assert batch("in", "-o", "in", "--name", "{parent}/{stem}{ext}") == 2
    assert "is the recording itself" in capsys.readouterr().err
    assert not results("out")


def test_results_beside_the_recordings_are_not_cleaned_again(archive: Path) -> None:
    (archive / "a/text.wav").unlink()
    for expected in ("done", "skipped"):
        assert batch("in", "-o", "in", "--table", "t.jsonl") == 0
        assert statuses() == dict.fromkeys(ALL_DONE, expected)


def test_dry_run_writes_nothing(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert batch("in", "-o", "out", "--dry-run", "--name", "{parent}/{stem}.flac") == 0
    out, err = capsys.readouterr()
    assert not Path("out").exists()
    opened = [line.split()[1] for line in out.splitlines() if line.startswith("open")]
    assert opened == ["in/a/long.wav", "in/top.wav", "in/b/c/talk.wav", "in/a/short.wav"], "longest first"
    assert "nothing is written" in err


def test_quiet_and_json(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert batch("in/top.wav", "in/a/text.wav", "-o", "out", "-q") == 1
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1
    assert batch("in/a/short.wav", "in/a/text.wav", "-o", "out2", "--json") == 1
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["status"] for row in told] == ["failed", "done"]


@pytest.mark.parametrize(
    ("argv", "status", "text"),
    [
        (["in"], 2, "-o/--output"),
        (["in", "-o", "out", "--jobs", "0"], 2, "--jobs 0 must be at least 1"),
        (["in", "-o", "out", "--jobs", "x"], 2, "must be a whole number"),
        (["in", "-o", "out", "--name", "{nam}"], 2, "unknown field {nam}"),
        (["in", "-o", "out", "--shard", "3"], 2, "must look like 2/8"),
        (["in", "-o", "out", "--table", "t.xls"], 2, "must end in .csv or .jsonl"),
        (["--list", "l.csv", "-o", "out", "--table", "l.csv"], 2, "is the list of recordings itself"),
        (["--list", "-", "--manifest", "-", "-o", "out"], 2, "can be read only once"),
        (["in", "-o", "in/top.wav"], 1, "cannot be made"),
        (["in", "-o", "out", "--profile", "missing.npz"], 2, "of no use where nothing learns"),
        (["in", "-o", "out", "--profile-by", "folder"], 2, "of no use where nothing learns"),
        (["in", "-o", "out", "--cluster", "nowhere"], 2, "must be auto, or HOST:PORT"),
        (["empty", "-o", "out"], 1, "empty: no recordings in this folder"),
        (["-o", "out"], 1, "no recordings to clean"),
        (["in", "-o", "out", "--noise-file", "missing.wav"], 1, "missing.wav: cannot be read"),
    ],
)
def test_bad_input_is_one_line(
    archive: Path, capsys: pytest.CaptureFixture[str], argv: list[str], status: int, text: str
) -> None:
    (archive / "a/text.wav").unlink()
    Path("empty").mkdir()
    Path("l.csv").write_text("in/top.wav\n")
    assert batch(*argv) == status
    err = capsys.readouterr().err
    assert text in err and len(err.splitlines()) == 1
    assert not results("out")


def test_two_batches_in_one_folder(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with locked(Path("out"), Shard()):
        assert batch("in", "-o", "out") == 1
    assert "another batch is at work there" in capsys.readouterr().err


def test_odd_names_and_files_that_cannot_be_read(archive: Path) -> None:
    odd = os.fsdecode(b"in/b/\xff\nx.wav")
    write(Path("plain.wav")).rename(odd)
    (archive / "b/gone.wav").symlink_to("nowhere.wav")
    assert batch("in/b", "-o", "out", "--table", "t.jsonl") == 1
    assert rows()[odd]["status"] == "done"
    assert os.fsdecode(b"\xff\nx_clean.wav") in results()
    assert rows()["in/b/gone.wav"]["status"] == "failed"
    assert batch("in/b", "-o", "out", "--table", "t.jsonl") == 1
    assert rows()[odd]["status"] == "skipped"


# ---------------------------------------------------------------- stopped and killed


def start(*argv: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "dap_stream", "batch", *argv]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it should have happened by now"
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def many(n: int, seconds: float = 4.0) -> None:
    Path("in").mkdir()
    for i in range(n):
        write(Path(f"in/{i}.wav"), sound(seconds, seed=i))


def events(event: str) -> int:
    return sum(entry.event == event for entry in read_journals("out").values())


def hidden(folder: str = "out") -> list[str]:
    return [path.name for path in Path(folder).glob(".*.part")]


COSTLY: Sequence[str] = ("--set", "generator=context", "--set", "steps=12")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_after_a_kill_or_ctrl_c_the_same_command_goes_on(number: signal.Signals) -> None:
    many(3)
    run = start("in", "-o", "out", "--jobs", "1", *COSTLY)
    wait_for(lambda: events(DONE))
    workers = children(run.pid)
    run.send_signal(number)
    _, err = run.communicate()
    assert run.returncode == (-9 if number == signal.SIGKILL else 130)
    wait_for(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in workers))
    n_done = events(DONE)
    assert 1 <= n_done < 3
    if number == signal.SIGINT:
        assert b"the same command goes on from here" in err and hidden() == []
        assert err.count(b"Traceback") == 0
    assert main(["batch", "in", "-o", "out", "--jobs", "1", *COSTLY, "--table", "t.jsonl"]) == 0
    assert list(statuses().values()).count("skipped") == n_done
    assert list(statuses().values()).count("done") == 3 - n_done
    assert hidden() == []
    if number == signal.SIGKILL:
        assert main(["denoise", "in/2.wav", "-o", "whole.wav", *COSTLY, "-q"]) == 0
        assert Path("whole.wav").read_bytes() == results()["2_clean.wav"]


def test_a_full_disk_is_told_and_leaves_the_journal_whole(archive: Path, tmp_path: Path) -> None:
    """A limit of the size of files stands for the disk: what is long fails, what is short does not."""
    (archive / "a/text.wav").unlink()
    command = f"ulimit -f 20; exec {sys.executable} -m dap_stream batch in -o out --jobs 1 {' '.join(FAST)}"
    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "in/a/long.wav" in run.stderr and "File too large" in run.stderr, run.stderr
    assert "Traceback" not in run.stderr
    assert "a/short_clean.wav" in results() and "a/long_clean.wav" not in results()
    assert hidden("out/a") == []
    assert batch("in", "-o", "out", "--table", "t.jsonl") == 0
    assert rows()["in/a/long.wav"]["status"] == "done" and rows()["in/a/short.wav"]["status"] == "skipped"


def test_a_journal_that_cannot_be_written_ends_the_run(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("out", FOLDER).mkdir(parents=True)
    Path("out", FOLDER, "journal.jsonl").symlink_to("/dev/full")
    assert batch("in", "-o", "out") == 1
    err = capsys.readouterr().err
    assert "the journal cannot be written (No space left on device)" in err and "Traceback" not in err
    assert not results()


def test_thousands_of_small_files_are_looked_at_in_one_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each header is opened once, and nothing at all of what is done already."""
    Path("in").mkdir()
    data = write(Path("one.wav"), sound(0.05)).read_bytes()
    for i in range(2000):
        Path(f"in/{i}.wav").write_bytes(data)
    opened = 0
    from dap_stream.apps.batch import plan

    def counted(path: str) -> object:
        nonlocal opened
        opened += 1
        return open_audio(path)

    monkeypatch.setattr("dap_stream.apps.batch.plan.open_audio", counted)
    assert batch("in", "-o", "out", "--dry-run", "-q") == 0
    assert opened == 2000
    wanted = plan.Wanted(Inputs(["in"]), Path("out"))
    items = plan.make_plan(wanted).items
    from dap_stream.apps.batch.run import _entry

    Path("out").mkdir()
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    with Journal(Path("out")) as journal:
        for item in items:
            Path(item.names.output).touch()
            journal.write(_entry(item, DONE))
    opened = 0
    assert {item.status for item in plan.make_plan(wanted).items} == {"skipped"}
    assert opened == 0
