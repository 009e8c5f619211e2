"""What the audio callback does, without a device: alignment, lateness, fades, the entry of PortAudio."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_signals import Half, noise
from live_twin import SlowExchange

from dap_stream.errors import SettingError
from dap_stream.live.callback import UserData, portaudio_callback
from dap_stream.live.exchange import FADE, routing
from dap_stream.live.link import Link
from dap_stream.processor import Bypass, Delay

RATE = 48000


def play(link: Link, audio: np.ndarray, sizes, is_late=lambda block: False, outputs: int = 0) -> np.ndarray:
    """``audio [inputs, samples]`` through the link, in blocks of ``sizes`` in turn."""
    out = np.full((outputs or audio.shape[0], audio.shape[1]), np.nan, np.float32)
    position = block = 0
    while position < audio.shape[1]:
        end = position + sizes[block % len(sizes)]
        link.exchange(audio[:, position:end], out[:, position:end])
        while not is_late(block) and link.work():
            pass
        position, block = end, block + 1
    return out


def delayed(audio: np.ndarray, latency: int) -> np.ndarray:
    return np.concatenate((np.zeros_like(audio[:, :latency]), audio[:, : audio.shape[1] - latency]), axis=1)


@pytest.mark.parametrize("sizes", [(1,), (17,), (64,), (256,), (1024,), (64, 1, 500, 17, 1024)], ids=str)
@pytest.mark.parametrize("processor", [Bypass(2), Delay(1, 2), Half(777, 2)], ids=["bypass", "delay", "half"])
def test_the_latency_is_what_it_says(processor, sizes):
    link = Link(processor, 2, RATE, max(sizes))
    assert link.latency == processor.latency + max(sizes) + FADE
    audio = noise(2, 4000 + 3 * max(sizes))
    gain = np.float32(0.5 if isinstance(processor, Half) else 1.0)
    np.testing.assert_array_equal(play(link, audio, sizes), delayed(audio, link.latency) * gain)
    counts = link.counts()
    assert counts.n_samples >= audio.shape[1] and counts.late_samples == 0 == counts.late_blocks


@pytest.mark.parametrize(("size", "is_late"), [(65, False), (66, True)])
def test_the_margin_is_no_larger_than_it_has_to_be(size, is_late):
    """One block and the fade (which needs one sample less): larger blocks are late."""
    link = Link(Half(0), 1, RATE, 64)
    play(link, noise(1, size * 20), (size,))
    assert (link.counts().late_samples > 0) is is_late


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_exchange_equals_its_slow_twin(data):
    """Any blocks, any lateness, knobs turned at any time, any routing."""
    inputs, channels, outputs = (data.draw(st.integers(1, 3)) for _ in range(3))
    link = Link(Half(30, channels), channels, RATE, 40)
    twin = SlowExchange(link.latency, routing(inputs, channels), routing(channels, outputs))
    twin.publish(np.zeros((channels, link.margin)))
    wet_line = Half(30, channels)  # the same processor, fed by the twin's own input
    done = 0
    for seed in range(data.draw(st.integers(1, 12))):
        source = noise(inputs, data.draw(st.integers(0, 90)), seed)
        target = np.full((outputs, source.shape[1]), np.nan, np.float32)
        if data.draw(st.booleans()):
            link.wet = twin.wanted = data.draw(st.sampled_from((0.0, 0.25, 1.0)))
        link.exchange(source, target)
        expected = twin.block(source.astype(np.float64))
        np.testing.assert_allclose(target, expected.reshape(target.shape), rtol=0, atol=1e-6)
        if data.draw(st.booleans()):
            link.work()
            new = np.array(twin.dry[done:]).reshape(-1, channels).T
            done += new.shape[1]
            twin.publish(wet_line.process(new))
    counts = link.counts()
    assert (counts.late_samples, counts.late_blocks) == (twin.late_samples, twin.late_blocks)


def sine(n_samples: int) -> np.ndarray:
    """A slow one at 0.5: no step of it is larger than ``SLOPE``."""
    return (0.5 * np.sin(2 * np.pi * 40 / RATE * np.arange(n_samples)))[None].astype(np.float32)


SLOPE = 0.5 * 2 * np.pi * 40 / RATE
FADE_STEP = 0.25 / FADE  # wet and dry differ by 0.25 at most


@pytest.mark.parametrize("size", [17, 256])
def test_a_late_worker_costs_nothing_but_the_dry_sound_for_a_while(size):
    link = Link(Half(300), 1, RATE, size)
    audio = sine(200 * size)
    out = play(link, audio, (size,), is_late=lambda block: 50 <= block < 90)
    dry = delayed(audio, link.latency)
    # Block 51 is the first that misses the result of block 50, and 90 the last: its worker was in time.
    before, after = 51 * size - FADE, 91 * size + FADE
    np.testing.assert_array_equal(out[:, :before], 0.5 * dry[:, :before])
    np.testing.assert_array_equal(out[:, after:], 0.5 * dry[:, after:])
    inside = slice(51 * size + FADE, 90 * size)
    np.testing.assert_array_equal(out[:, inside], dry[:, inside])
    assert np.abs(np.diff(out)).max() <= SLOPE + FADE_STEP + 1e-6
    counts = link.counts()
    # Wet samples end after the results of 50 blocks; the fade begins so early that it is over by then.
    first_late = 50 * size + link.margin - FADE + 1
    assert counts.late_samples == 91 * size + FADE - 1 - first_late
    assert 40 <= counts.late_blocks <= 41 + -(-FADE // size)
    assert link.backlog == 0


@pytest.mark.parametrize("turn", ["bypass", "wet"])
def test_knobs_do_not_click_and_keep_the_delay(turn):
    link = Link(Half(300), 1, RATE, 128)
    audio = sine(128 * 90)
    parts = []
    for block, begin in enumerate(range(0, audio.shape[1], 128)):
        if turn == "bypass":
            link.bypass = 30 <= block < 60
        else:
            link.wet = 0.25 if 30 <= block < 60 else 1.0
        parts.append(np.empty((1, 128), np.float32))
        link.exchange(audio[:, begin : begin + 128], parts[-1])
        link.work()
    out, dry = np.concatenate(parts, axis=1), delayed(audio, link.latency)
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
    assert link.counts().late_samples == 0


def test_a_block_larger_than_all_memory_is_taken():
    link = Link(Half(10), 1, 8000, 64)
    audio = noise(1, 3 * link.shared.ring_in.capacity)
    out = np.empty_like(audio)
    link.exchange(audio, out)
    assert np.array_equal(out[:, link.margin :], delayed(audio, link.latency)[:, link.margin :])


def test_what_is_no_number_becomes_silence_and_is_counted():
    link = Link(Bypass(), 1, RATE, 64)
    audio = noise(1, 640)
    audio[0, [5, 6, 200]] = np.nan, np.inf, -np.inf
    out = play(link, audio, (64,))
    audio[0, [5, 6, 200]] = 0.0
    np.testing.assert_array_equal(out, delayed(audio, link.latency))
    assert link.counts().non_finite == 3


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
    link = Link(Half(0), 1, RATE, 64)
    loud, soft = np.full((1, 640), -0.5, np.float32), np.full((1, 640), 0.125, np.float32)
    play(link, loud, (64,))
    level = link.level()
    assert (level.peak_in, level.rms_in) == (0.5, 0.5)
    assert level.peak_out == 0.25 and 0.2 < level.rms_out < 0.25, "the first samples were silent"
    play(link, soft, (64,))
    play(link, soft, (64,))
    level = link.level()
    assert (level.peak_in, level.rms_in) == (0.125, 0.125)
    assert link.level().peak_in == 0.0 == link.level().rms_out, "no block since"
    play(link, soft, (64,))
    level = link.level()
    assert (level.peak_in, level.peak_out) == (0.125, 0.0625)
    assert level.rms_out == pytest.approx(0.0625)


def test_samples_beyond_full_scale_are_counted():
    link = Link(Bypass(), 1, RATE, 64)
    play(link, np.full((1, 64 * 10), 1.5, np.float32), (64,))
    assert link.counts().clipped == 64 * 10 - link.latency


def test_the_compiled_callback_does_the_same_interleaved():
    link, other = Link(Half(20, 2), 2, RATE, 64), Link(Half(20, 2), 2, RATE, 64)
    user = UserData(link.shared, routing(1, 2), routing(2, 3))
    kind = ctypes.CFUNCTYPE(
        ctypes.c_int, *[ctypes.c_void_p] * 2, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p
    )
    call = kind(portaudio_callback.address)
    audio = noise(1, 64 * 12)
    expected = play(other, audio, (64,), outputs=3)
    for block in range(12):
        source = audio[:, block * 64 : block * 64 + 64].T.copy()
        target = np.full((64, 3), np.nan, np.float32)
        flags = (1 << (block % 5)) | 16
        assert call(source.ctypes.data, target.ctypes.data, 64, None, flags, user.address) == 0
        link.work()
        np.testing.assert_array_equal(target.T, expected[:, block * 64 : block * 64 + 64])
    counts = link.counts()
    assert counts.blocks == 12
    # flag of block b: bit b % 5; that of block 0 is ignored, and 16 is set always
    assert (counts.input_underflows, counts.input_overflows) == (2, 3)
    assert (counts.output_underflows, counts.output_overflows, counts.primings) == (2, 2, 11)
