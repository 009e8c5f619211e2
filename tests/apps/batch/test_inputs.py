"""What a batch takes for recordings, and where in the tree they stand."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from dap_stream.apps.batch.inputs import Inputs, find_recordings
from dap_stream.apps.batch.journal import DONE, Entry, Journal
from dap_stream.errors import InputError

TREE = ("a/one.wav", "a/two.FLAC", "b/c/three.mp3", "b/notes.txt", "b/.hidden.wav", ".trash/four.wav")


@pytest.fixture(autouse=True)
def _tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in TREE:
        path = Path("in", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(*words: str, output: str = "out", **options: object) -> dict[str, str]:
    recordings, _ = find_recordings(Inputs(words, **options), Path(output))  # type: ignore[arg-type]
    return {each.source: each.relative for each in recordings}


def test_a_folder_is_mirrored_without_what_is_hidden_or_no_audio() -> None:
    assert found("in") == {
        "in/a/one.wav": "a/one.wav",
        "in/a/two.FLAC": "a/two.FLAC",
        "in/b/c/three.mp3": "b/c/three.mp3",
    }


def test_several_folders_keep_their_names() -> None:
    assert list(found("in/a", "in/b").values()) == ["a/one.wav", "a/two.FLAC", "b/c/three.mp3"]


def test_patterns_are_mirrored_from_the_first_wild_card_on() -> None:
    assert found("in/**/*.wav") == {"in/a/one.wav": "a/one.wav"}
    assert found("in/b/*/*") == {"in/b/c/three.mp3": "c/three.mp3"}


def test_files_are_mirrored_from_their_common_folder_or_the_root() -> None:
    files = ("in/a/one.wav", "in/b/c/three.mp3")
    assert list(found(*files).values()) == ["a/one.wav", "b/c/three.mp3"]
    assert list(found(*files, root=".").values()) == list(files)
    assert found("in/a/one.wav") == {"in/a/one.wav": "one.wav"}
    with pytest.raises(InputError, match="not below --root in/a"):
        found(*files, root="in/a")


@pytest.mark.parametrize("content", [b"in/a/one.wav\nin/a/two.FLAC\n\n", b"in/a/one.wav\0in/a/two.FLAC\0"])
def test_lists(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("list.txt").write_bytes(content)
    expected = {"in/a/one.wav": "one.wav", "in/a/two.FLAC": "two.FLAC"}
    assert found("@list.txt") == expected == found(lists=["list.txt"])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert found(lists=["-"]) == expected


def test_a_recording_that_is_named_twice_is_there_once() -> None:
    assert list(found("in/a/one.wav", "in/a/../a/one.wav")) == ["in/a/one.wav"]


def wrote(folder: str, name: str) -> None:
    Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
    Path(folder, name).touch()
    with Journal(Path(folder)) as journal:
        journal.write(Entry(DONE, name, "x.wav", "", None))


def test_results_are_never_taken_for_recordings() -> None:
    """Neither in an output folder within the input, nor beside the recordings, nor those of another batch."""
    wrote("in/out", "a/one_clean.wav")
    wrote("in", "b/c/three_clean.mp3")
    wrote("in/other", "x.wav")
    Path("in/other/new.wav").touch()
    everything = ["in/a/one.wav", "in/a/two.FLAC", "in/b/c/three.mp3", "in/other/new.wav"]
    assert list(found("in", output="in/out")) == everything
    assert list(found("in/b", output="in")) == ["in/b/c/three.mp3"]
    assert list(found("in/b/c/*", output="in")) == ["in/b/c/three.mp3"]
    with pytest.raises(InputError, match="no recordings"):
        found("in/b/c/three_clean.mp3", output="in")


def test_links_to_folders_are_not_followed() -> None:
    Path("in/a/loop").symlink_to("..")
    assert len(found("in")) == 3


def test_names_need_not_be_text() -> None:
    name = os.fsdecode(b"in/a/\xff\nx.wav")
    Path(name).touch()
    assert found("in")[name] == os.fsdecode(b"a/\xff\nx.wav")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((), "name a folder"),
        (("in/b/.",), None),
        (("empty",), "empty: no recordings in this folder"),
        (("in/*.nothing",), "no recording matches"),
        (("@missing.txt",), "missing.txt: the list cannot be read"),
    ],
)
def test_nothing_to_do_is_an_error_with_advice(words: tuple[str, ...], text: str | None) -> None:
    Path("empty").mkdir()
    if text is None:
        assert found(*words)
        return
    with pytest.raises(InputError, match=text):
        found(*words)
