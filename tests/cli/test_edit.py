"""`dap-stream edit` as a host calls it: in place, one at a time, and 0 only when it is done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from recordings import FAST, read, snapshot, sound, write

from dap_stream.cli.main import main
from dap_stream.errors import OutputError
from dap_stream.io.edit_lock import edited_alone

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_all_but_the_samples_stays(tmp_path: Path, subtype: str) -> None:
    path = write(tmp_path / "item.wav", sound(1.0, 44100, 2), 44100, subtype)
    before, samples = soundfile.info(path), read(path)
    assert main(["edit", str(path), *FAST, "--reduction", "20", "-q"]) == 0
    after = soundfile.info(path)
    for what in ("frames", "samplerate", "channels", "format", "subtype"):
        assert getattr(after, what) == getattr(before, what)
    cleaned = read(path)
    assert not np.array_equal(cleaned, samples) and np.std(cleaned) < np.std(samples)
    assert list(tmp_path.iterdir()) == [path], "nothing is kept beside it"


def test_it_does_what_denoise_does(tmp_path: Path) -> None:
    edited, other = write(tmp_path / "a.wav"), write(tmp_path / "b.wav")
    options = [*FAST, "--preset", "gentle", "--wet", "0.5", "-q"]
    assert main(["edit", str(edited), *options]) == main(["denoise", str(other), "--in-place", *options]) == 0
    assert edited.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["gone.wav"], 1, "gone.wav: cannot be opened"),
        (["."], 1, "is a folder"),
        (["-"], 2, "in place"),
        (["text.wav"], 1, "text.wav"),
        (["item.wav", "--reduction", "99"], 2, "reduction_db=99.0"),
        (["item.wav", "--profile", "text.wav"], 1, "text.wav"),
        (["item.wav", "--start", "0:01"], 2, "unrecognized"),
        (["item.wav", "other.wav"], 2, "unrecognized"),
    ],
)
def test_what_goes_wrong_is_a_line_and_changes_nothing(
    words: list[str],
    status: int,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("item.wav"))
    Path("text.wav").write_text("no sound")
    before = snapshot(tmp_path)
    assert main(["edit", *words]) == status
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1
    assert snapshot(tmp_path) == before


def test_a_second_edit_of_the_same_file_is_refused_under_any_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, link = write(tmp_path / "item.wav"), tmp_path / "link.wav"
    link.symlink_to(path)
    before = snapshot(tmp_path)
    program = "import sys\nfrom dap_stream.io.edit_lock import edited_alone\n"
    program += f"with edited_alone({str(path)!r}):\n    print('there', flush=True)\n    sys.stdin.read()\n"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program], env=env, stdin=pipe, stdout=pipe) as other:
        assert other.stdout is not None and other.stdout.readline() == b"there\n"
        for name in (path, link):
            assert main(["edit", str(name), *FAST]) == 1
            assert (
                capsys.readouterr().err
                == f"dap-stream: error: {name}: is being edited already; wait for that to end\n"
            )
        assert snapshot(tmp_path) == before
        other.kill()
    assert main(["edit", str(path), *FAST]) == 0, "a lock ends with whoever had it"


def test_who_waited_for_a_file_that_was_replaced_begins_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "item.wav")
    monkeypatch.setattr(os.path, "samestat", lambda one, other: False)
    with pytest.raises(OutputError, match="was replaced just now; start again"):
        with edited_alone(str(path)):
            pytest.fail("not with a lock on a file that is gone")
