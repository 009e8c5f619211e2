"""Tags and pictures of FLAC, Ogg, Opus and MP3, looked at with mutagen; and from one container to another."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import Any

import mutagen
import mutagen.flac
import mutagen.id3
import mutagen.oggopus
import mutagen.oggvorbis
import mutagen.wave
import numpy as np
import pytest
import soundfile
from copies import copied
from recorder_files import IXML, START, bext, chunks_of, cue, fmt, info, samples, wav

from dap_stream.io.around.carry import Carried, kind_of
from dap_stream.io.around.tags import Picture, Tags
from dap_stream.io.around.translate import made_of_tags, tags_of
from dap_stream.io.file_sink import FileSink
from dap_stream.io.file_source import FileSource
from dap_stream.io.formats import CONTAINERS, FileFormat

AUDIO = np.random.default_rng(0).uniform(-0.3, 0.3, (9600, 2))
IMAGE = (
    bytes.fromhex("89504e470d0a1a0a") + bytes(range(256)) * 1200
)  # more than a page of Ogg, and than a lace


def make(path: Path, subtype: str | None = None) -> Path:
    soundfile.write(path, AUDIO, 48000, subtype)
    return path


def file_of(path: Path) -> Any:
    """As mutagen reads it."""
    return mutagen.File(path)


def picture() -> mutagen.flac.Picture:
    made = mutagen.flac.Picture()
    made.type, made.mime, made.desc, made.data = 3, "image/png", "Cover ä", IMAGE
    made.width, made.height = 10, 20
    return made


def tagged_flac(path: Path) -> Path:
    file = file_of(make(path, "PCM_16"))
    file["title"], file["artist"], file["x-own"] = "Wald", ["A", "B"], "1"
    file["replaygain_track_gain"] = "-3 dB"
    file.add_picture(picture())
    file.metadata_blocks.append(mutagen.flac.MetadataBlock(b"abcdsomething"))
    file.metadata_blocks[-1].code = 2
    file.save()
    return path


def tagged_ogg(path: Path, subtype: str) -> Path:
    soundfile.write(path, AUDIO, 48000, subtype, format="OGG")
    kind = mutagen.oggopus.OggOpus if subtype == "OPUS" else mutagen.oggvorbis.OggVorbis
    file = kind(path)
    file["title"], file["artist"], file["r128_track_gain"] = "Wald", ["A", "B"], "5"
    file["metadata_block_picture"] = base64.b64encode(picture().write()).decode()
    file.save()
    return path


def tagged_mp3(path: Path) -> Path:
    make(path)
    tag = mutagen.id3.ID3()
    tag.add(mutagen.id3.TIT2(encoding=1, text="Wäld"))
    tag.add(mutagen.id3.TPE1(encoding=3, text=["A", "B"]))
    tag.add(mutagen.id3.COMM(encoding=0, lang="eng", desc="", text="said"))
    tag.add(mutagen.id3.TXXX(encoding=0, desc="replaygain_track_gain", text="-3 dB"))
    tag.add(mutagen.id3.PRIV(owner="x", data=b"123"))
    tag.add(mutagen.id3.CHAP(element_id="1", start_time=0, end_time=100, sub_frames=[]))
    tag.add(mutagen.id3.APIC(encoding=3, mime="image/png", type=3, desc="c", data=IMAGE))
    tag.save(path, v1=2)
    return path


def test_flac_keeps_comments_pictures_and_blocks_of_others(tmp_path: Path) -> None:
    source, target = tagged_flac(tmp_path / "a.flac"), tmp_path / "b.flac"
    assert copied(source, target) == ()
    old, new = file_of(source), file_of(target)
    expected = {key: value for key, value in old.tags.as_dict().items() if not key.startswith("replay")}
    assert new.tags.as_dict() == expected and new.tags.vendor.startswith("reference libFLAC")
    codes = [block.code for block in old.metadata_blocks]
    assert [block.code for block in new.metadata_blocks] == codes and 2 in codes and 6 in codes
    assert new.pictures[0].write() == old.pictures[0].write()
    assert b"abcdsomething" in target.read_bytes()
    assert new.info.md5_signature == old.info.md5_signature != 0
    np.testing.assert_array_equal(soundfile.read(target)[0], soundfile.read(source)[0])
    subprocess.run(
        ("ffmpeg", "-v", "error", "-xerror", "-i", target, "-map", "0:a", "-f", "null", "-"), check=True
    )


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_ogg_keeps_comments_and_pictures_of_many_pages(tmp_path: Path, subtype: str) -> None:
    source, target = tagged_ogg(tmp_path / "a.ogg", subtype), tmp_path / "b.ogg"
    assert copied(source, target) == ()
    old, new = file_of(source), file_of(target)
    expected = {key: value for key, value in old.tags.as_dict().items() if key != "r128_track_gain"}
    found = new.tags.as_dict()
    assert {key: value for key, value in found.items() if key != "encoder"} == {
        key: value for key, value in expected.items() if key != "encoder"
    }
    assert mutagen.flac.Picture(base64.b64decode(found["metadata_block_picture"][0])).data == IMAGE
    assert soundfile.info(target).frames == len(AUDIO)
    command = (
        "ffmpeg",
        "-v",
        "error",
        "-xerror",
        "-err_detect",
        "crccheck",
        "-i",
        target,
        "-map",
        "0:a",
        "-f",
        "null",
        "-",
    )
    assert b"ogg" not in subprocess.run(command, capture_output=True, check=True).stderr  # but for the image


def test_mp3_keeps_its_tags(tmp_path: Path) -> None:
    source, target = tagged_mp3(tmp_path / "a.mp3"), tmp_path / "b.mp3"
    assert copied(source, target) == ()
    old, new = mutagen.id3.ID3(source), mutagen.id3.ID3(target)
    assert set(old) - set(new) == {"TXXX:replaygain_track_gain"} and set(new) <= set(old)
    assert all(new[key] == old[key] for key in new)
    assert target.read_bytes()[-128:] == source.read_bytes()[-128:]
    assert target.read_bytes()[-128:].startswith(b"TAGW")
    assert file_of(target).info.length == pytest.approx(file_of(source).info.length, abs=0.03)
    copied(source, tmp_path / "c.mp3", 1000)
    assert set(new) - set(mutagen.id3.ID3(tmp_path / "c.mp3")) == {"CHAP:1"}


def test_mp3_with_a_tag_of_an_ipod_loses_its_gapless_numbers(tmp_path: Path) -> None:
    source = make(tmp_path / "a.mp3")
    tag = mutagen.id3.ID3()
    tag.add(mutagen.id3.COMM(encoding=1, lang="eng", desc="iTunSMPB", text="00000000 00000210"))
    tag.add(mutagen.id3.TIT2(encoding=1, text="t"))
    tag.save(source, v1=0, v2_version=3)
    copied(source, tmp_path / "b.mp3")
    assert list(mutagen.id3.ID3(tmp_path / "b.mp3")) == ["TIT2"]


# ---------------------------------------------------------------- from one container to another


TAGS = Tags(
    (("TITLE", "Wäld"), ("ARTIST", "A"), ("DATE", "2024"), ("COMMENT", "said"), ("GENRE", "x"), ("OWN", "o")),
    (Picture(3, "image/png", "c", IMAGE),),
)
SIMPLE = ("TITLE", "ARTIST", "DATE", "COMMENT")


@pytest.mark.parametrize(
    "name", ["b.wav", "b.w64", "b.rf64", "b.aiff", "b.flac", "b.ogg", "b.opus", "b.mp3", "b.caf"]
)
def test_texts_and_pictures_reach_every_container(tmp_path: Path, name: str) -> None:
    source, target, back = tagged_flac(tmp_path / "a.flac"), tmp_path / name, tmp_path / "c.flac"
    lost = copied(source, target)
    assert set(lost) <= {"APPLICATION abcd", "pictures"} and ("pictures" in lost) == (name == "b.caf")
    with FileSource(target) as opened:
        found = tags_of(opened.surroundings())
    texts = dict(found.texts)
    assert texts["TITLE"] == "Wald" and texts["X-OWN"] == "1"
    assert [each.data for each in found.pictures] == ([] if name == "b.caf" else [IMAGE])
    copied(target, back)
    assert file_of(back)["title"] == ["Wald"]


def test_others_read_what_is_written(tmp_path: Path) -> None:
    source = tagged_flac(tmp_path / "a.flac")
    for name in ("b.wav", "b.aiff", "b.mp3"):
        copied(source, tmp_path / name)
        tag = file_of(tmp_path / name).tags
        assert tag["TIT2"].text == ["Wald"] and tag["TPE1"].text == ["A", "B"]
        assert tag.getall("APIC")[0].data == IMAGE
    copied(source, tmp_path / "b.caf")
    command = ("ffprobe", "-v", "error", "-show_entries", "format_tags=title,artist", tmp_path / "b.caf")
    told = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    assert "TAG:title=Wald" in told and "TAG:artist=B" in told
    told = subprocess.run(
        (*command[:-1], tmp_path / "b.wav"), capture_output=True, check=True
    ).stdout.decode()
    assert "TAG:title=Wald" in told


def test_wav_in_flac_and_back_is_the_same_file(tmp_path: Path) -> None:
    """Chunks go along in the way of ``flac --keep-foreign-metadata``."""
    source = tmp_path / "a.wav"
    head = [(b"JUNK", bytes(28)), (b"fmt ", fmt(2)), (b"iXML", IXML)]
    behind = [(b"cue ", cue((1, 5))), (b"LIST", info(INAM="Wald")), (b"wamd", b"abc")]
    source.write_bytes(wav(head, samples(channels=2), behind))
    assert copied(source, tmp_path / "b.flac") == copied(tmp_path / "b.flac", tmp_path / "c.wav") == ()
    assert (tmp_path / "c.wav").read_bytes() == source.read_bytes()
    assert file_of(tmp_path / "b.flac")["title"] == ["Wald"]
    copied(tmp_path / "b.flac", tmp_path / "d.flac", 5)
    copied(tmp_path / "d.flac", tmp_path / "d.wav")
    assert dict(chunks_of(tmp_path / "d.wav")[2])[b"cue "] == cue((1, 0))


def test_names_of_what_is_lost(tmp_path: Path) -> None:
    source = tmp_path / "a.wav"
    head = [(b"bext", bext("about", "x", START)), (b"fmt ", fmt(2)), (b"iXML", IXML)]
    source.write_bytes(wav(head, samples(channels=2), [(b"cue ", cue((1, 5)))]))
    for name in ("b.mp3", "b.ogg", "b.caf", "b.au"):
        assert copied(source, tmp_path / name)[:3] == ("bext", "iXML", "cue")
    with FileSource(tmp_path / "b.ogg") as opened:
        assert dict(tags_of(opened.surroundings()).texts)["DESCRIPTION"] == "about"


def test_the_name_of_an_encoder_is_no_loss(tmp_path: Path) -> None:
    file = file_of(make(tmp_path / "a.flac", "PCM_16"))
    file["encoder"] = "Lavf"
    file.save()
    assert (
        copied(tmp_path / "a.flac", tmp_path / "b.wav")
        == copied(tmp_path / "a.flac", tmp_path / "b.au")
        == ()
    )
    assert chunks_of(tmp_path / "b.wav")[0][0][0] == b"fmt " and chunks_of(tmp_path / "b.wav")[2] == []


def test_texts_that_are_too_long_for_flac(tmp_path: Path) -> None:
    source = make(tmp_path / "a.mp3")
    tag = mutagen.id3.ID3()
    tag.add(mutagen.id3.TXXX(encoding=3, desc="long", text="x" * 2**24))
    tag.save(source)
    assert "texts" in copied(source, tmp_path / "b.flac")
    assert soundfile.info(tmp_path / "b.flac").frames == len(AUDIO)


def test_every_format_takes_tags_and_has_the_same_samples(tmp_path: Path) -> None:
    audio = np.random.default_rng(1).uniform(-0.3, 0.3, (1, 10_007))
    n_tried = 0
    for container, entry in CONTAINERS.items():
        for subtype in entry.subtypes:
            chosen = FileFormat(container, subtype, 48000 if container == "OGG" else 8000, 1)
            carried = Carried(made_of_tags(kind_of(chosen), TAGS))
            for n_samples in (10_007, None):
                for name, each in (("plain", None), ("tagged", carried), ("again", carried)):
                    with FileSink(tmp_path / name, chosen, n_samples, carried=each) as sink:
                        sink.write(audio)
                        sink.commit()
                assert (tmp_path / "tagged").read_bytes() == (tmp_path / "again").read_bytes()
                with FileSource(tmp_path / "plain") as plain, FileSource(tmp_path / "tagged") as tagged:
                    np.testing.assert_array_equal(
                        tagged.read(20_000), plain.read(20_000), f"{container} {subtype}"
                    )
                    found = tags_of(tagged.surroundings())
                if container != "AU":
                    assert set(TAGS.texts) <= set(found.texts), (container, subtype)
                n_tried += 1
    assert n_tried > 100
