"""The loudness that comes out, against ffmpeg and pyloudnorm; silence, short sounds, peaks in the way."""

from __future__ import annotations

import re
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest
from recordings import sound
from servers import needs

from dap_stream.core.arrays import ArraySource, process_array
from dap_stream.core.stream_format import StreamFormat
from dap_stream.dsp.loudness import channel_weights
from dap_stream.errors import SettingError
from dap_stream.io.file_sink import FileSink
from dap_stream.io.formats import FileFormat
from dap_stream.io.speakers import layout_of_mask
from dap_stream.processors.build import for_live, make_chain, measure
from dap_stream.processors.chain_settings import chain_of
from dap_stream.processors.denoise.settings import DenoiseSettings
from dap_stream.processors.entry import LevelChange
from dap_stream.processors.loudness.plan import LoudnessModel, told
from dap_stream.processors.loudness.settings import LoudnessSettings

RATES_CHANNELS_MASKS = [(8000, 1, 0), (44100, 2, 0), (48000, 6, 0x3F), (96000, 2, 0), (192000, 1, 0)]


def levelled(
    audio: np.ndarray, rate: int, lufs: float = -16.0, mask: int = 0
) -> tuple[np.ndarray, LoudnessModel, LevelChange]:
    model, chain = LoudnessModel(), chain_of(loudness=LoudnessSettings(lufs))
    change = measure(chain, {"loudness": model}, ArraySource(audio, rate), mask)
    source = ArraySource(audio, rate)
    processor = make_chain(chain, source_format(source), {"loudness": model})
    return process_array(processor, audio), model, change


def source_format(source: ArraySource) -> StreamFormat:
    return StreamFormat(source.sample_rate, source.channels)


def by_ffmpeg(path: Path) -> tuple[float, float]:
    options = ["-af", "ebur128=peak=true", "-f", "null", "-"]
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-i", str(path), *options]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    loud = re.findall(r"I: +(-[\d.]+) LUFS", said)[-1]
    return float(loud), float(re.findall(r"Peak: +(-?[\d.]+) dBFS", said)[-1])


@pytest.mark.parametrize(("rate", "channels", "mask"), RATES_CHANNELS_MASKS)
def test_loudness_and_peak_as_ffmpeg_has_them(tmp_path: Path, rate: int, channels: int, mask: int) -> None:
    needs("ffmpeg")
    rng = np.random.default_rng(3)
    audio = (sound(5.0, rate, channels) * rng.uniform(0.2, 1.0, (channels, 1))).astype(np.float32)
    audio[:, :: rate // 2] += 1.0
    out, model, _ = levelled(audio, rate, -14.0, mask)
    container, layout = "WAVEX" if mask else "WAV", layout_of_mask(mask)
    chosen = FileFormat(container, "FLOAT", rate, channels, channel_layout=layout)
    with FileSink(tmp_path / "a.wav", chosen) as sink:
        sink.write(out)
        sink.commit()
    loud, peak = by_ffmpeg(tmp_path / "a.wav")
    assert loud == pytest.approx(-14.0, abs=0.11) and peak <= -0.9
    assert model.plan is not None and model.plan.n_held


def test_loudness_as_pyloudnorm_has_it() -> None:
    pyloudnorm = pytest.importorskip("pyloudnorm")
    audio = sound(6.0, 48000, 2).astype(np.float32) * 0.05
    out, model, _ = levelled(audio, 48000, -23.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        meter = pyloudnorm.Meter(48000, filter_class="DeMan")
        assert meter.integrated_loudness(out.T.astype(float)) == pytest.approx(-23.0, abs=0.1)
    assert model.plan is not None and model.plan.n_held == 0
    plain = audio.astype(np.float64) * 10 ** (model.plan.gain_db / 20.0)
    np.testing.assert_array_equal(out, plain.astype(np.float32))  # one gain and nothing else


def test_speakers_weigh_as_they_stand() -> None:
    np.testing.assert_allclose(channel_weights(0x3F, 6), [1, 1, 1, 0, 10**0.15, 10**0.15])
    np.testing.assert_allclose(channel_weights(0x63F, 8), [1, 1, 1, 0, 1, 1, 10**0.15, 10**0.15])
    assert channel_weights(0x3F, 4).tolist() == [1.0] * 4 and channel_weights(0, 1).tolist() == [1.0]


def test_silence_stays_and_is_warned_of() -> None:
    audio = np.full((1, 48000), 1e-6, np.float32)
    out, model, change = levelled(audio, 48000)
    np.testing.assert_array_equal(out, audio)
    assert change.gain_db == 0.0 and "is silent (nothing above -70 LUFS)" in change.warnings[0]
    assert model.plan is not None and "its level is as it was" in told(model.plan)


@pytest.mark.parametrize("n", [1, 100, 2400, 19199])
def test_shorter_than_a_block_is_measured_as_a_whole(n: int) -> None:
    audio = (0.05 * np.sin(np.arange(n) * 0.13 + 1.0))[None].astype(np.float32)
    out, _, change = levelled(audio, 48000)
    assert out.shape == audio.shape and np.isfinite(out).all()
    assert "less than a block of loudness (400 ms)" in change.warnings[0]


def test_peaks_in_the_way_are_told() -> None:
    audio = np.zeros((1, 96000), np.float32)
    audio[0, ::8000] = 0.5
    _, model, change = levelled(audio, 48000, -5.0)
    assert model.plan is not None and model.plan.n_held and model.plan.after_lufs is not None
    assert model.plan.after_lufs < -6.0
    assert "peaks are in the way of it (above -1 dBTP)" in change.warnings[0]


def test_where_it_cannot_be() -> None:
    with pytest.raises(SettingError, match="loudness has to hear what all others leave; make it the last"):
        chain_of(loudness=LoudnessSettings(), denoise=DenoiseSettings())
    chain = chain_of(loudness=LoudnessSettings())
    with pytest.raises(SettingError, match="cannot work live; take it out of the chain"):
        for_live(chain)
    with pytest.raises(SettingError, match="loudness has to hear all of a recording"):
        make_chain(chain, source_format(ArraySource(np.zeros((1, 8)), 8000)))
