"""Noise that a user shows, read from a file: the stretch that was meant, at the rate of the recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from recordings import sound, write

from dap_stream.apps.files import known_noise
from dap_stream.apps.files.known_noise import KnownNoise
from dap_stream.errors import InputError, SettingError
from dap_stream.io import file_source

RATE = 16_000


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_stretch_is_read_to_the_sample_with_all_its_channels() -> None:
    audio = sound(2.0, RATE, 3)
    write(Path("a.wav"), audio, subtype="DOUBLE")
    read = KnownNoise("a.wav", 0.5, 1.25).read(RATE)
    assert read.dtype == np.float32 and read.flags.c_contiguous
    np.testing.assert_array_equal(read, audio[:, RATE // 2 : RATE * 5 // 4].astype(np.float32))


def test_without_an_end_it_is_all_of_the_file() -> None:
    write(Path("a.wav"), sound(2.0), subtype="FLOAT")
    assert KnownNoise("a.wav").read(RATE).shape == (1, 2 * RATE)
    assert KnownNoise("a.wav", 0.5).read(RATE).shape == (1, 3 * RATE // 2)
    assert KnownNoise("a.wav", 0.0, 2.0).read(RATE).shape == (1, 2 * RATE), "the end itself is in it"


def test_more_than_a_minute_is_not_listened_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_noise, "MOST_S", 0.5)
    audio = sound(2.0)
    write(Path("a.wav"), audio, subtype="FLOAT")
    np.testing.assert_array_equal(
        KnownNoise("a.wav", 1.0).read(RATE), audio[:, RATE : 3 * RATE // 2].astype("f")
    )


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_noise_of_another_rate_is_brought_to_that_of_the_recording(rate: int) -> None:
    time = np.arange(2 * rate) / rate
    write(Path("a.wav"), 0.5 * np.sin(2.0 * np.pi * 1000.0 * time)[None], rate, "FLOAT")
    read = KnownNoise("a.wav", 0.5, 1.5).read(RATE)
    assert read.shape == (1, RATE) and read.dtype == np.float32
    expected = 0.5 * np.sin(2.0 * np.pi * 1000.0 * (np.arange(RATE) / RATE + 0.5))
    inner = slice(1000, -1000)
    np.testing.assert_allclose(read[0, inner], expected[inner], rtol=0, atol=0.01)


def test_what_is_no_number_is_silence() -> None:
    audio = sound(1.0)
    audio[0, 100] = np.nan
    write(Path("a.wav"), audio, subtype="FLOAT")
    read = KnownNoise("a.wav").read(RATE)
    assert np.isfinite(read).all() and read[0, 100] == 0.0


@pytest.mark.parametrize(("start_s", "end_s"), [(0.5, 1.01), (1.0, 2.0), (90.0, 95.0)])
def test_a_stretch_that_is_not_there_is_told_with_the_length(start_s: float, end_s: float) -> None:
    write(Path("a.wav"), sound(1.0))
    text = (
        f"the noise from {start_s:g} to {end_s:g} s is not in a.wav, which has 1.0 s; choose a stretch of it"
    )
    with pytest.raises(SettingError, match=text):
        KnownNoise("a.wav", start_s, end_s).read(RATE)


def test_no_file_and_no_sound_are_told_as_for_any_recording() -> None:
    with pytest.raises(InputError, match=r"missing\.wav: no such file"):
        KnownNoise("missing.wav").read(RATE)
    write(Path("n.wav"), np.zeros((1, 0)))
    with pytest.raises(InputError, match=r"n\.wav: holds no samples"):
        KnownNoise("n.wav").read(RATE)


def test_a_file_that_does_not_say_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """It gives what it has; a stretch past its end is an error in one line all the same."""
    audio = sound(1.0)
    write(Path("a.wav"), audio, subtype="FLOAT")
    monkeypatch.setattr(file_source, "is_length_known", lambda path, container: False)
    np.testing.assert_array_equal(KnownNoise("a.wav", 0.5, 0.75).read(RATE), audio[:, 8000:12000].astype("f"))
    with pytest.raises(InputError, match="cannot jump to 0:02"):
        KnownNoise("a.wav", 2.0, 3.0).read(RATE)
