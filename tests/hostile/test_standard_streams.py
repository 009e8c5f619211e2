"""Standard streams that are closed, full, or without a reader; Ctrl-C before anything has begun."""

from __future__ import annotations

import io
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from recordings import FAST, read, write

import dap_stream
from dap_stream.cli.main import main

COMMAND = shlex.join([sys.executable, "-m", "dap_stream"])
QUICK = shlex.join(FAST)
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(dap_stream.__file__).parents[1]))


def shell(line: str) -> subprocess.CompletedProcess[bytes]:
    """``line`` of a shell, with ``dap`` for the command."""
    script = f'dap() {{ {COMMAND} "$@"; }}; set -o pipefail; {line}'
    return subprocess.run(["bash", "-c", script], capture_output=True, check=False, timeout=120)


@needs_full
@pytest.mark.parametrize("place", [">&-", ">/dev/full", "2>&-", "<&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_every_recording_is_done_once_whatever_happens_to_text(place: str) -> None:
    before = {name: read(write(Path(name))) for name in ("a.wav", "b.wav")}
    result = shell(f"dap denoise a.wav b.wav --in-place --json {QUICK} {place}")
    assert result.returncode == 0 and b"Traceback" not in result.stderr
    assert all((read(Path(name)) != audio).any() for name, audio in before.items())
    said = [] if ">&-" in place.replace("2>&-", "") else result.stdout.splitlines()
    if place in ("2>&-", "<&-", "2>/dev/full"):
        assert [json.loads(line)["input"] for line in said] == ["a.wav", "b.wav"]
    if place == ">/dev/full":
        lost = b"warning: text on standard output was lost: No space left on device"
        assert result.stderr == b"dap-stream: 2 of 2 recordings done\ndap-stream: " + lost + b"\n"


def test_a_reader_of_the_results_that_leaves() -> None:
    write(Path("a.wav")), write(Path("b.wav"))
    result = shell(f"dap denoise a.wav b.wav -q --json {QUICK} | true")
    assert (result.returncode, result.stderr) == (0, b"")
    assert Path("a_clean.wav").exists() and Path("b_clean.wav").exists()


@needs_full
def test_what_makes_nothing_but_text_has_failed_without_it() -> None:
    write(Path("a.wav"))
    for words in ("presets", "--help", "info a.wav", "denoise a.wav --dry-run"):
        result = shell(f"dap {words} >/dev/full")
        assert result.returncode == 1, words
        assert result.stderr == b"dap-stream: error: No space left on device\n"
    assert shell("dap presets >&-").stderr == b""


def test_no_text_gets_into_the_sound() -> None:
    audio = read(write(Path("a.wav"), subtype="FLOAT"))
    audio[0, 100] = float("nan")  # makes a warning
    write(Path("a.wav"), audio, subtype="FLOAT")
    said = shell(f"dap denoise a.wav - -q {QUICK}")
    silent = shell(f"dap denoise a.wav - -q {QUICK} 2>&-")
    assert b"warning" in said.stderr and silent.returncode == 0
    assert silent.stdout == said.stdout
    assert len(soundfile.read(io.BytesIO(silent.stdout))[0]) == audio.shape[1]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (f"dap denoise a.wav - {QUICK} >&-", "standard output is closed; pipe it on, or name a file with -o"),
        (
            f"dap denoise - -o b.wav {QUICK} <&-",
            "standard input is closed; pipe audio into it, or name a file",
        ),
    ],
)
def test_sound_needs_a_stream_that_is_open(line: str, text: str) -> None:
    write(Path("a.wav"))
    result = shell(line)
    assert result.returncode == 1 and result.stderr.decode().endswith(f"{text}\n")
    assert result.stderr.count(b"\n") == 1 and sorted(os.listdir()) == ["a.wav"]


@pytest.mark.parametrize("name", ["stdout", "stderr", "stdin"])
def test_a_program_without_streams_can_call_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(Path("a.wav"))
    monkeypatch.setattr(sys, name, None)
    assert main(["denoise", "a.wav", *FAST]) == 0
    assert main(["denoise", "missing.wav"]) == 1
    assert main(["nonsense"]) == 2
    assert getattr(sys, name) is None and Path("a_clean.wav").exists()


INTERRUPTED_AT = """
import os, signal, sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
from dap_stream.cli.start import main
sys.argv[1:] = ["denoise", "a.wav"]
sys.exit(main())
"""


@pytest.mark.parametrize("module", ["dap_stream.cli.main", "argparse", "numpy", "numba", "torch"])
def test_ctrl_c_while_modules_are_imported(module: str) -> None:
    write(Path("a.wav"))
    result = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_AT.format(module=module)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode in (130, -signal.SIGINT) and "Traceback" not in result.stderr
    assert result.stderr in ("", "dap-stream: stopped by SIGINT; nothing half-written is left\n")
    assert os.listdir() == ["a.wav"]
