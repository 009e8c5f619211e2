"""``dap-stream bridge install``: scripts where the host looks, and nothing of the user's lost."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from recordings import snapshot
from servers import needs

from dap_stream.apps.bridge.hosts.install import lua_string
from dap_stream.apps.bridge.hosts.places import HOSTS, host_folder, job_folder
from dap_stream.cli.main import main


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    return tmp_path


@pytest.mark.parametrize("host", sorted(HOSTS))
def test_scripts_come_and_go(host: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = host_folder(host)
    own.mkdir(parents=True)
    (own / "theirs.lua").write_text("-- of the user")
    before = snapshot(own)
    assert main(["bridge", "install", host]) == 0
    said = capsys.readouterr().out
    new = [Path(line.removeprefix("wrote ")) for line in said.splitlines() if line.startswith("wrote ")]
    assert [path.name for path in new] == [script.name for script in HOSTS[host].scripts]
    assert said.count("\n") == len(new) + 2
    for path in new:
        assert path.is_file() and path.is_relative_to(own)
        assert "@COMMAND@" not in path.read_text() and str(Path("/nowhere")) not in path.read_text()
        if path.suffix == ".lua":
            needs("luac5.4")
            subprocess.run(["luac5.4", "-p", path], check=True)
    assert main(["bridge", "install", host]) == 0  # again: its own files are replaced
    assert main(["bridge", "install", host, "--uninstall"]) == 0
    assert {name: data for name, data in snapshot(own).items() if data is not None} == before
    assert main(["bridge", "install", host, "--uninstall"]) == 0
    assert "nothing of dap-stream" in capsys.readouterr().out


def test_files_of_others_are_neither_replaced_nor_removed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = home / "there"
    folder.mkdir()
    (folder / "dap_stream_preview.lua").write_text("-- mine")
    before = snapshot(folder)
    assert main(["bridge", "install", "reaper", "--into", str(folder)]) == 1
    error = capsys.readouterr().err
    assert "dap_stream_preview.lua: is not from dap-stream" in error and error.count("\n") == 1
    assert main(["bridge", "install", "reaper", "--into", str(folder), "--uninstall"]) == 0
    assert snapshot(folder) == before


def test_without_the_host_it_says_where(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bridge", "install", "ardour"]) == 1
    error = capsys.readouterr().err
    assert "ardour7" in error and "start Ardour once, or say where with --into" in error
    assert main(["bridge", "install", "ardour", "--print"]) == 0
    assert str(host_folder("ardour") / "scripts" / "dap_stream_clean.lua") in capsys.readouterr().out
    assert snapshot(home) == {}


def test_obs_takes_the_microphone(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bridge", "install", "obs"]) == 0
    assert "dap-stream microphone up" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["pro_tools"], "there are some for reaper, audacity, ardour, obs"),
        (["reaper", "--folder", "gone"], "--folder gone: is no folder"),
        (["reaper", "--preset", "gone"], "gone"),
        ([], "HOST"),
    ],
)
def test_what_is_wrong_is_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], words: list[str], line: str
) -> None:
    host_folder("reaper").mkdir(parents=True)
    before = snapshot(home)
    assert main(["bridge", "install", *words]) == 2
    error = capsys.readouterr().err
    assert line in error and error.count("\n") == 1
    assert {name: data for name, data in snapshot(home).items() if data is not None} == {
        name: data for name, data in before.items() if data is not None
    }


def test_folders_on_other_systems() -> None:
    windows = {"HOME": "/h", "APPDATA": "/r", "LOCALAPPDATA": "/l"}
    assert host_folder("reaper", windows, "win32") == Path("/r/REAPER")
    assert host_folder("ardour", windows, "win32") == Path("/l/ardour7")
    assert host_folder("reaper", {"HOME": "/h"}, "darwin") == Path("/h/Library/Application Support/REAPER")
    assert host_folder("ardour", {"HOME": "/h"}, "darwin") == Path("/h/Library/Preferences/Ardour7")
    assert host_folder("reaper", {"HOME": "/h", "XDG_CONFIG_HOME": "/x"}, "linux") == Path("/x/REAPER")
    assert job_folder({"HOME": "/h"}, "linux") == Path("/h/.cache/dap_stream/jobs")


def test_strings_of_lua_are_what_they_were(tmp_path: Path) -> None:
    needs("lua5.4")
    text = 'C:\\new "folder"\n/ü 🎙 %d'
    script = tmp_path / "s.lua"
    script.write_text(f"io.write({lua_string(text)})", encoding="utf-8")
    assert subprocess.run(["lua5.4", script], capture_output=True, check=True).stdout == os.fsencode(text)
