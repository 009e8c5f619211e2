"""Compiled kernels are kept where that can be; whatever happens to their files, the work is done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from recordings import FAST, write

import dap_stream
from dap_stream.core.version import __version__

ROOT = Path(dap_stream.__file__).parents[1]
ADD = """
import numpy as np
from dap_stream.core import kernel_cache
from dap_stream.dsp.stft_kernels import overlap_add
out = np.zeros(3, np.float32)
overlap_add(np.ones((2, 2), np.float32), np.ones(2, np.float32), 1, out)
assert out.tolist() == [1.0, 2.0, 1.0]
hits = sum(overlap_add.stats.cache_hits.values())
print(hits, kernel_cache.problem())
"""


def start(code: str = ADD, **environment: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    environment = {**kept, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    return out.strip()


def added(code: str = ADD, **environment: str) -> str:
    """Whether a kernel was found, and why none is kept, after it did its sum."""
    return ended(start(code, **environment))


def kept_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.kernel"))


def test_kept_in_a_folder_of_this_version_and_found_again(tmp_path: Path) -> None:
    assert added(XDG_CACHE_HOME=str(tmp_path)) == "0 None"
    (file,) = kept_in(tmp_path / "dap_stream" / __version__)
    assert added(XDG_CACHE_HOME=str(tmp_path)) == "1 None"
    assert (tmp_path / "dap_stream" / __version__).stat().st_mode & 0o077 == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]


def test_the_users_folder_for_all_of_numba_wins(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    assert added(XDG_CACHE_HOME=str(ours), NUMBA_CACHE_DIR=str(theirs)) == "0 None"
    assert len(kept_in(theirs)) == 1 and not ours.exists()


def test_without_a_place_to_write_it_is_compiled_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = str(tmp_path / "file")
    assert added(XDG_CACHE_HOME=place).startswith(f"0 {place}/dap_stream/{__version__}: Not a directory")
    assert added(NUMBA_CACHE_DIR=place).startswith(f"0 {place}: File exists")
    assert added(XDG_CACHE_HOME="", HOME="/proc/none").startswith("0 /proc/none/.cache/")


def test_a_full_disk(tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
    assert added(limit + ADD, XDG_CACHE_HOME=str(tmp_path)).endswith("File too large")
    # It fills up after there was a look whether it had room: the kernels then stay in memory.
    late = ADD.replace("out =", f"kernel_cache.problem(); {limit}out =")
    assert added(late, XDG_CACHE_HOME=str(tmp_path)) == "0 None"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert added(XDG_CACHE_HOME=str(tmp_path)) == "0 None" and len(kept_in(tmp_path)) == 1


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give files away")
def test_a_strangers_folder_is_not_trusted(tmp_path: Path) -> None:
    assert added(XDG_CACHE_HOME=str(tmp_path)) == "0 None"
    os.chown(tmp_path / "dap_stream" / __version__, 12345, 12345)
    assert added(XDG_CACHE_HOME=str(tmp_path)).endswith("belongs to another user")
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 12345, 12345)
    assert added(XDG_CACHE_HOME="", HOME=str(home)).endswith("belongs to another user")
    assert list(home.iterdir()) == []


def test_a_damaged_file_is_thrown_away_and_made_anew(tmp_path: Path) -> None:
    added(XDG_CACHE_HOME=str(tmp_path))
    (file,) = kept_in(tmp_path)
    whole = file.read_bytes()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    for damaged in (b"", whole[:1000], flipped):
        file.write_bytes(damaged)
        assert added(XDG_CACHE_HOME=str(tmp_path)) == "0 None"
        assert kept_in(tmp_path) == [file] and file.read_bytes() != damaged
    assert added(XDG_CACHE_HOME=str(tmp_path)) == "1 None"


def test_first_runs_at_once(tmp_path: Path) -> None:
    runs = [start(XDG_CACHE_HOME=str(tmp_path)) for _ in range(3)]
    assert all(ended(run).endswith("None") for run in runs)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
    assert added(XDG_CACHE_HOME=str(tmp_path)) == "1 None"


def test_the_command_says_why_each_run_compiles(tmp_path: Path) -> None:
    write(tmp_path / "a.wav")
    code = f"from dap_stream.cli.main import main; raise SystemExit(main(['denoise', 'a.wav', *{FAST}]))"
    process = start(f"import os; os.chdir({str(tmp_path)!r}); {code}", XDG_CACHE_HOME=str(tmp_path / "a.wav"))
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0 and out.startswith("a.wav -> a_clean.wav")
    assert "compiling kernels (at each run: none can be kept, " in err
    assert "Not a directory; some seconds" in err and err.count("\n") == 1


def test_a_repair_says_so_at_the_first_run_alone(tmp_path: Path) -> None:
    write(tmp_path / "a.wav")
    arguments = ["repair", "a.wav", "--gaps", "--detect"]
    code = f"from dap_stream.cli.main import main; raise SystemExit(main({arguments}))"
    for is_first in (True, False):
        process = start(f"import os; os.chdir({str(tmp_path)!r}); {code}", XDG_CACHE_HOME=str(tmp_path))
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0
        assert ("compiling kernels (first run on this machine; " in err) == is_first, err


def test_all_kernels_are_compiled_in_one_place() -> None:
    package = ROOT / "dap_stream"
    users = [
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if "numba.njit" in path.read_text() or "cache=True" in path.read_text()
    ]
    assert users == ["core/jit.py"]
