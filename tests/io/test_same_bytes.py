"""Equal audio gives equal files, whenever it is written."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dap_stream.core.array_types import Audio
from dap_stream.io.file_sink import FileSink
from dap_stream.io.formats import CONTAINERS, FileFormat
from dap_stream.io.ogg_pages import pages
from dap_stream.io.ogg_serial import page_checksum

FORMATS = [(container, subtype) for container, entry in CONTAINERS.items() for subtype in entry.subtypes]


def save(path: Path, audio: Audio, container: str, subtype: str, is_long: bool = False) -> bytes:
    """``is_long``: of unknown length, as from a pipe."""
    file_format = FileFormat(container, subtype, 48000 if container == "OGG" else 8000, audio.shape[0])
    with FileSink(path, file_format, None if is_long else audio.shape[1]) as sink:
        sink.write(audio)
        sink.commit()
    return path.read_bytes()


def save_all(folder: Path, audio: Audio) -> dict[tuple[str, str, bool], bytes]:
    return {
        (container, subtype, is_long): save(folder / "a", audio, container, subtype, is_long)
        for container, subtype in FORMATS
        for is_long in (False, True)
    }


def test_every_container_and_subtype_twice(tmp_path: Path, rng: np.random.Generator) -> None:
    """With more than a second in between, since headers have times in seconds."""
    audio = rng.uniform(-0.5, 0.5, (1, 10_007))
    before = save_all(tmp_path, audio)
    time.sleep(1.1)
    after = save_all(tmp_path, audio)
    assert [name for name, data in before.items() if after[name] != data] == []
    assert len(before) == 2 * len(FORMATS) > 100


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_ogg_is_whole_and_its_serial_number_follows_the_content(
    tmp_path: Path, rng: np.random.Generator, subtype: str
) -> None:
    audio = rng.uniform(-0.5, 0.5, (2, 300_000))
    ours = save(tmp_path / "a.ogg", audio, "OGG", subtype)
    other = save(tmp_path / "b.ogg", audio * 0.5, "OGG", subtype)
    assert ours[14:18] != other[14:18]
    with (tmp_path / "a.ogg").open("rb") as file:
        serials = {ours[page.start + 14 : page.start + 18] for page in pages(file)}
    assert serials == {ours[14:18]}
    command = (
        "ffmpeg",
        "-v",
        "error",
        "-err_detect",
        "crccheck",
        "-i",
        tmp_path / "a.ogg",
        "-f",
        "f32le",
        "-",
    )
    decoded = subprocess.run(command, capture_output=True, check=True)
    assert decoded.stderr == b"" and len(decoded.stdout) == 300_000 * 2 * 4
    assert soundfile.info(tmp_path / "a.ogg").frames == 300_000


def test_checksum_of_pages_that_libsndfile_wrote(tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "a.ogg"
    soundfile.write(path, rng.uniform(-0.5, 0.5, 100_000), 48000)
    data = path.read_bytes()
    with path.open("rb") as file:
        found = list(pages(file))
    assert len(found) > 3
    for page in found:
        content = data[page.start : page.start + page.n_bytes]
        blank = content[:22] + bytes(4) + content[26:]
        assert page_checksum(blank) == int.from_bytes(content[22:26], "little")
