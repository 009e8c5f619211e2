"""Trials of each kind: an input that a seed makes, a run, and what it broke."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import soundfile

from bench.hostile import inputs, rules
from bench.hostile.forked import Forked, Run

CLASSICAL = ("--set", "generator=classical")
LEARNING = ("--generator", "context", "--steps", "2")  # it takes profiles
SET = ("b.wav", "r.wav")  # written together


@dataclass(frozen=True)
class Trial:
    """One of them, by the seed that makes it again."""

    kind: str
    seed: int
    what: str
    run: Run
    faults: tuple[str, ...]


MakeTrial: TypeAlias = Callable[[Forked, int], Trial]
"""A trial in the folder of the process, from its seed."""


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_mount():
            shutil.rmtree(path)
        elif not path.is_dir():
            path.unlink()


@dataclass
class Containers:
    """Audio files that are damaged, of every container."""

    def __post_init__(self) -> None:
        self._recordings = inputs.recordings()
        self._others = [recording.data for recording in self._recordings]

    def __call__(self, forked: Forked, seed: int) -> Trial:
        rng = random.Random(seed)
        chosen = self._recordings[seed % len(self._recordings)]
        folder = forked.folder
        _empty(folder)
        source = folder / f"a.{chosen.suffix}"
        source.write_bytes(inputs.changed(chosen.data, rng, self._others))
        way = rng.choice(("file", "file", "in place", "removed", "pipe"))
        before = rules.files_in(folder)
        stdin = source.read_bytes() if way == "pipe" else None
        name, options, targets = {
            "file": (source.name, ("-o", "b.wav"), ("b.wav",)),
            "in place": (source.name, ("--in-place",), (source.name,)),
            "removed": (source.name, ("-o", "b.wav", "--removed", "r.wav"), SET),
            "pipe": ("-", ("-o", "b.wav"), ("b.wav",)),
        }[way]
        run = forked.run(["denoise", name, *options, *CLASSICAL], stdin)
        after = rules.files_in(folder)
        faults = rules.broken(run) + rules.broken_by_files(run, before, after, targets)
        if way == "in place":
            (folder / "old").mkdir()
            (folder / "old" / source.name).write_bytes(before[source.name])
            faults += rules.silent_loss(run, folder / "old" / source.name, source)
        elif way != "pipe":
            faults += rules.silent_loss(run, source, folder / "b.wav")
        return Trial("audio files", seed, f"{chosen.kind}, {way}", run, tuple(faults))


def _recording(folder: Path) -> bytes:
    soundfile.write(folder / "a.wav", inputs.tone(), inputs.RATE)
    return (folder / "a.wav").read_bytes()


def command_lines(forked: Forked, seed: int) -> Trial:
    """Options as they should not be."""
    _empty(forked.folder)
    _recording(forked.folder)
    before = rules.files_in(forked.folder)
    argv = inputs.command_line(random.Random(seed))
    run = forked.run([*argv, *CLASSICAL])
    faults = rules.broken(run)
    if run.status:
        faults += rules.broken_by_files(run, before, rules.files_in(forked.folder), ())
    return Trial("command lines", seed, " ".join(argv)[:80], run, tuple(faults))


def raw_formats(forked: Forked, seed: int) -> Trial:
    """Bytes from a pipe, and a format for them."""
    _empty(forked.folder)
    rng = random.Random(seed)
    text = inputs.raw_format(rng)
    argv = ["denoise", "-", "-o", "b.wav", f"--raw={text}", *CLASSICAL]
    run = forked.run(argv, rng.randbytes(rng.randrange(0, 9000)))
    faults = rules.broken(run) + rules.broken_by_files(run, {}, rules.files_in(forked.folder), ("b.wav",))
    return Trial("raw formats", seed, text[:80], run, tuple(faults))


def presets(forked: Forked, seed: int) -> Trial:
    """Files of settings."""
    _empty(forked.folder)
    _recording(forked.folder)
    text = inputs.preset(random.Random(seed))
    (forked.folder / "p.toml").write_text(text)
    before = rules.files_in(forked.folder)
    run = forked.run(["denoise", "a.wav", "-o", "b.wav", "--preset", "./p.toml", *CLASSICAL])
    faults = rules.broken(run) + rules.broken_by_files(run, before, rules.files_in(forked.folder), ("b.wav",))
    return Trial("presets", seed, repr(text[:60]), run, tuple(faults))


@dataclass
class Profiles:
    """Files of weights."""

    _profile: bytes = b""

    def __call__(self, forked: Forked, seed: int) -> Trial:
        folder = forked.folder
        _empty(folder)
        _recording(folder)
        if not self._profile:
            made = forked.run(["denoise", "a.wav", "-o", "b.wav", "--save-profile", "p.npz", *LEARNING])
            assert made.status == 0, made.err
            self._profile = (folder / "p.npz").read_bytes()
            (folder / "b.wav").unlink()
        data = bytearray(self._profile)
        rng = random.Random(seed)
        if rng.random() < 0.5:  # the directory of the archive is at its end
            for _ in range(rng.choice((1, 2, 8))):
                data[-rng.randrange(1, 600)] = rng.randrange(256)
            data = bytearray(data)
        else:
            data = bytearray(inputs.changed(bytes(data), rng, [self._profile]))
        (folder / "p.npz").write_bytes(data)
        before = rules.files_in(folder)
        run = forked.run(["denoise", "a.wav", "-o", "b.wav", "--profile", "p.npz", *LEARNING])
        faults = rules.broken(run) + rules.broken_by_files(run, before, rules.files_in(folder), ("b.wav",))
        return Trial("profiles", seed, f"{len(data)} bytes", run, tuple(faults))


@dataclass
class Kills:
    """Ends at a rename or link, and at any moment, while two files are replaced together."""

    _lasts: float = 0.0
    _new: dict[str, bytes] | None = None

    def __call__(self, forked: Forked, seed: int) -> Trial:
        rng = random.Random(seed)
        folder = forked.folder
        argv = ["denoise", "a.wav", "-o", "b.wav", "--removed", "r.wav", "--force", *CLASSICAL]
        old = self._prepare(folder)
        if self._new is None:
            done = forked.run(argv)
            assert done.status == 0, done.err
            self._lasts, self._new = done.seconds, rules.files_in(folder)
            self._prepare(folder)
        number = rng.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
        if rng.random() < 0.5:
            what = f"signal {number:d} at call {(at := rng.randrange(4))}"
            run = forked.run(argv, environment={"DAP_STREAM_TEST_SIGNAL": f"{number:d}:{at}:3"})
        else:
            after_s = rng.uniform(0.1, 1.05) * self._lasts
            what = f"signal {number:d} after {after_s * 1000:.0f} ms"
            run = forked.run(argv, kill=(number, after_s))
            self._lasts *= 1.02 if run.status else 0.9  # most are to come before it ends by itself
        faults = [fault for fault in rules.broken(run) if fault == "hang" or "traceback" in fault]
        mended = forked.run(["denoise", "a.wav", "-o", "next.wav", *CLASSICAL])
        faults += rules.broken(mended)
        (folder / "next.wav").unlink(missing_ok=True)
        if rules.files_in(folder) not in (old, self._new):
            faults.append("neither the old files nor the new ones")
        return Trial("kills", seed, what, run, tuple(faults))

    def _prepare(self, folder: Path) -> dict[str, bytes]:
        _empty(folder)
        _recording(folder)
        for name in SET:
            (folder / name).write_text(f"old {name}")
        return rules.files_in(folder)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """A disk in memory; None where nobody may mount one."""
    disk = folder / "disk"
    disk.mkdir(exist_ok=True)
    argv = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    may = hasattr(os, "geteuid") and subprocess.run(argv, capture_output=True, check=False).returncode == 0
    try:
        yield disk if may else None
    finally:
        if may:
            subprocess.run(["umount", str(disk)], check=True)


def full_disks(forked: Forked, seed: int) -> Trial:
    """A disk of a few pages, on which two old files stand and new ones have no room, or just have it."""
    rng = random.Random(seed)
    disk = forked.folder / "disk"
    for path in disk.iterdir():
        path.unlink()
    _recording(forked.folder)
    n_pages = rng.randrange(3, 12)
    page = os.sysconf("SC_PAGE_SIZE")
    subprocess.run(["mount", "-o", f"remount,size={n_pages * page}", str(disk)], check=True)
    for name in SET:
        (disk / name).write_text(f"old {name}")
    before = rules.files_in(disk)
    targets = [f"disk/{name}" for name in SET]
    extra = ("--save-profile", "disk/p.npz", *LEARNING) if rng.random() < 0.2 else CLASSICAL
    argv = ["denoise", "a.wav", "-o", targets[0], "--removed", targets[1], "--force", *extra]
    run = forked.run(argv)
    after = rules.files_in(disk)
    faults = rules.broken(run)
    if run.status:
        faults += rules.broken_by_files(run, before, after, ())
    elif not all(name in after and soundfile.info(disk / name).frames == inputs.N_SAMPLES for name in SET):
        faults.append("a result that is not whole")
    return Trial("full disks", seed, f"{n_pages} pages", run, tuple(faults))
