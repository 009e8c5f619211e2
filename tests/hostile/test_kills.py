"""Killed, stopped, without room: a target is the old one or the new one, whole, and a set is never mixed."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from recordings import FAST, read, snapshot, sound, write

import dap_stream
from dap_stream.apps.files.clean import clean
from dap_stream.apps.files.job import Job, JobCallbacks
from dap_stream.cli.main import main
from dap_stream.core.render import Progress
from dap_stream.errors import OutputError
from dap_stream.io.growing_wav import HEAD_BYTES
from dap_stream.io.output_paths import Names
from dap_stream.processors.chain_settings import make_chain_settings

HOOK = Path(__file__).parents[1] / "support" / "kill_hook"
SEED = 20240229
PATIENCE_S = 120.0


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HOOK), str(Path(dap_stream.__file__).parents[1])]))
    write(Path("a.wav"))
    Path("other").mkdir()


@dataclass(frozen=True)
class Set:
    """What a run writes, what is there before, and the renames and links it takes."""

    options: tuple[str, ...]
    targets: tuple[str, ...]
    is_old: bool
    n_calls: int

    def prepare(self) -> None:
        for name in self.targets:
            Path(name).unlink(missing_ok=True)
            if self.is_old and name.endswith(".npz"):
                Path(name).write_bytes(PROFILE)
            elif self.is_old:
                Path(name).write_text(f"old {name}")

    def found(self) -> list[bytes | None]:
        return [Path(name).read_bytes() if Path(name).exists() else None for name in self.targets]

    def run(self, **environment: str) -> subprocess.Popen[bytes]:
        command = self.options if self.options[0] == "live" else ("denoise", "a.wav", *self.options)
        return subprocess.Popen(
            [sys.executable, "-m", "dap_stream", *command],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


PROFILE = b""  # an old one, made by the test

SETS = {
    "all new": Set(("-o", "b.wav", "--removed", "r.wav", *FAST), ("b.wav", "r.wav"), False, 2),
    "in two folders": Set(
        ("-o", "b.wav", "--removed", "other/r.wav", "--force", *FAST), ("b.wav", "other/r.wav"), True, 3
    ),
    "with a profile": Set(
        ("-o", "b.wav", "--removed", "r.wav", "--force", "--save-profile", "p.npz", "--steps", "2"),
        ("b.wav", "r.wav", "p.npz"),
        True,
        5,
    ),
    "live, with a profile": Set(
        ("live", "--simulate", "a.wav", "b.wav", "--no-ui", "--force", "--save-profile", "p.npz"),
        ("b.wav", "p.npz"),
        True,
        3,
    ),
}


def parts() -> list[str]:
    return [name for name in snapshot(Path()) if name.endswith(".part")]


def an_old_profile() -> bytes:
    assert main(["denoise", "a.wav", "-o", "x.wav", "--save-profile", "x.npz", "--steps", "1", "-q"]) == 0
    Path("x.wav").unlink()
    data = Path("x.npz").read_bytes()
    Path("x.npz").unlink()
    return data


@pytest.fixture(params=SETS)
def case(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Set:
    chosen = SETS[request.param]
    if "p.npz" in chosen.targets:
        if chosen.options[0] == "live":
            write(Path("a.wav"), sound(4.0))  # long enough for something to be learned
        monkeypatch.setitem(globals(), "PROFILE", an_old_profile())
    return chosen


def test_kill_9_at_every_rename_and_link(case: Set) -> None:
    case.prepare()
    old = case.found()
    process = case.run(DAP_STREAM_TEST_CALLS="calls")
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err.decode()
    new = case.found()
    assert None not in new and not set(new) & set(old)
    assert len(Path("calls").read_text().split()) == case.n_calls, "a kill at each of them is what is tested"
    n_mixed = 0
    for at in range(case.n_calls + 1):
        case.prepare()
        process = case.run(DAP_STREAM_TEST_SIGNAL=f"9:{at}:{case.n_calls}")
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == -signal.SIGKILL
        found = case.found()
        assert all(each in (one, other) for each, one, other in zip(found, old, new, strict=True)), at
        n_mixed += found not in (old, new)
        for folder in {Path(name).parent for name in case.targets}:
            assert main(["denoise", "a.wav", "-o", str(folder / "next.wav"), "--force", "-q", *FAST]) == 0
        assert case.found() == (old if found == old else new), "what was begun is completed by the next run"
        assert parts() == []
    assert n_mixed >= len(case.targets) - 1, "between two files that take their places"


def test_signals_at_every_rename_and_link_wait() -> None:
    case = SETS["in two folders"]
    rng = random.Random(SEED)
    results = []
    for at in range(case.n_calls + 1):
        case.prepare()
        number = rng.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
        process = case.run(DAP_STREAM_TEST_SIGNAL=f"{number:d}:{at}:{case.n_calls}")
        _, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 128 + number, err.decode()
        results.append(case.found())
        assert parts() == []
    assert all(each == results[0] for each in results) and read(Path("b.wav")).shape == (1, 16000)


def test_signals_at_random_moments() -> None:
    case = SETS["in two folders"]
    case.prepare()
    old = case.found()
    began = time.monotonic()
    case.run().communicate(timeout=PATIENCE_S)
    lasts = time.monotonic() - began
    new = case.found()
    rng = random.Random(SEED)
    for _ in range(6):
        case.prepare()
        process = case.run()
        time.sleep(rng.uniform(0.5, 1.0) * lasts)
        process.send_signal(rng.choice([signal.SIGINT, signal.SIGTERM, signal.SIGKILL]))
        process.communicate(timeout=PATIENCE_S)
        assert main(["denoise", "a.wav", "-o", "next.wav", "--force", "-q", *FAST]) == 0
        assert main(["denoise", "a.wav", "-o", "other/next.wav", "--force", "-q", *FAST]) == 0
        assert case.found() in (old, new) and parts() == []


def test_two_runs_with_one_target() -> None:
    """Of two that begin while it is not there, one writes it, and the other one says so."""
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "dap_stream", "denoise", "-", "-o", "b.wav", *FAST],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    data = Path("a.wav").read_bytes()
    for process in runs:
        assert process.stdin is not None
        process.stdin.write(data[:20000])
        process.stdin.flush()
    end = time.monotonic() + PATIENCE_S
    while len(parts()) < 2:
        assert time.monotonic() < end, "both should have begun by now"
        time.sleep(0.02)
    said = [process.communicate(data[20000:], timeout=PATIENCE_S)[1].decode() for process in runs]
    assert [process.returncode for process in runs] == [0, 1]
    error = "b.wav: has appeared meanwhile; choose another name, or say --force to replace it"
    assert said[1] == f"dap-stream: error: {error}\n"
    assert sorted(snapshot(Path())) == ["a.wav", "b.wav", "other"]


# ---------------------------------------------------------------- disks


@contextmanager
def small_disk(n_bytes: int) -> Iterator[Path]:
    disk = Path("disk")
    disk.mkdir()
    options = f"size={n_bytes}"
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], capture_output=True, check=False
    ).returncode:
        pytest.skip("a small disk needs the right to mount")
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_disk_without_room_for_the_profile_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    page = resource.getpagesize()
    pages_each = -(-Path("a.wav").stat().st_size // page)
    with small_disk((4 * pages_each + 3) * page) as disk:
        for name in ("b.wav", "r.wav"):
            write(disk / name)
        before = snapshot(disk)
        argv = ["denoise", "a.wav", "-o", "disk/b.wav", "--removed", "disk/r.wav", "--steps", "2", "--force"]
        assert main([*argv, "--save-profile", "disk/p.npz", "-q"]) == 1
        assert snapshot(disk) == before
        assert "cannot write profile disk/p.npz: No space left" in capsys.readouterr().err
        assert main([*argv, "-q"]) == 0
        assert snapshot(disk).keys() == before.keys() and snapshot(disk) != before


def test_a_disk_without_room_for_a_plan_still_takes_the_results() -> None:
    page = resource.getpagesize()
    with small_disk(64 * page) as disk:
        argv = ["denoise", "a.wav", "-o", "disk/b.wav", "--removed", "disk/r.wav", "-q", *FAST]
        assert main(argv) == 0
        needed = sum(-(-path.stat().st_size // page) for path in disk.iterdir())
        new = snapshot(disk)
        for name in new:
            (disk / name).write_text("old")
        (disk / "full").write_bytes(bytes((64 - 2 - needed - 1) * page))
        assert main([*argv, "--force"]) == 0
        assert {name: snapshot(disk)[name] for name in new} == new and len(snapshot(disk)) == 3


def test_an_old_take_stays_where_there_is_no_room_for_a_new_one(capsys: pytest.CaptureFixture[str]) -> None:
    """It was cut to nothing before the disk was asked."""
    with small_disk(16 * resource.getpagesize()) as disk:
        for name in ("t.wav", "t_dry.wav"):
            (disk / name).write_bytes(b"a take that cannot be done again")
        before = snapshot(disk)
        argv = ["live", "--simulate", "a.wav", "b.wav", "--no-ui", "--record", "disk/t.wav", *FAST]
        assert main([*argv, "--force"]) == 1
        assert "t.wav: writing failed (No space left on device)" in capsys.readouterr().err
        assert snapshot(disk) == before
        subprocess.run(["mount", "-o", "remount,size=2m", disk], check=True)
        assert main([*argv, "--force"]) == 0
        assert {path.name for path in disk.iterdir()} == {"t.wav", "t_dry.wav"}
        assert (disk / "t.wav").stat().st_size == HEAD_BYTES + 4 * read(disk / "t.wav").shape[1]


def test_in_place_keeps_what_belongs_to_the_file() -> None:
    Path("a.wav").chmod(0o600)
    if os.geteuid() == 0:
        os.chown("a.wav", 1234, 4321)
    before = os.stat("a.wav")
    assert main(["denoise", "a.wav", "--in-place", "-q", *FAST]) == 0
    after = os.stat("a.wav")
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert after.st_ino != before.st_ino
    os.link("a.wav", "b.wav")
    assert main(["denoise", "a.wav", "--in-place", "-q", *FAST]) == 1
    assert os.stat("a.wav").st_nlink == 2


def test_a_recording_that_is_changed_while_it_is_cleaned_stays_as_it_is_then() -> None:
    chain = make_chain_settings(values={"generator": "classical"})

    def change(progress: Progress) -> None:
        Path("a.wav").write_text("edited")

    with pytest.raises(OutputError, match=r"^a\.wav: was changed while it was cleaned; clean it again$"):
        clean(Job(Names("a.wav", "a.wav", in_place=True), chain), JobCallbacks(cleaning=change))
    assert Path("a.wav").read_text() == "edited" and parts() == []


def test_what_is_no_file_is_refused_before_anything_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo("x.wav")
    os.mkfifo("x.npz")
    long = sound(1.0)
    write(Path("long.wav"), long)
    for argv in (
        ["denoise", "long.wav", "-o", "x.wav"],
        ["denoise", "long.wav", "-o", "b.wav", "--removed", "x.wav"],
        ["denoise", "long.wav", "-o", "b.wav", "--save-profile", "x.npz"],
        ["live", "--simulate", "long.wav", "x.wav", "--no-ui"],
        ["live", "--simulate", "long.wav", "b.wav", "--no-ui", "--record", "x.wav"],
        ["live", "--simulate", "long.wav", "b.wav", "--no-ui", "--save-profile", "x.npz"],
    ):
        for force in ([], ["--force"]):
            assert main([*argv, *force]) == 1
            err = capsys.readouterr().err
            assert err.count("\n") == 1 and ": is a named pipe, which no file replaces; choose another" in err
    assert main(["denoise", "long.wav", "-o", "/dev/null", "--force"]) == 1
    assert "/dev/null: is a device" in capsys.readouterr().err
    assert sorted(snapshot(Path())) == ["a.wav", "long.wav", "other", "x.npz", "x.wav"]
