"""One profile for each folder: learned from all of it, the same whoever learns it, and used."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from recordings import sound, write

from dap_stream.apps.batch.journal import FOLDER
from dap_stream.cli.main import main
from dap_stream.io.profile_file import load_profile

QUICK = ("--set", "generator=context", "--set", "steps=3", "--jobs", "1")


def batch(*argv: str) -> int:
    return main(["batch", "in", *argv, *QUICK])


def profiles(folder: str) -> dict[str, bytes]:
    found = sorted(Path(folder, FOLDER, "profiles").glob("*.npz"))
    return {
        path.name: b"".join(np.asarray(w).tobytes() for w in load_profile(path).weights.values())
        for path in found
    }


def results(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(Path(folder).rglob("*_clean.wav"))}


def statuses() -> dict[str, str]:
    rows = [json.loads(line) for line in Path("t.jsonl").read_text().splitlines()]
    return {Path(row["input"]).name: row["status"] for row in rows}


@pytest.fixture(autouse=True)
def _archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, rate in (("m/one", 8000), ("m/two", 8000), ("m/other", 16000), ("n/three", 8000)):
        path = Path("in", f"{name}.wav")
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, sound(1.0, rate, seed=len(name)), rate)
    Path("in/m/bad.wav").write_text("no audio")


def test_a_profile_for_each_folder_and_kind_of_recording() -> None:
    assert batch("-o", "out", "--profile-by", "folder", "--table", "t.jsonl") == 1
    assert statuses() == {
        "bad.wav": "failed",
        "one.wav": "done",
        "two.wav": "done",
        "other.wav": "done",
        "three.wav": "done",
    }
    assert [name.split("-", 1)[1] for name in sorted(profiles("out"), key=lambda name: name[17:])].count(
        "8000-1.npz"
    ) == 2
    assert len(profiles("out")) == 3

    # Parts by parts it comes out the same.
    batch("-o", "part", "--profile-by", "folder", "--shard", "1/2")
    assert 0 < len(results("part")) < 4
    assert (
        results("part").items() <= results("out").items()
        and profiles("part").items() <= profiles("out").items()
    )
    assert main(["denoise", "in/m/one.wav", "-o", "alone.wav", *QUICK[:-2]]) == 0
    assert Path("alone.wav").read_bytes() != results("out")["one_clean.wav"], "the profile is used"

    # Another recording in the folder: its profile is another one, and that of the other folder is not.
    write(Path("in/m/new.wav"), sound(1.0, 8000, seed=7), 8000)
    assert batch("-o", "out", "--profile-by", "folder", "--table", "t.jsonl") == 1
    assert {name: status for name, status in statuses().items() if status == "skipped"} == {
        "three.wav": "skipped"
    }


def test_a_group_that_a_manifest_names() -> None:
    lines = [{"input": f"in/{name}.wav", "group": "recorder"} for name in ("m/one", "n/three")]
    Path("m.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert main(["batch", "--manifest", "m.jsonl", "-o", "out", *QUICK]) == 0
    assert len(profiles("out")) == 1
