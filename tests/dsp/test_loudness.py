"""Loudness against what the recommendation says of test signals, and against ffmpeg."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from recordings import sound, write
from servers import needs

from dap_stream.dsp.loudness import KWeighting, LoudnessMeter


def loudness(audio: np.ndarray, rate: int, buffer: int = 5000) -> float | None:
    weighting, meter = KWeighting(rate, len(audio)), LoudnessMeter(rate)
    for begin in range(0, audio.shape[1], buffer):
        meter.add(weighting.process(audio[:, begin : begin + buffer]))
    return meter.lufs


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 192000])
def test_a_full_sine_of_997_hz_is_minus_3(rate: int) -> None:
    value = loudness(np.sin(2 * np.pi * 997 * np.arange(3 * rate) / rate)[None], rate)
    assert value == pytest.approx(-3.01, abs=0.05)


def test_silence_between_does_not_count_and_silence_alone_has_no_loudness() -> None:
    tone = np.sin(2 * np.pi * 997 * np.arange(96000) / 48000)[None]
    # Three blocks are partly silent; without the gate it would be -13.4.
    assert loudness(np.concatenate([tone, np.zeros((1, 960000))], 1), 48000) == pytest.approx(-3.0, abs=0.5)
    assert loudness(np.zeros((1, 48000)), 48000) is None


def test_the_same_as_ffmpeg(tmp_path: Path) -> None:
    needs("ffmpeg")
    audio = sound(8.0, 44100, 2) * np.linspace(0.05, 1.0, 8 * 44100)
    path = write(tmp_path / "a.wav", audio, 44100, "FLOAT")
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-i", str(path), "-af", "ebur128", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    assert loudness(audio, 44100) == pytest.approx(
        float(re.findall(r"I: +(-[\d.]+) LUFS", said)[-1]), abs=0.11
    )
