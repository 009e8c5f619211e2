"""A real Ray cluster of two nodes: the same bytes as one machine, also when a worker is killed in mid-run."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from recordings import sound, write
from servers import needs_package

import dap_stream
from dap_stream.apps.batch import cluster_probe
from dap_stream.apps.batch.journal import FOLDER
from dap_stream.apps.batch.shares import shares
from dap_stream.cli.main import main

PROGRAM = Path(__file__).parents[2] / "support" / "two_nodes.py"
QUICK = ("--set", "generator=context", "--set", "steps=4")


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def results(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(Path(folder).glob("*_clean.wav"))}


def test_two_nodes_and_a_killed_worker_give_the_bytes_of_one_machine(tmp_path: Path) -> None:
    needs_package("ray")
    Path("in").mkdir()
    for i in range(3):
        write(Path(f"in/{i}.wav"), sound(1.0, seed=i))
    Path("in/bad.wav").write_text("no audio")
    Path("in/b").mkdir()
    write(Path("in/b/gone.wav"), sound(0.2))  # the shortest: the last one that is begun
    env = {
        **os.environ,
        "PYTHONPATH": str(Path(dap_stream.__file__).parents[1]),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    }
    argv = [
        "in",
        "-o",
        "cluster",
        "--table",
        "t.jsonl",
        "--report",
        "pages",
        "--profile-by",
        "folder",
        *QUICK,
    ]
    run = subprocess.run(
        [sys.executable, str(PROGRAM), "1", "in/b/gone.wav", *argv],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert "kills left: 0" in run.stdout
    rows = [json.loads(line) for line in Path("t.jsonl").read_text().splitlines()]
    assert {Path(row["input"]).name: row["status"] for row in rows} == {
        **{f"{i}.wav": "done" for i in range(3)},
        "bad.wav": "failed",
        "gone.wav": "failed",
    }
    assert "in/b/gone.wav: no such file" in next(row["reason"] for row in rows if "gone" in row["input"])
    assert [path.name for path in Path("cluster").glob(".*")] == [FOLDER], "nothing half-written"
    assert {path.name for path in Path("pages").glob("*.html")} == {"index.html"} | {
        f"{i}_clean.wav.html" for i in range(3)
    }
    assert main(["batch", "in", "-o", "local", "--jobs", "1", "--profile-by", "folder", *QUICK]) == 1
    assert results("cluster") == results("local") and len(results("local")) == 3
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


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections, and never says a word."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_of_something_else_is_one_line(
    silent_port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    needs_package("ray")
    monkeypatch.setattr(cluster_probe, "ANSWER_S", 2.0)
    write(Path("a.wav"))
    assert main(["batch", "a.wav", "-o", "out", "--cluster", f"127.0.0.1:{silent_port}"]) == 1
    err = capsys.readouterr().err
    assert f"there is no Ray cluster at 127.0.0.1:{silent_port}" in err and len(err.splitlines()) == 1


def test_auto_without_a_cluster_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that was stopped, and the address of it is still in the environment."""
    needs_package("ray")
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    monkeypatch.setattr(cluster_probe, "ANSWER_S", 2.0)
    write(Path("a.wav"))
    assert main(["batch", "a.wav", "-o", "out", "--cluster", "auto"]) == 1
    err = capsys.readouterr().err
    assert "there is no Ray cluster on this machine" in err and len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("n_cpus", "n_gpus", "jobs", "uses_gpu", "expected"),
    [
        (8, 0, None, True, (8, 0.0)),
        (8, 0, 3, True, (3, 0.0)),
        (8, 2, None, True, (8, 0.25)),
        (16, 2, None, True, (8, 0.25)),  # four at each GPU, however many CPUs there are
        (3, 2, None, True, (3, 0.25)),
        (16, 2, None, False, (16, 0.0)),
        (16, 2, 3, True, (3, 0.25)),
        (16, 2, 12, True, (12, 0.1666)),  # as many as are asked for: smaller parts
        (16, 1, 7, True, (7, 0.1428)),
        (0, 0, None, True, (1, 0.0)),
    ],
)
def test_workers_and_their_parts_of_gpus(
    n_cpus: float, n_gpus: float, jobs: int | None, uses_gpu: bool, expected: tuple[int, float]
) -> None:
    n_workers, part = shares(n_cpus, n_gpus, jobs, uses_gpu)
    assert (n_workers, part) == expected
    assert not part or n_workers <= int(n_gpus) * int(1.0 / part), "all of them fit"
