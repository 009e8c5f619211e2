from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dap_stream.core.array_types import Audio
from dap_stream.core.arrays import ArraySink, ArraySource
from dap_stream.core.processor import Processor
from dap_stream.core.processors import Bypass, Chain, Delay
from dap_stream.core.render import Progress, RenderRecord, render
from dap_stream.errors import DapStreamError, OutputError, SettingError


class Gain(Delay):
    """A delay with a gain, which tells its attenuation."""

    def __init__(self, gain: float, latency: int = 0, channels: int = 1) -> None:
        super().__init__(latency, channels)
        self._gain = gain
        self.attenuation_db = 0.0

    def process(self, buffer: Audio) -> Audio:
        self.attenuation_db = -20.0 * float(np.log10(self._gain))
        return super().process(buffer) * buffer.dtype.type(self._gain)


class Coarse(ArraySink):
    """Stores multiples of 1/8 and clips at 1."""

    def write(self, audio: Audio) -> Audio:
        self.clipped += int((np.abs(audio) > 1).sum())
        return super().write(np.clip(np.rint(audio * 8) / 8, -1, 1).astype(audio.dtype))


class FullDisk(ArraySink):
    def finish(self) -> None:
        raise OutputError("disk is full")


def process(audio: Audio, processor: Processor, buffer_size: int = 65536) -> tuple[Audio, RenderRecord]:
    sink = ArraySink()
    record = render(ArraySource(audio, 8000), processor, sink, buffer_size=buffer_size)
    return sink.audio, record


@given(
    n_samples=st.sampled_from([0, 1, 2, 17, 97, 997]),
    buffer_size=st.sampled_from([1, 7, 64, 65, 2000]),
    channels=st.integers(1, 3),
    latencies=st.lists(st.sampled_from([0, 1, 16, 63, 1500]), min_size=1, max_size=3),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_output_is_the_input_whatever_the_latency(
    n_samples: int,
    buffer_size: int,
    channels: int,
    latencies: list[int],
    dtype: type[np.float32 | np.float64],
) -> None:
    audio: Audio = (np.arange(1, n_samples * channels + 1).reshape(channels, n_samples) / 7000).astype(dtype)
    chain = Chain([Delay(latency, channels) for latency in latencies])
    removed = ArraySink()
    sink = ArraySink()
    record = render(ArraySource(audio, 8000), chain, sink, removed, buffer_size=buffer_size)
    np.testing.assert_array_equal(sink.audio, audio)
    np.testing.assert_array_equal(removed.audio, np.zeros_like(audio))
    assert sink.audio.shape == removed.audio.shape == audio.shape
    assert record.n_samples == n_samples and record.latency == sum(latencies)


@pytest.mark.parametrize("latency", [0, 300])
def test_removed_is_the_difference_to_what_is_stored(rng: np.random.Generator, latency: int) -> None:
    audio = rng.uniform(-0.9, 0.9, (2, 5000)).astype(np.float32)
    wet, removed = Coarse(), ArraySink()
    render(ArraySource(audio, 8000), Gain(0.4, latency, 2), wet, removed, buffer_size=999)
    np.testing.assert_allclose(wet.audio, 0.4 * audio, atol=1 / 16)
    np.testing.assert_array_equal(wet.audio + removed.audio, audio)


def test_non_finite_samples_become_silence_and_are_told(rng: np.random.Generator) -> None:
    audio = rng.uniform(-0.5, 0.5, (2, 1000)).astype(np.float32)
    audio[1, 400], audio[0, 401], audio[0, 999] = np.nan, np.inf, -np.inf
    given_audio = audio.copy()
    out, record = process(audio, Delay(10, 2), buffer_size=150)
    np.testing.assert_array_equal(out, np.nan_to_num(audio, nan=0, posinf=0, neginf=0))
    assert (record.non_finite, record.first_non_finite_s) == (3, 400 / 8000)
    np.testing.assert_array_equal(audio, given_audio)


def test_record(rng: np.random.Generator) -> None:
    audio = np.tile(np.array([0.5, -0.8], np.float32), (1, 4000))
    sink = Coarse()
    record = render(ArraySource(audio, 8000), Gain(2.0, 5), sink, buffer_size=333)
    assert (record.sample_rate, record.channels, record.n_samples, record.seconds) == (8000, 1, 8000, 1.0)
    assert record.peak_in == pytest.approx(0.8) and record.peak_out == pytest.approx(1.6)
    assert record.rms_in == pytest.approx(np.sqrt((0.25 + 0.64) / 2), rel=1e-5)
    assert record.rms_out == pytest.approx(2 * record.rms_in, rel=1e-5)
    assert record.clipped == 4000 and record.removed_clipped == 0 and record.non_finite == 0
    assert record.reduction_db == pytest.approx(-6.02, abs=0.01)
    assert record.wall_s > 0 and record.real_time_factor == pytest.approx(record.wall_s / record.seconds)
    json.dumps(asdict(record), allow_nan=False)


def test_record_of_a_processor_that_tells_nothing() -> None:
    _, record = process(np.zeros((1, 0), np.float32), Bypass())
    assert record.reduction_db is None and record.real_time_factor == 0.0
    json.dumps(asdict(record), allow_nan=False)


@pytest.mark.parametrize("n_samples", [10, 4000, 9000])
def test_the_reduction_is_that_of_the_level_whatever_the_latency(
    n_samples: int, rng: np.random.Generator
) -> None:
    """Formerly the start-up counted as 0 dB and the flush not at all: 0.0 dB for short recordings."""
    audio = rng.uniform(-0.9, 0.9, (1, n_samples)).astype(np.float32)
    _, record = process(audio, Gain(0.5, 5000), buffer_size=1000)
    assert record.reduction_db == pytest.approx(6.02, abs=0.01)


@pytest.mark.parametrize("value", [1e20, 1e30, -1e25])
def test_an_absurd_sample_leaves_every_number_of_the_record_finite(value: float) -> None:
    audio = np.full((1, 100), 0.1, np.float32)
    audio[0, 50] = value
    _, record = process(audio, Bypass())
    assert record.peak_in == pytest.approx(abs(value)) and record.rms_in < np.inf
    json.dumps(asdict(record), allow_nan=False)


def test_what_is_beyond_all_sound_is_taken_as_silence_and_counted() -> None:
    audio = np.full((1, 100), 0.1)
    audio[0, [20, 30, 40]] = 1e200, np.nan, -np.inf
    out, record = process(audio, Bypass())
    assert record.non_finite == 3 and not out[0, [20, 30, 40]].any()


def test_progress_counts_up_to_the_end() -> None:
    seen: list[Progress] = []
    render(
        ArraySource(np.zeros((1, 8000), np.float32), 8000), Gain(0.1, 9), ArraySink(), None, seen.append, 3000
    )
    assert [each["done_s"] for each in seen] == [0.375, 0.75, 1.0]
    assert all(each["total_s"] == 1.0 and each["attenuation_db"] == pytest.approx(20.0) for each in seen)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SettingError])
def test_cancelled_run_commits_nothing_and_resets_the_processor(error: type[BaseException]) -> None:
    delay, sink, removed = Delay(7), ArraySink(), ArraySink()
    audio = np.ones((1, 100), np.float32)

    def cancel(progress: Progress) -> None:
        raise error("enough")

    with pytest.raises(error, match="enough"):
        render(ArraySource(audio, 8000), delay, sink, removed, cancel, buffer_size=10)
    for each in (sink, removed):
        with pytest.raises(SettingError, match="not completed"):
            _ = each.audio
    np.testing.assert_array_equal(delay.flush(), np.zeros((1, 7)))


def test_cancelled_run_leaves_no_file(tmp_path: Path) -> None:
    from dap_stream.io.file_sink import FileSink
    from dap_stream.io.formats import FileFormat

    wav = FileFormat("WAV", "PCM_16", 8000, 1)

    def cancel(progress: Progress) -> None:
        assert len(list(tmp_path.iterdir())) == 2
        raise KeyboardInterrupt("enough")

    with pytest.raises(KeyboardInterrupt, match="enough"):
        with FileSink(tmp_path / "a.wav", wav) as sink, FileSink(tmp_path / "b.wav", wav) as removed:
            render(ArraySource(np.ones((1, 100), np.float32), 8000), Bypass(), sink, removed, cancel)
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_leaves_no_file(tmp_path: Path) -> None:
    script = f"""
import itertools, numpy as np
from dap_stream.core.render import render
from dap_stream.io.file_sink import FileSink
from dap_stream.io.formats import FileFormat
from dap_stream.core.arrays import ArraySource
from dap_stream.core.processors import Bypass
audio = np.zeros((1, 10**8), np.float32)
with FileSink({str(tmp_path / "a.flac")!r}, FileFormat("FLAC", "PCM_16", 8000, 1), 10**8) as sink:
    render(ArraySource(audio, 8000), Bypass(), sink, None, lambda progress: print("on", flush=True), 1000)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None and child.stdout.readline() == "on\n"
        assert len(list(tmp_path.iterdir())) == 1
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=30)
    assert child.returncode != 0 and "KeyboardInterrupt" in errors
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("is_wet_full", [True, False])
def test_one_result_is_never_there_without_the_other(is_wet_full: bool) -> None:
    full, good = FullDisk(), ArraySink()
    sinks = (full, good) if is_wet_full else (good, full)
    with pytest.raises(OutputError, match="full"):
        render(ArraySource(np.zeros((1, 10), np.float32), 8000), Bypass(), *sinks)
    with pytest.raises(SettingError, match="not completed"):
        _ = good.audio


class Short(Bypass):
    def process(self, buffer: Audio) -> Audio:
        return buffer[:, 1:]


class Wide(Bypass):
    def process(self, buffer: Audio) -> Audio:
        return buffer.astype(np.float64)


class NoTail(Delay):
    def flush(self) -> Audio:
        return super().flush()[:, 1:]


class NotANumber(Bypass):
    def process(self, buffer: Audio) -> Audio:
        return buffer * np.float32(np.nan)


@pytest.mark.parametrize(
    ("processor", "text"),
    [
        (Short(), "Short returned"),
        (Wide(), "Wide returned float64"),
        (NoTail(5), "NoTail gave 99 samples for 100"),
        (NotANumber(), "NotANumber gave a sample that is no number"),
    ],
)
def test_a_processor_that_breaks_its_promise_is_named(processor: Processor, text: str) -> None:
    with pytest.raises(DapStreamError, match=text):
        process(np.ones((1, 100), np.float32), processor)


def test_buffer_size_is_checked() -> None:
    with pytest.raises(SettingError, match="buffer_size=0"):
        process(np.ones((1, 100), np.float32), Bypass(), buffer_size=0)


def test_only_one_buffer_is_held() -> None:
    """The source would be asked for more than a buffer, or the sink get more, if the run collected."""

    class Endless(ArraySource):
        n_max = 0

        def read(self, n_samples: int) -> Audio:
            self.n_max = max(self.n_max, n_samples)
            return super().read(n_samples)

    class Counting(ArraySink):
        n_max = 0

        def write(self, audio: Audio) -> Audio:
            self.n_max = max(self.n_max, audio.shape[1])
            return audio

        def commit(self) -> None:
            pass

    source, sink = Endless(np.zeros((1, 10_000), np.float32), 8000), Counting()
    render(source, Delay(50), sink, buffer_size=100)
    assert source.n_max == 100 and sink.n_max <= 100
