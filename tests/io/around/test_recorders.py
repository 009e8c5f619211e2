"""Files as recorders and editors write them: all that is around the samples is in the result."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import wavinfo
from copies import copied
from recorder_files import N_SAMPLES, RATE, RECORDERS, START, chunks_of
from recordings import FAST
from servers import needs

from dap_stream import __version__
from dap_stream.cli.main import main


def make(folder: Path, name: str) -> Path:
    path = folder / f"{name}.wav"
    path.write_bytes(RECORDERS[name]())
    return path


def without_history(chunks: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Chunks but for the end of bext, and fillers, which give way to it."""
    return [
        (name, body[:602] if name == b"bext" else b"" if name in (b"junk", b"FLLR") else body)
        for name, body in chunks
    ]


@pytest.mark.parametrize("name", list(RECORDERS))
def test_chunks_are_kept_in_order_and_bit_for_bit(tmp_path: Path, name: str) -> None:
    source, target = make(tmp_path, name), tmp_path / "out.wav"
    assert copied(source, target) == ()
    before, audio, behind = chunks_of(source)
    new_before, new_audio, new_behind = chunks_of(target)
    assert without_history(new_before) == without_history(before)
    assert (new_audio, new_behind) == (audio, behind)
    if not any(chunk[0] == b"bext" for chunk in before):
        assert target.read_bytes() == source.read_bytes()


@pytest.mark.parametrize(("name", "start"), [("zoom", 1024), ("sound_devices", 4096)])
def test_samples_still_begin_at_a_sector(tmp_path: Path, name: str, start: int) -> None:
    source, target = make(tmp_path, name), tmp_path / "out.wav"
    copied(source, target)
    assert target.read_bytes().index(b"data") + 8 == start
    assert target.stat().st_size == source.stat().st_size


@pytest.mark.parametrize("name", ["zoom", "sound_devices", "tascam"])
def test_wavinfo_reads_the_same_with_one_line_of_history_more(tmp_path: Path, name: str) -> None:
    source, target = make(tmp_path, name), tmp_path / "out.wav"
    copied(source, target)
    old, new = (wavinfo.WavInfoReader(str(path)) for path in (source, target))
    for key in ("description", "originator", "originator_ref", "originator_date", "originator_time"):
        assert getattr(new.bext, key) == getattr(old.bext, key)
    assert new.bext.time_reference == old.bext.time_reference == START
    assert new.bext.umid == old.bext.umid
    bits, channels = old.fmt.bits_per_sample, old.fmt.channel_count
    mode = {2: "M=stereo,"}.get(channels, "")
    line = f"A=PCM,F=48000,W={bits},{mode}T=dap_stream {__version__}\r\n"
    assert new.bext.coding_history.rstrip("\0") == old.bext.coding_history.rstrip("\0") + line
    if old.ixml is not None:
        assert new.ixml.project == old.ixml.project == "Wood"
    if old.cues is not None:
        assert list(new.cues.each_cue()) == list(old.cues.each_cue())
        assert [new.cues.label_and_note(n) for n, _ in new.cues.each_cue()] == [
            old.cues.label_and_note(n) for n, _ in old.cues.each_cue()
        ]


def test_mediainfo_reads_the_same_time_code(tmp_path: Path) -> None:
    needs("mediainfo")
    source, target = make(tmp_path, "sound_devices"), tmp_path / "out.wav"
    copied(source, target)
    told = []
    for path in (source, target):
        command = ("mediainfo", "--Output=JSON", str(path))
        general = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["media"][
            "track"
        ][0]
        told.append({key: general.get(key) for key in ("Producer", "Encoded_Date", "Description", "Delay")})
    assert told[0] == told[1] and any(told[0].values())


def test_a_job_keeps_them_in_place_and_in_the_removed_part(tmp_path: Path) -> None:
    source = make(tmp_path, "tascam")
    before, _, behind = chunks_of(source)
    options = ["--in-place", "--removed", str(tmp_path / "rest.wav"), *FAST]
    assert main(["denoise", str(source), *options]) == 0
    for path in (source, tmp_path / "rest.wav"):
        new_before, audio, new_behind = chunks_of(path)
        assert without_history(new_before) == without_history(before) and new_behind == behind
        assert len(audio) == N_SAMPLES * 4


def test_a_container_that_cannot_hold_them_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = make(tmp_path, "tascam"), tmp_path / "out.mp3"
    assert main(["denoise", str(source), "-o", str(target), *FAST]) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert len(said) == 1
    assert f"{target}: cannot take along bext, cue, LIST adtl of {source}" in said[0]


def test_a_stretch_has_later_times_and_its_own_marks(tmp_path: Path) -> None:
    source, target = make(tmp_path, "tascam"), tmp_path / "out.wav"
    options = ["--start", "0.05", "--end", "0.18", "-o", str(target), *FAST]
    assert main(["denoise", str(source), *options]) == 0
    start = round(0.05 * RATE)
    found = wavinfo.WavInfoReader(str(target))
    assert found.bext.time_reference == START + start
    assert list(found.cues.each_cue()) == [(2, 5000 - start)]
    assert found.cues.label_and_note(2)[0] == "MARK 02"
    assert found.cues.range(2) == 2000
