"""A real Ray cluster of two nodes: the same bytes as one machine, also when a worker is killed in mid-run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from recordings import sound, write
from servers import needs_package

import dap_stream
from dap_stream.apps.batch.journal import FOLDER
from dap_stream.cli.main import main

PROGRAM = Path(__file__).parents[2] / "support" / "two_nodes.py"
QUICK = ("--set", "generator=context", "--set", "steps=12")


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def results(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(Path(folder).glob("*_clean.wav"))}


def test_two_nodes_and_a_killed_worker_give_the_bytes_of_one_machine(tmp_path: Path) -> None:
    needs_package("ray")
    Path("in").mkdir()
    for i in range(5):
        write(Path(f"in/{i}.wav"), sound(3.0, seed=i))
    Path("in/bad.wav").write_text("no audio")
    env = {
        **os.environ,
        "PYTHONPATH": str(Path(dap_stream.__file__).parents[1]),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    }
    argv = ["in", "-o", "cluster", "--table", "t.jsonl", "--profile-by", "folder", *QUICK]
    run = subprocess.run(
        [sys.executable, str(PROGRAM), "1", *argv], env=env, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert "kills left: 0" in run.stdout
    rows = [json.loads(line) for line in Path("t.jsonl").read_text().splitlines()]
    assert {Path(row["input"]).name: row["status"] for row in rows} == {
        **{f"{i}.wav": "done" for i in range(5)},
        "bad.wav": "failed",
    }
    assert [path.name for path in Path("cluster").glob(".*")] == [FOLDER], "nothing half-written"
    assert main(["batch", "in", "-o", "local", "--jobs", "2", "--profile-by", "folder", *QUICK]) == 1
    assert results("cluster") == results("local") and len(results("local")) == 5
    # The journal is the same one: here everything is done.
    assert main(["batch", *argv, "--skip-failed"]) == 0


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("127.0.0.1:1", "there is no Ray cluster at 127.0.0.1:1"),
        ("nohost.invalid:6379", "there is no Ray cluster at nohost.invalid:6379"),
        ("ray://127.0.0.1:10001", "must be auto, or HOST:PORT"),
    ],
)
def test_a_cluster_that_is_not_there(address: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    needs_package("ray")
    write(Path("a.wav"))
    assert main(["batch", "a.wav", "-o", "out", "--cluster", address]) in (1, 2)
    err = capsys.readouterr().err
    assert text in err and len(err.splitlines()) == 1


def test_without_the_extra_it_says_which(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    write(Path("a.wav"))
    assert main(["batch", "a.wav", "-o", "out", "--cluster", "auto"]) == 2
    assert "pip install 'dap-stream[ray]'" in capsys.readouterr().err
