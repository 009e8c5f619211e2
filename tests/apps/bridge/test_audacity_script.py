"""The script for Audacity with a real Audacity on a screen that nobody sees, and a real bridge."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from audacity_program import audacity_program
from host_scripts import installed
from recordings import read, sound, write

RATE = 16000


def load(scripts: Path) -> ModuleType:
    """The script as a module, with the client that was installed beside it."""
    sys.path.insert(0, str(scripts))
    try:
        spec = importlib.util.spec_from_file_location(
            "dap_stream_audacity", scripts / "dap_stream_audacity.py"
        )
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(scripts))


class Host:
    """A running Audacity, and the script of ours."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scripts = installed("audacity", folder, folder / "jobs")
        self.module = load(self.scripts)
        self.audacity: Any = None

    def begin(self, *recordings: Path) -> None:
        """An empty project with these."""
        if self.audacity.info("Tracks"):
            self.audacity.ask("SelectAll:")
            self.audacity.ask("RemoveTracks:")
        for recording in recordings:
            self.audacity.ask(f'Import2: Filename="{recording}"')

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        """The script as a user runs it, while nobody else has the pipe."""
        self.audacity.close()
        dap = self.folder / "dap-stream"
        dap.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dap_stream "$@"\n')
        dap.chmod(0o755)
        env = {**os.environ, "DAP_STREAM": str(dap), "PYTHONPATH": str(Path(__file__).parents[3])}
        command = [sys.executable, str(self.scripts / "dap_stream_audacity.py"), "--timeout", "30", *options]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=110, check=False)
        self.audacity = self.module.Audacity()
        return done

    def tracks(self) -> list[tuple[str, bool]]:
        return [(track["name"], bool(track.get("mute"))) for track in self.audacity.info("Tracks")]

    def saved(self, track: int, seconds: float) -> np.ndarray[Any, Any]:
        """What a track has from 0 on, exactly, as ``[channels, samples]``."""
        self.module.select_sound(self.audacity, 0.0, seconds, track)
        folder = self.folder / f"saved{time.monotonic_ns()}"
        folder.mkdir()
        (part,) = self.module.save_selection(self.audacity, str(folder))
        return read(Path(part["path"]))


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("audacity")
    host = Host(folder)
    with audacity_program(folder / "home"):
        host.audacity = host.module.Audacity(90.0, start_s=90.0)
        host.audacity.info("Tracks")
        yield host
        host.audacity.close()


# First, while none runs.
@pytest.mark.daw
def test_without_audacity_it_says_so(tmp_path: Path) -> None:
    module = load(installed("audacity", tmp_path, tmp_path / "jobs"))
    if Path(f"/tmp/audacity_script_pipe.to.{os.getuid()}").exists():
        pytest.skip("an Audacity runs here")
    with pytest.raises(module.AudacityError, match="start it, and enable mod-script-pipe"):
        module.Audacity(0.2, start_s=0.2)


@pytest.mark.daw
def test_a_selection_comes_back_clean_in_its_place(host: Host) -> None:
    talk = write(host.folder / "talk.wav", sound(3.0), subtype="FLOAT")
    music = write(host.folder / "music.wav", sound(2.0, channels=2, seed=5), subtype="FLOAT")
    host.begin(music, talk)
    host.audacity.ask("SelectTime: Start=1.75 End=1.75 RelativeTo=ProjectStart")
    host.audacity.ask("AddLabel:")
    labels = host.audacity.info("Labels")
    host.module.select_sound(host.audacity, 0.5, 2.0, 1)
    done = host.run("--preset", str(host.folder / "fast.toml"))
    assert (done.returncode, done.stdout) == (0, "cleaned 1 track\n"), done.stderr
    before, after = read(talk)[0], host.saved(1, 3.0)[0]
    first, last = RATE // 2, 2 * RATE
    assert after.size == before.size
    np.testing.assert_array_equal(after[:first], before[:first])  # exactly, the way there and back
    np.testing.assert_array_equal(after[last:], before[last:])
    assert 0.05 < np.std(after[first:last] - before[first:last]) / np.std(before[first:last]) < 0.9
    np.testing.assert_array_equal(host.saved(0, 2.0), read(music))
    assert host.audacity.info("Labels") == labels
    name, is_muted = host.tracks()[-1]
    assert (name, is_muted) == ("before dap_stream", True)
    old = host.saved(len(host.tracks()) - 1, 2.0)[0]
    np.testing.assert_array_equal(old[first:last], before[first:last])


@pytest.mark.daw
def test_stereo_and_several_tracks_are_replaced(host: Host) -> None:
    recordings = [
        write(host.folder / f"t{n}.wav", sound(2.0, channels=n, seed=n), subtype="FLOAT") for n in (2, 1)
    ]
    host.begin(*recordings)
    host.module.select_sound(host.audacity, 0.0, 2.0, 0, 2)
    done = host.run("--replace", "--preset", str(host.folder / "fast.toml"))
    assert (done.returncode, done.stdout) == (0, "cleaned 2 tracks\n"), done.stderr
    assert [name for name, _ in host.tracks()] == ["t2", "t1"]
    selected = [track["selected"] for track in host.audacity.info("Tracks")]
    assert selected == [1, 1]
    for number, recording in enumerate(recordings):
        after, before = host.saved(number, 2.0), read(recording)
        assert after.shape == before.shape
        assert 0.05 < np.std(after - before) / np.std(before) < 0.9


@pytest.mark.daw
def test_what_is_wrong_is_one_line_and_changes_nothing(host: Host) -> None:
    talk = write(host.folder / "again.wav", sound(1.0), subtype="FLOAT")
    host.begin(talk)
    host.audacity.ask("SelectNone:")
    done = host.run()
    assert done.returncode == 1 and "no sound is selected" in done.stderr and done.stderr.count("\n") == 1
    host.module.select_sound(host.audacity, 0.0, 1.0, 0)
    done = host.run("--preset", "nothing_of_this_name")
    assert done.returncode == 1 and "nothing_of_this_name" in done.stderr and done.stderr.count("\n") == 1
    np.testing.assert_array_equal(host.saved(0, 1.0), read(talk))
    with pytest.raises(host.module.AudacityError, match="NoSuchCommand"):
        host.audacity.ask("NoSuchCommand:")
