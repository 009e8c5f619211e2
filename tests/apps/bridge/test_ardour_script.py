"""The script for Ardour in Ardour's own Lua, with a real session and region; the window is a stand-in."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from host_scripts import bridges_of, installed, no_bridge_left, watched_bridge
from recordings import read, sound, write
from servers import needs

SHELL = Path(__file__).parents[2] / "support" / "ardour_regions.lua"
RATE = 48000
TICKS = 282240000  # of Ardour's clock in a second

pytestmark = pytest.mark.daw


class Ardour:
    """A session whose only region shows 0.5 s to 1.5 s of a recording in stereo, at 3 s."""

    def __init__(self, folder: Path) -> None:
        needs("ardour7-lua")
        self.folder, self.jobs, self.session = folder, folder / "jobs", folder / "demo"
        self.script = installed("ardour", folder, self.jobs) / "dap_stream_clean.lua"
        self.run("make")
        sounds = self.session / "interchange" / "demo" / "audiofiles"
        sounds.mkdir(parents=True, exist_ok=True)
        self.talks = [
            write(sounds / f"talk%{side}.wav", sound(2.0, RATE, seed=seed), RATE, "FLOAT")
            for seed, side in enumerate("LR")  # as Ardour keeps it
        ]
        position = f"a{3 * TICKS}"
        region = (
            '<Region id="9002" name="talk.1" type="audio" channels="2" muted="0" opaque="1" locked="0" '
            'whole-file="0" source-0="9001" source-1="9003" master-source-0="9001" master-source-1="9003" '
            f'start="a{TICKS // 2}" length="a{TICKS}@{position}" position="{position}" sync-position="a0"/>'
        )
        state = self.session / "demo.ardour"
        text = state.read_text()
        sources = "".join(
            f'<Source name="{talk.name}" type="audio" flags="" id="{number}" channel="0" origin=""/>'
            for number, talk in zip((9001, 9003), self.talks, strict=True)
        )
        text = text.replace("<Sources/>", f"<Sources>{sources}</Sources>")
        text = text.replace('combine-ops="0"/>', f'combine-ops="0">{region}</Playlist>')
        state.write_text(text.replace('id-counter="', 'id-counter="9'))

    def run(self, phase: str, **more: str) -> list[str]:
        """What the script said and did."""
        env = {
            **os.environ, "HOME": str(self.folder), "DAP_SESSION": str(self.session), "DAP_PHASE": phase,
            "DAP_SCRIPT": str(self.script), **more,
        }  # fmt: skip
        env.pop("XDG_CONFIG_HOME", None)
        run = subprocess.run(
            ["ardour7-lua", str(SHELL)], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=100, check=False,
        )  # fmt: skip
        assert run.returncode == 0 and "Error" not in run.stdout, run.stdout + run.stderr
        kinds = ("TYPE", "IMPORTED", "SAID", "REGION", "END")
        return [line for line in run.stdout.splitlines() if line.startswith(kinds)]


@pytest.fixture
def ardour(tmp_path: Path) -> Ardour:
    return Ardour(tmp_path)


def test_a_region_is_cleaned_and_muted(ardour: Ardour) -> None:
    with watched_bridge(ardour.folder, ardour.jobs):
        said = ardour.run("clean")
    assert said == ["TYPE EditorAction", f"IMPORTED 2 MERGED {3 * RATE}", "REGION talk.1 true", "END"]
    for number, talk in enumerate(ardour.talks, start=1):
        cleaned, before = read(ardour.session / f"imported{number}.wav")[0], read(talk)[0]
        stretch = before[RATE // 2 : RATE // 2 + RATE]
        assert cleaned.size == RATE
        assert np.corrcoef(cleaned, stretch)[0, 1] > 0.7 and np.std(cleaned) < np.std(stretch)
    assert [path.name for path in ardour.jobs.glob("*.wav")] == []


def test_a_failure_is_told_and_changes_nothing(ardour: Ardour) -> None:
    (ardour.folder / "fast.toml").write_text("no_such_setting = 1\n")
    with watched_bridge(ardour.folder, ardour.jobs):
        said = ardour.run("clean")
    assert said[1].startswith("SAID ") and "no_such_setting" in said[1]
    assert said[2:] == ["REGION talk.1 false", "END"]


def test_cancel_changes_nothing(ardour: Ardour) -> None:
    with watched_bridge(ardour.folder, ardour.jobs):
        (ardour.folder / "fast.toml").write_text('steps = 100000\nquality = "fast"\n')
        said = ardour.run("clean", DAP_CANCEL="yes")
    assert said == ["TYPE EditorAction", "REGION talk.1 false", "END"]


def test_the_script_starts_the_bridge_that_it_needs(ardour: Ardour) -> None:
    """With what the user's programs have, not with the libraries of Ardour."""
    with no_bridge_left(ardour.jobs):
        said = ardour.run("clean")
        assert said == ["TYPE EditorAction", f"IMPORTED 2 MERGED {3 * RATE}", "REGION talk.1 true", "END"]
        (pid,) = bridges_of(ardour.jobs)
        env = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        assert b"PATH=" in b"".join(env) and not any(word.startswith(b"LD_LIBRARY_PATH=") for word in env)
