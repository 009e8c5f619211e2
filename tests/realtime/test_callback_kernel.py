"""What the audio callback does, without a device: alignment, lateness, fades, the entry of PortAudio."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_signals import Half, noise
from live_twin import SlowExchange

from dap_stream.core.processors import Bypass, Delay
from dap_stream.errors import SettingError
from dap_stream.realtime.backends.portaudio_callback import UserData, portaudio_callback
from dap_stream.realtime.callback_kernel import FADE, routing
from dap_stream.realtime.duplex_buffer import DuplexBuffer

RATE = 48000


def play(
    duplex: DuplexBuffer, audio: np.ndarray, sizes, is_late=lambda block: False, outputs: int = 0
) -> np.ndarray:
    """``audio [inputs, samples]`` through the duplex, in blocks of ``sizes`` in turn."""
    out = np.full((outputs or audio.shape[0], audio.shape[1]), np.nan, np.float32)
    position = block = 0
    while position < audio.shape[1]:
        end = position + sizes[block % len(sizes)]
        duplex.exchange(audio[:, position:end], out[:, position:end])
        while not is_late(block) and duplex.work():
            pass
        position, block = end, block + 1
    return out


def delayed(audio: np.ndarray, latency: int) -> np.ndarray:
    return np.concatenate((np.zeros_like(audio[:, :latency]), audio[:, : audio.shape[1] - latency]), axis=1)


@pytest.mark.parametrize("sizes", [(1,), (17,), (64,), (256,), (1024,), (64, 1, 500, 17, 1024)], ids=str)
@pytest.mark.parametrize("processor", [Bypass(2), Delay(1, 2), Half(777, 2)], ids=["bypass", "delay", "half"])
def test_the_latency_is_what_it_says(processor, sizes):
    duplex = DuplexBuffer(processor, 2, RATE, max(sizes))
    assert duplex.latency == processor.latency + max(sizes) + FADE
    audio = noise(2, 4000 + 3 * max(sizes))
    gain = np.float32(0.5 if isinstance(processor, Half) else 1.0)
    np.testing.assert_array_equal(play(duplex, audio, sizes), delayed(audio, duplex.latency) * gain)
    counts = duplex.counts()
    assert counts.n_samples >= audio.shape[1] and counts.late_samples == 0 == counts.late_blocks


@pytest.mark.parametrize(("size", "is_late"), [(65, False), (66, True)])
def test_the_margin_is_no_larger_than_it_has_to_be(size, is_late):
    """One block and the fade (which needs one sample less): larger blocks are late."""
    duplex = DuplexBuffer(Half(0), 1, RATE, 64)
    play(duplex, noise(1, size * 20), (size,))
    assert (duplex.counts().late_samples > 0) is is_late


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_exchange_equals_its_slow_twin(data):
    """Any blocks, any lateness, knobs turned at any time, any routing."""
    inputs, channels, outputs = (data.draw(st.integers(1, 3)) for _ in range(3))
    duplex = DuplexBuffer(Half(30, channels), channels, RATE, 40)
    twin = SlowExchange(duplex.latency, routing(inputs, channels), routing(channels, outputs))
    twin.publish(np.zeros((channels, duplex.margin)))
    wet_line = Half(30, channels)  # the same processor, fed by the twin's own input
    done = 0
    for seed in range(data.draw(st.integers(1, 12))):
        source = noise(inputs, data.draw(st.integers(0, 90)), seed)
        target = np.full((outputs, source.shape[1]), np.nan, np.float32)
        if data.draw(st.booleans()):
            duplex.wet = twin.wanted = data.draw(st.sampled_from((0.0, 0.25, 1.0)))
        duplex.exchange(source, target)
        expected = twin.block(source.astype(np.float64))
        np.testing.assert_allclose(target, expected.reshape(target.shape), rtol=0, atol=1e-6)
        if data.draw(st.booleans()):
            duplex.work()
            new = np.array(twin.dry[done:]).reshape(-1, channels).T
            done += new.shape[1]
            twin.publish(wet_line.process(new))
    counts = duplex.counts()
    assert (counts.late_samples, counts.late_blocks) == (twin.late_samples, twin.late_blocks)


def sine(n_samples: int) -> np.ndarray:
    """A slow one at 0.5: no step of it is larger than ``SLOPE``."""
    return np.asarray(0.5 * np.sin(2 * np.pi * 40 / RATE * np.arange(n_samples)), np.float32)[np.newaxis]


SLOPE = 0.5 * 2 * np.pi * 40 / RATE
FADE_STEP = 0.25 / FADE  # wet and dry differ by 0.25 at most


@pytest.mark.parametrize("size", [17, 256])
def test_late_processing_costs_nothing_but_the_dry_sound_for_a_while(size):
    duplex = DuplexBuffer(Half(300), 1, RATE, size)
    audio = sine(200 * size)
    out = play(duplex, audio, (size,), is_late=lambda block: 50 <= block < 90)
    dry = delayed(audio, duplex.latency)
    # Block 51 is the first that misses the result of block 50, and 90 the last: the thread was in time then.
    before, after = 51 * size - FADE, 91 * size + FADE
    np.testing.assert_array_equal(out[:, :before], 0.5 * dry[:, :before])
    np.testing.assert_array_equal(out[:, after:], 0.5 * dry[:, after:])
    inside = slice(51 * size + FADE, 90 * size)
    np.testing.assert_array_equal(out[:, inside], dry[:, inside])
    assert np.abs(np.diff(out)).max() <= SLOPE + FADE_STEP + 1e-6
    counts = duplex.counts()
    # Wet samples end after the results of 50 blocks; the fade begins so early that it is over by then.
    first_late = 50 * size + duplex.margin - FADE + 1
    assert counts.late_samples == 91 * size + FADE - 1 - first_late
    assert 40 <= counts.late_blocks <= 41 + -(-FADE // size)
    assert duplex.backlog == 0


@pytest.mark.parametrize("turn", ["bypass", "wet"])
def test_knobs_do_not_click_and_keep_the_delay(turn):
    duplex = DuplexBuffer(Half(300), 1, RATE, 128)
    audio = sine(128 * 90)
    parts = []
    for block, begin in enumerate(range(0, audio.shape[1], 128)):
        if turn == "bypass":
            duplex.bypass = 30 <= block < 60
        else:
            duplex.wet = 0.25 if 30 <= block < 60 else 1.0
        parts.append(np.empty((1, 128), np.float32))
        duplex.exchange(audio[:, begin : begin + 128], parts[-1])
        duplex.work()
    out, dry = np.concatenate(parts, axis=1), delayed(audio, duplex.latency)
    share = np.ones(audio.shape[1])
    low = 0.0 if turn == "bypass" else 0.25
    steps = np.arange(1, FADE + 1) / FADE
    share[30 * 128 : 60 * 128] = low
    share[30 * 128 : 30 * 128 + FADE] = np.maximum(1 - steps, low)
    share[60 * 128 : 60 * 128 + FADE] = np.minimum(low + steps, 1)
    np.testing.assert_allclose(out, dry * (1 - 0.5 * share), rtol=0, atol=1e-7)
    assert np.abs(np.diff(out)).max() <= SLOPE + FADE_STEP + 1e-6
    if turn == "bypass":
        np.testing.assert_array_equal(out[:, 31 * 128 : 60 * 128], dry[:, 31 * 128 : 60 * 128])
    assert duplex.counts().late_samples == 0


def test_a_block_larger_than_all_memory_is_taken():
    duplex = DuplexBuffer(Half(10), 1, 8000, 64)
    audio = noise(1, 3 * duplex.shared.ring_in.capacity)
    out = np.empty_like(audio)
    duplex.exchange(audio, out)
    assert np.array_equal(out[:, duplex.margin :], delayed(audio, duplex.latency)[:, duplex.margin :])


def test_what_is_no_number_becomes_silence_and_is_counted():
    duplex = DuplexBuffer(Bypass(), 1, RATE, 64)
    audio = noise(1, 640)
    audio[0, [5, 6, 200]] = np.nan, np.inf, -np.inf
    out = play(duplex, audio, (64,))
    audio[0, [5, 6, 200]] = 0.0
    np.testing.assert_array_equal(out, delayed(audio, duplex.latency))
    assert duplex.counts().non_finite == 3


@pytest.mark.parametrize(
    ("n_from", "n_to", "expected"),
    [
        (1, 1, [[1]]),
        (2, 2, [[1, 0], [0, 1]]),
        (1, 3, [[1], [1], [1]]),
        (4, 1, [[0.25] * 4]),
        (3, 2, [[1, 0, 0], [0, 1, 0]]),
        (2, 3, [[1, 0], [0, 1], [0, 0]]),
    ],
)
def test_routing(n_from, n_to, expected):
    np.testing.assert_array_equal(routing(n_from, n_to), expected)


def test_routing_of_nothing_is_refused():
    with pytest.raises(SettingError, match="0 to 2"):
        routing(0, 2)


def test_the_meter_tells_what_came_since_the_last_time():
    duplex = DuplexBuffer(Half(0), 1, RATE, 64)
    loud, soft = np.full((1, 640), -0.5, np.float32), np.full((1, 640), 0.125, np.float32)
    play(duplex, loud, (64,))
    level = duplex.level()
    assert (level.peak_in, level.rms_in) == (0.5, 0.5)
    assert level.peak_out == 0.25 and 0.2 < level.rms_out < 0.25, "the first samples were silent"
    play(duplex, soft, (64,))
    play(duplex, soft, (64,))
    level = duplex.level()
    assert (level.peak_in, level.rms_in) == (0.125, 0.125)
    assert duplex.level().peak_in == 0.0 == duplex.level().rms_out, "no block since"
    play(duplex, soft, (64,))
    level = duplex.level()
    assert (level.peak_in, level.peak_out) == (0.125, 0.0625)
    assert level.rms_out == pytest.approx(0.0625)


def test_samples_beyond_full_scale_are_counted():
    duplex = DuplexBuffer(Bypass(), 1, RATE, 64)
    play(duplex, np.full((1, 64 * 10), 1.5, np.float32), (64,))
    assert duplex.counts().clipped == 64 * 10 - duplex.latency


def test_the_compiled_callback_does_the_same_interleaved():
    duplex, other = DuplexBuffer(Half(20, 2), 2, RATE, 64), DuplexBuffer(Half(20, 2), 2, RATE, 64)
    user = UserData(duplex.shared, routing(1, 2), routing(2, 3))
    kind = ctypes.CFUNCTYPE(
        ctypes.c_int, *[ctypes.c_void_p] * 2, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p
    )
    assert portaudio_callback.address is not None
    call = kind(portaudio_callback.address)
    audio = noise(1, 64 * 12)
    expected = play(other, audio, (64,), outputs=3)
    for block in range(12):
        source = audio[:, block * 64 : block * 64 + 64].T.copy()
        target = np.full((64, 3), np.nan, np.float32)
        flags = (1 << (block % 5)) | 16
        assert call(source.ctypes.data, target.ctypes.data, 64, None, flags, user.address) == 0
        duplex.work()
        np.testing.assert_array_equal(target.T, expected[:, block * 64 : block * 64 + 64])
    counts = duplex.counts()
    assert counts.blocks == 12
    # flag of block b: bit b % 5; that of block 0 is ignored, and 16 is set always
    assert (counts.input_underflows, counts.input_overflows) == (2, 3)
    assert (counts.output_underflows, counts.output_overflows, counts.primings) == (2, 2, 11)
