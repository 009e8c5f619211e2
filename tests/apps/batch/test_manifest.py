"""Manifests: what they say, and a line number where they say nonsense."""

from __future__ import annotations

from pathlib import Path

import pytest

from dap_stream.apps.batch.manifest import Line, read_manifest
from dap_stream.errors import InputError, SettingError


def test_lines_and_paths_from_the_folder_of_the_manifest(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text(
        '{"input": "a.wav"}\n\n{"input": "/b.wav", "output": "c.flac", "settings": {"wet": 0.5}, '
        '"profile": "p.npz", "group": "studio"}\n'
    )
    assert read_manifest(str(path)) == [
        Line(str(tmp_path / "a.wav")),
        Line("/b.wav", "c.flac", {"wet": 0.5}, str(tmp_path / "p.npz"), "studio"),
    ]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("{", "line 2: is not JSON"),
        ("[1]", "line 2: must be an object with an input"),
        ('{"output": "a"}', "line 2: must be an object with an input"),
        ('{"input": "a", "ouput": "b"}', "unknown key 'ouput'; did you mean 'output'"),
        ('{"input": 3}', "input must be a text"),
        ('{"input": ""}', "input must be a text"),
        ('{"input": "a", "settings": []}', "settings must be an object"),
        ("[" * 100_000, "line 2: is not JSON"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, text: str) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text(f'{{"input": "a"}}\n{line}\n')
    with pytest.raises(SettingError) as raised:
        read_manifest(str(path))
    assert text in str(raised.value)


def test_a_manifest_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_manifest(str(tmp_path / "missing.jsonl"))
    with pytest.raises(InputError, match="is a folder"):
        read_manifest(str(tmp_path))
