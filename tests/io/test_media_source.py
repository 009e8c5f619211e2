"""Sound of phones and cameras as a source: exact, from anywhere, and clear about what is wrong."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from films import PICTURE, decoded, ffmpeg, needs_films, sound_file
from recordings import read

from dap_stream.core.streams import read_up_to
from dap_stream.errors import InputError, SettingError
from dap_stream.io.media_files import media_reader
from dap_stream.io.media_source import MediaSource
from dap_stream.io.media_timeline import Timeline
from dap_stream.io.open_audio import open_audio

# Name, what makes it, rate, and whether nothing is lost.
KINDS = {
    "aac.m4a": (("-c:a", "aac"), 44100, False),
    "alac.m4a": (("-c:a", "alac"), 44100, True),
    "opus.mka": (("-c:a", "libopus"), 48000, False),
    "flac.mkv": (("-c:a", "flac"), 44100, True),
    "pcm.mov": (("-c:a", "pcm_s16be"), 44100, True),
    "pcm.avi": (("-c:a", "pcm_s16le"), 44100, True),
    "wma.wma": (("-c:a", "wmav2"), 44100, False),
    "mp3.mp4": (("-c:a", "libmp3lame"), 44100, False),
    "aac.3gp": (("-c:a", "aac"), 44100, False),
    "ac3.ts": (("-c:a", "ac3"), 48000, False),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs_films()
    made = tmp_path_factory.mktemp("phones")
    for name, (codec, rate, _) in KINDS.items():
        ffmpeg("-i", sound_file(made, rate), *codec, made / name)
    return made


@pytest.mark.parametrize("name", KINDS)
def test_samples_are_those_of_ffmpeg(folder: Path, name: str) -> None:
    _, rate, is_lossless = KINDS[name]
    with open_audio(folder / name) as source:
        assert isinstance(source, MediaSource)
        audio = read_up_to(source, 10**9)
        assert (source.sample_rate, source.channels, source.n_samples) == (rate, 2, audio.shape[1])
        assert source.doubt is None
        begin = round(source.start_time * rate)
    theirs = decoded(folder / name, rate=rate)
    if name == "ac3.ts":  # its first sample comes before time 0 of the broadcast is over
        theirs, begin = theirs[:, -theirs.shape[1] :], theirs.shape[1] - audio.shape[1]
    n = min(audio.shape[1], theirs.shape[1] - begin)
    assert n > rate
    assert np.abs(audio[:, :n] - theirs[:, begin : begin + n]).max() < 1e-6
    if is_lossless:
        np.testing.assert_array_equal(audio, read(folder / f"noise_{rate}_2.wav", "float32"))


@pytest.mark.parametrize("name", ["aac.m4a", "opus.mka", "mp3.mp4"])
def test_length_is_exact_without_what_the_encoder_added(folder: Path, name: str) -> None:
    _, rate, _ = KINDS[name]
    with MediaSource(folder / name) as source:
        extra = source.n_samples - read(folder / f"noise_{rate}_2.wav").shape[1]
    assert 0 <= extra < 1152 if name.startswith("mp3") else extra == 0  # MP3 in MP4 says no end


def test_seek_finds_the_samples_of_a_read_from_the_start(tmp_path: Path) -> None:
    needs_films()
    long = tmp_path / "long.m4a"
    ffmpeg("-f", "lavfi", "-i", "anoisesrc=d=14:a=0.2:r=16000:seed=3", "-c:a", "aac", long)
    with MediaSource(long) as source:
        whole = read_up_to(source, 10**9)
        for at in (150_001, 0, 7, 200_003, 120_000, 121_000, source.n_samples - 5):
            source.seek(at)
            found = read_up_to(source, 3000)
            assert np.abs(found - whole[:, at : at + 3000]).max() < 1e-4, at
        with pytest.raises(SettingError, match="must be in"):
            source.seek(source.n_samples + 1)
    with MediaSource(long, 100_000, 100_100) as part:
        assert part.n_samples == 100
        assert np.abs(read_up_to(part, 10**6) - whole[:, 100_000:100_100]).max() < 1e-4


def test_reads_are_small(folder: Path) -> None:
    """No read holds more than it was asked for and one frame."""
    with MediaSource(folder / "aac.m4a") as source:
        assert source.read(100).shape == (2, 100)
        assert source._rest.shape[1] <= 1024


def test_hole_in_the_time_stamps_becomes_silence(tmp_path: Path) -> None:
    needs_films()
    wav, film = sound_file(tmp_path), tmp_path / "hole.mkv"
    # Two stretches with half a second between, as a recorder makes that stops in silence.
    graph = "asetnsamples=1000,aselect='lt(t,0.4)+gt(t,0.9)'"
    ffmpeg("-i", wav, "-af", graph, "-c:a", "pcm_s16le", film)
    with MediaSource(film) as source:
        audio = read_up_to(source, 10**9)
        assert "filled with silence" in source.remarks[0]
    original = read(wav, "float32")
    is_silent = np.abs(audio).max(axis=0) == 0.0
    assert 0.4 * 44100 < is_silent.sum() < 0.55 * 44100
    at = 25_000 + int(np.argmin(is_silent[25_000:]))  # where the sound goes on
    end = audio[:, at:]
    errors = [np.abs(end[:, :4000] - original[:, at + k : at + k + 4000]).max() for k in range(-60, 61)]
    assert min(errors) == 0.0  # at its time, to the millisecond that Matroska counts


def test_damaged_packets_are_counted_and_not_fatal(tmp_path: Path) -> None:
    needs_films()
    film = tmp_path / "bad.m4a"
    ffmpeg("-i", sound_file(tmp_path), "-c:a", "aac", "-movflags", "+faststart", film)
    with MediaSource(film) as source:
        n_whole = source.n_samples
    content = bytearray(film.read_bytes())
    middle = len(content) * 2 // 3
    content[middle : middle + 900] = b"\xff" * 900
    film.write_bytes(content)
    with MediaSource(film) as source:
        assert source.doubt is not None and "damaged" in source.doubt
        assert read_up_to(source, 10**9).shape[1] == source.n_samples
        assert abs(source.n_samples - n_whole) <= 1024


def _cut(path: Path) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 3 // 4])
    return path


@pytest.mark.parametrize("name", ["x.mp4", "x.mkv", "x.avi", "fast.mp4"])
def test_truncated_file_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    needs_films()
    extra = ("-movflags", "+faststart") if name == "fast.mp4" else ()
    codec = ("-c:a", "pcm_s16le") if name == "x.avi" else ("-c:a", "aac")
    ffmpeg("-i", sound_file(tmp_path), *codec, *extra, tmp_path / name)
    with pytest.raises(InputError, match="truncated") as caught:
        MediaSource(_cut(tmp_path / name))
    assert "\n" not in str(caught.value)


def test_video_without_sound(tmp_path: Path) -> None:
    needs_films()
    ffmpeg(*PICTURE, "-c:v", "mpeg4", tmp_path / "still.mp4")
    with pytest.raises(InputError, match="a video without sound"):
        MediaSource(tmp_path / "still.mp4")


def test_tracks_are_chosen_by_number(tmp_path: Path) -> None:
    needs_films()
    one, two = sound_file(tmp_path, 44100), sound_file(tmp_path, 48000, 1)
    film = tmp_path / "two.mkv"
    ffmpeg("-i", one, "-i", two, "-map", "0", "-map", "1", "-c:a", "flac", "-disposition:a:1", "default",
           "-disposition:a:0", "0", film)  # fmt: skip
    with MediaSource(film) as source:
        assert (source.track, source.sample_rate) == (2, 48000)  # the default one
        assert "2 tracks" in source.remarks[0]
    with MediaSource(film, track=1) as source:
        np.testing.assert_array_equal(read_up_to(source, 10**9), read(one, "float32"))
    with pytest.raises(SettingError, match="track=3 is not there"):
        MediaSource(film, track=3)
    with pytest.raises(SettingError, match="one track"):
        open_audio(one, track=2)


def test_files_are_known_by_their_content(folder: Path, tmp_path: Path) -> None:
    for name, reader in {
        "aac.m4a": "mov",
        "opus.mka": "matroska",
        "wma.wma": "asf",
        "pcm.avi": "avi",
    }.items():
        renamed = tmp_path / f"{name}.wav"
        renamed.write_bytes((folder / name).read_bytes())
        assert media_reader(renamed) == reader
    assert media_reader(folder / "noise_44100_2.wav") is None
    assert media_reader(tmp_path / "not there") is None


def test_protected_or_foreign_content_is_told(tmp_path: Path) -> None:
    needs_films()
    film = tmp_path / "shop.m4a"
    ffmpeg("-i", sound_file(tmp_path), "-c:a", "aac", film)
    film.write_bytes(film.read_bytes().replace(b"mp4a", b"drms"))
    with pytest.raises(InputError, match="protected"):
        MediaSource(film)
    film.write_bytes(b"\x00\x00\x00\x18ftypmp42" + bytes(5000))
    with pytest.raises(InputError, match="cannot be opened"):
        MediaSource(film)


def test_timeline_takes_jitter_and_leaves_holes() -> None:
    line = Timeline(1000, Fraction(1, 1000), 60.0)
    assert line.place(100, 100) == (0, 0)
    assert line.place(203, 100) == (0, 0)  # late by 3: jitter
    assert line.place(500, 100) == (200, 0)
    assert line.place(450, 100) == (0, 100)  # there already
    assert line.place(10**9, 100) == (0, 0) and line.n_jumps == 1
    assert line.position == 600
