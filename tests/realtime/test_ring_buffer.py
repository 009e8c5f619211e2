"""Audio memory between two threads: against a plain list, and with two real threads."""

from __future__ import annotations

import threading

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dap_stream.errors import SettingError
from dap_stream.realtime import ring_buffer
from dap_stream.realtime.memory_order import release
from dap_stream.realtime.ring_buffer import CLAIMED, START, WRITTEN, RingBuffer


@given(
    calls=st.lists(st.tuples(st.sampled_from(("write", "read")), st.integers(0, 16)), max_size=60),
    begin=st.sampled_from((0, 5, 2**40 + 3)),
)
@settings(max_examples=150, deadline=None)
def test_any_sequence_of_calls_equals_a_list(calls, begin):
    ring = RingBuffer(2, 13)
    assert ring.capacity == 16
    ring.marks[:] = begin
    history: list[float] = []  # of channel 0, from position `begin` on; channel 1 is its negative
    position = begin
    for call, n in calls:
        if call == "write":
            ramp = np.arange(len(history), len(history) + n, dtype=np.float32)
            ring.write(np.stack((ramp, -ramp)))
            history.extend(ramp)
            continue
        audio = ring.read(position, n)
        at = position - begin
        if len(history) - at > ring.capacity and n > 0:
            assert audio is None
            position = begin + len(history)
        else:
            assert audio is not None
            np.testing.assert_array_equal(
                audio, np.stack((history[at : at + n], [-x for x in history[at : at + n]]))
            )
            position += audio.shape[1]
    assert ring.end == begin + len(history)


def test_the_last_capacity_of_samples_can_be_read_and_no_more():
    ring = RingBuffer(1, 8)
    ring.write(np.arange(5, dtype=np.float32)[None])
    ring.write(np.arange(5, 12, dtype=np.float32)[None])
    assert ring.read(3, 1) is None
    np.testing.assert_array_equal(ring.read(4, 99), [np.arange(4, 12)])
    for position in (12, 40):  # nothing is there yet
        audio = ring.read(position, 5)
        assert audio is not None and audio.shape == (1, 0)


def test_a_claim_of_the_writer_is_respected():
    """Between claim and publication samples are half old, half new."""
    ring = RingBuffer(1, 8)
    ring.write(np.ones((1, 8), np.float32))
    ring_buffer.claim(ring.marks, 10)
    assert ring.read(1, 4) is None
    assert ring.read(2, 4) is not None
    assert ring.end == 8


def test_a_skip_moves_the_end_and_says_from_where_on_samples_count():
    ring = RingBuffer(1, 8)
    ring.write(np.ones((1, 3), np.float32))
    ring.skip(100, 4)
    assert (ring.marks[WRITTEN], ring.marks[CLAIMED], ring.marks[START]) == (103, 103, 107)
    ring.reset()
    assert ring.end == 0 and not ring.samples.any()


@pytest.mark.parametrize(("channels", "capacity", "name"), [(0, 8, "channels=0"), (1, 0, "capacity=0")])
def test_nonsense_is_refused(channels, capacity, name):
    with pytest.raises(SettingError, match=name):
        RingBuffer(channels, capacity)


@pytest.mark.parametrize("shape", [(1, 4), (2, 9)])
def test_audio_that_does_not_fit_is_refused(shape):
    with pytest.raises(SettingError, match="does not fit"):
        RingBuffer(2, 8).write(np.zeros(shape, np.float32))


PERIOD = 1 << 20  # of the ramp: exact in float32


@numba.njit(nogil=True)
def produce(samples, marks, n_blocks, taken, is_patient):
    """A ramp in blocks of 1 to 97 samples; patient: only where the reader (``taken[0]``) has been."""
    block = np.empty((1, 97), np.float32)
    for b in range(n_blocks):
        n = 1 + (b * 31) % 97
        begin = marks[WRITTEN]
        for i in range(n):
            block[0, i] = (begin + i) % PERIOD
        while is_patient and begin + n - ring_buffer.end_of(taken) > samples.shape[1]:
            pass
        ring_buffer.write(samples, marks, block[:, :n])
    return marks[WRITTEN]


@numba.njit(nogil=True)
def consume(samples, marks, n_total, taken):
    """Wrong samples, samples that were overwritten, and samples in all."""
    out = np.empty((1, 64), np.float32)
    position = wrong = lost = got = 0
    while position < n_total:
        n = ring_buffer.read(samples, marks, position, out)
        if n < 0:
            end = ring_buffer.end_of(marks)
            lost += end - position
            position = end
        for i in range(n):
            wrong += out[0, i] != (position + i) % PERIOD
        position += max(n, 0)
        got += max(n, 0)
        release(taken, WRITTEN, position)
    return wrong, lost, got


@pytest.mark.parametrize("is_patient", [True, False])
def test_two_threads_pass_a_ramp(is_patient):
    """Patient: nothing is lost or repeated. Else: what was overwritten is noticed, always."""
    n_blocks = 40_000
    total = sum(1 + (b * 31) % 97 for b in range(n_blocks))
    ring, taken = RingBuffer(1, 256), np.zeros(3, np.int64)
    produce(ring.samples, ring.marks, 0, taken, is_patient)  # compile
    consume(ring.samples, ring.marks, 0, taken)
    writer = threading.Thread(target=produce, args=(ring.samples, ring.marks, n_blocks, taken, is_patient))
    writer.start()
    wrong, lost, got = consume(ring.samples, ring.marks, total, taken)
    writer.join()
    assert wrong == 0
    assert got + lost == total
    assert lost == 0 or not is_patient
