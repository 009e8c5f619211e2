"""Films and phone recordings as a sink: in sync to the sample, all else as it was, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from films import PICTURE, decoded, ffmpeg, needs_films, packets, probe, shift, sound_file
from recordings import read, snapshot

from dap_stream.core.processors import Bypass
from dap_stream.core.render import render
from dap_stream.core.streams import read_up_to
from dap_stream.errors import SettingError
from dap_stream.io.media_format import MediaFormat
from dap_stream.io.media_source import MediaSource
from dap_stream.io.open_audio import open_audio, open_sink, remarks_on, result_format

# What makes each film, and by how many samples its sound may be off: what one unit of its time stamps is.
FILMS = {
    "h264.mp4": (("-c:v", "libx264", "-bf", "2", "-c:a", "aac"), 44100, 0),
    "late.mp4": (("-c:v", "mpeg4", "-c:a", "aac"), 44100, 0),
    "pcm.mov": (("-c:v", "mpeg4", "-c:a", "pcm_s24le"), 44100, 0),
    "opus.mkv": (("-c:v", "libx264", "-bf", "2", "-c:a", "libopus"), 48000, 0),
    "aac.mkv": (("-c:v", "libx264", "-c:a", "aac"), 44100, 44),
    "opus.webm": (("-c:v", "libvpx", "-c:a", "libopus"), 48000, 0),
    "vorbis.webm": (("-c:v", "libvpx", "-c:a", "libvorbis"), 44100, 2),
    "mp3.avi": (("-c:v", "mpeg4", "-c:a", "libmp3lame"), 44100, 0),
    "aac.ts": (("-c:v", "libx264", "-c:a", "aac"), 44100, 0),
    "wma.wmv": (("-c:v", "wmv2", "-c:a", "wmav2"), 44100, 45),
    "aac.3gp": (("-c:v", "mpeg4", "-c:a", "aac"), 44100, 0),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs_films()
    made = tmp_path_factory.mktemp("films")
    for name, (codecs, rate, _) in FILMS.items():
        offset = ("-itsoffset", "0.21") if name.startswith("late") else ()
        ffmpeg(*PICTURE, *offset, "-i", sound_file(made, rate), *codecs, made / name)
    return made


def copy(origin: Path, target: Path, force: bool = True, stop: int | None = None) -> tuple[str, ...]:
    """The film with the same sound, decoded and encoded; what was told of it."""
    with open_audio(origin, stop=stop) as source:
        chosen = result_format(target, source.format)
        with open_sink(str(target), chosen, source, force) as sink:
            told = remarks_on(sink)
            render(source, Bypass(source.channels), sink)
    return told


@pytest.mark.parametrize("name", FILMS)
def test_sound_is_in_sync_and_the_picture_is_the_same(folder: Path, tmp_path: Path, name: str) -> None:
    _, rate, most = FILMS[name]
    film, result = folder / name, tmp_path / name
    copy(film, result)
    assert packets(result, "0:v") == packets(film, "0:v")
    before, after = decoded(film, rate=rate), decoded(result, rate=rate)
    assert abs(shift(after[0], before[0])) <= most
    assert abs(after.shape[1] - before.shape[1]) < 3000
    once, first = tmp_path / f"again_{name}", result.read_bytes()
    copy(film, once)
    assert once.read_bytes() == first


@pytest.mark.parametrize("name", ["h264.mp4", "opus.mkv", "pcm.mov"])
def test_length_stays_to_the_sample(folder: Path, tmp_path: Path, name: str) -> None:
    copy(folder / name, tmp_path / name)
    with open_audio(folder / name) as before, open_audio(tmp_path / name) as after:
        assert before.n_samples == after.n_samples


@pytest.mark.parametrize(("codec", "subtype"), [("alac", "PCM_16"), ("alac", "PCM_24"), ("flac", "PCM_24")])
def test_lossless_stays_lossless(tmp_path: Path, codec: str, subtype: str) -> None:
    needs_films()
    wav = sound_file(tmp_path, subtype=subtype)
    origin, result = (tmp_path / f"{name}.{'m4a' if codec == 'alac' else 'mka'}" for name in ("in", "out"))
    ffmpeg("-i", wav, "-c:a", codec, origin)
    assert copy(origin, result) == ()
    with open_audio(result) as source:
        np.testing.assert_array_equal(read_up_to(source, 10**9), read(wav, "float32"))
    ffmpeg("-i", result, "-c:a", "pcm_s24le", tmp_path / "theirs.wav")
    np.testing.assert_array_equal(read(tmp_path / "theirs.wav"), read(wav))


def test_all_else_of_a_film_comes_along(tmp_path: Path) -> None:
    needs_films()
    words, chapters = tmp_path / "words.srt", tmp_path / "chapters.txt"
    words.write_text("1\n00:00:00,100 --> 00:00:00,900\nhello\n\n")
    chapters.write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=one\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=1000\ntitle=two\n"
    )
    one, two = sound_file(tmp_path, 44100), sound_file(tmp_path, 48000, 1)
    film, result = tmp_path / "all.mp4", tmp_path / "result.mp4"
    inputs = ("-i", one, "-i", two, "-i", words, "-i", chapters)
    maps = ("-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map_chapters", "4")
    codecs = ("-c:v", "libx264", "-c:a", "aac", "-c:s", "mov_text")
    told = ("-metadata", "title=A film", "-metadata:s:a:1", "language=deu")
    ffmpeg(*PICTURE, *inputs, *maps, *codecs, *told, tmp_path / "flat.mp4")
    some = ("-map", "0:v", "-map", "0:a", "-map", "0:s", "-c", "copy")
    ffmpeg("-i", tmp_path / "flat.mp4", *some, "-metadata:s:v:0", "rotate=90", film)
    copy(film, result)
    for tracks in ("0:v", "0:s", "0:a:1"):
        assert packets(result, tracks) == packets(film, tracks), tracks
    before, after = probe(film), probe(result)

    def shown(found: dict[str, Any]) -> list[object]:
        keys = ("codec_name", "disposition", "side_data_list")
        tracks = [each for each in found["streams"] if each["codec_type"] in ("video", "audio", "subtitle")]
        return [(*map(each.get, keys), each["tags"].get("language")) for each in tracks]

    assert shown(after) == shown(before)
    assert [each["tags"] for each in after["chapters"]] == [each["tags"] for each in before["chapters"]]
    assert after["format"]["tags"]["title"] == "A film"


def test_bit_rate_is_never_lower(tmp_path: Path) -> None:
    needs_films()
    origin, result = tmp_path / "in.m4a", tmp_path / "out.m4a"
    ffmpeg("-i", sound_file(tmp_path), "-c:a", "aac", "-b:a", "256k", origin)
    with MediaSource(origin) as source:
        chosen, own_rate = result_format(result, source.format), source.format.bit_rate
    assert own_rate > 230_000 and isinstance(chosen, MediaFormat) and chosen.bit_rate == own_rate


def test_another_codec_is_told(folder: Path, tmp_path: Path) -> None:
    assert copy(folder / "h264.mp4", tmp_path / "x.mkv") == ()
    assert "written as aac" in copy(folder / "opus.mkv", tmp_path / "x.mov")[0]
    assert "opus at 48000 Hz" in copy(folder / "vorbis.webm", tmp_path / "x.webm")[0]


def test_picture_that_does_not_fit_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="cannot hold the picture"):
        copy(folder / "h264.mp4", tmp_path / "x.webm")
    assert snapshot(tmp_path) == {}


def test_part_of_a_film_is_sound_alone(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="a part of a film"):
        copy(folder / "h264.mp4", tmp_path / "x.mp4", stop=20_000)
    copy(folder / "h264.mp4", tmp_path / "x.m4a", stop=20_000)
    assert [each["codec_type"] for each in probe(tmp_path / "x.m4a")["streams"]] == ["audio"]
    with open_audio(tmp_path / "x.m4a") as source:
        assert source.n_samples == 20_000


def test_wav_can_become_m4a(tmp_path: Path) -> None:
    needs_films()
    wav = sound_file(tmp_path, subtype="PCM_24")
    copy(wav, tmp_path / "x.mp4")  # PCM stays lossless
    assert probe(tmp_path / "x.mp4")["streams"][0]["codec_name"] == "alac"
    np.testing.assert_array_equal(decoded(tmp_path / "x.mp4"), read(wav, "float32"))


def test_nothing_is_left_of_what_was_not_finished(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "x.mp4"
    with open_audio(folder / "h264.mp4") as source:
        chosen = result_format(target, source.format)
        with pytest.raises(KeyboardInterrupt), open_sink(str(target), chosen, source, True) as sink:
            sink.write(source.read(20_000))
            assert len(os.listdir(tmp_path)) == 1
            raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []
