"""Films and phone recordings through the command: the main route, and one line for all that is wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from films import PICTURE, decoded, ffmpeg, needs_films, packets, probe, sound_file
from recordings import FAST, read

from dap_stream.apps.files.known_noise import KnownNoise
from dap_stream.cli.main import main


@pytest.fixture
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A film with two tracks of sound."""
    needs_films()
    monkeypatch.chdir(tmp_path)
    wav = sound_file(tmp_path)
    ffmpeg(*PICTURE, "-i", wav, "-i", wav, "-map", "0", "-map", "1", "-map", "2", "-c:v", "mpeg4", "-c:a",
           "aac", "film.mp4")  # fmt: skip
    return tmp_path / "film.mp4"


def test_film_is_cleaned_with_its_picture(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["denoise", "film.mp4", *FAST]) == 0
    told = capsys.readouterr()
    assert "film.mp4 -> film_clean.mp4" in told.out
    assert "has 2 tracks of sound; this is about track 1" in told.err
    clean = film.with_name("film_clean.mp4")
    for tracks in ("0:v", "0:a:1"):
        assert packets(clean, tracks) == packets(film, tracks)
    assert np.square(decoded(clean)).mean() < 0.5 * np.square(decoded(film)).mean()


def test_chosen_track_in_place_with_what_was_removed(film: Path) -> None:
    before = packets(film, "0:a:0")
    assert main(["denoise", "film.mp4", "--track", "2", "--in-place", "--removed", "r.wav", *FAST]) == 0
    assert packets(film, "0:a:0") == before
    assert read(film.with_name("r.wav")).any()


def test_lossless_without_effect_is_bit_exact(film: Path) -> None:
    wav = film.with_name("noise_44100_2.wav")
    ffmpeg("-i", wav, "-c:a", "alac", "memo.m4a")
    assert main(["denoise", "memo.m4a", "--wet", "0", *FAST]) == 0
    assert probe(film.with_name("memo_clean.m4a"))["streams"][0]["codec_name"] == "alac"
    np.testing.assert_array_equal(decoded(film.with_name("memo_clean.m4a")), read(wav, "float32"))


def test_sound_of_a_film_as_wav_and_as_noise(film: Path) -> None:
    assert main(["denoise", "film.mp4", "-o", "film.wav", *FAST]) == 0
    assert KnownNoise("film.mp4", 0.1, 0.6, track=2).read(22050).shape == (2, 11025)
    assert read(film.with_name("film.wav")).shape == (2, round(1.0731 * 44100))


def test_info_lists_the_tracks(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "film.mp4"]) == 0
    text = capsys.readouterr().out
    assert "picture: mpeg4, 64 x 48" in text and "sound 2: aac, 44100 Hz, stereo" in text
    assert main(["info", "film.mp4", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["tracks"]) == 3


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["film.mp4", "--track", "3"], "--track 3 is not there"),
        (["film.mp4", "--track", "x"], "--track x must be a number"),
        (["film.mp4", "--end", "0.5"], "a part of a film"),
        (["film.mp4", "-o", "x.abc"], "choose one of"),
        (["silent.mp4"], "a video without sound"),
    ],
)
def test_each_mistake_gets_one_line(
    film: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], line: str
) -> None:
    ffmpeg(*PICTURE, "-c:v", "mpeg4", "silent.mp4")
    names = sorted(path.name for path in film.parent.iterdir())
    assert main(["denoise", *arguments, *FAST]) != 0
    told = capsys.readouterr().err.strip().splitlines()
    assert line in told[-1].replace("track=", "--track ")
    assert sorted(path.name for path in film.parent.iterdir()) == names


def test_without_the_extra_one_line_says_what_to_install(
    film: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)  # as if it were not installed
    for command in (["denoise", "film.mp4"], ["info", "film.mp4"]):
        assert main(command) != 0
        told = capsys.readouterr().err.strip().splitlines()
        assert len(told) == 1 and "pip install 'dap-stream[media]'" in told[0]
