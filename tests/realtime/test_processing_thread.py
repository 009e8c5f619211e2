"""The thread that processes: it starts and ends, and hands on what goes wrong in it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from live_feed import Feed
from live_signals import Broken, Slow, noise

from dap_stream.core.processors import Bypass, Delay
from dap_stream.errors import DapStreamError
from dap_stream.realtime.duplex_buffer import DuplexBuffer
from dap_stream.realtime.processing_thread import ProcessingThread


def until(is_so: Callable[[], bool], patience_s: float = 20.0) -> None:
    """Wait for a condition, never for a time."""
    end = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.001)


def test_a_slow_processor_gives_the_aligned_dry_sound_and_nothing_grows():
    processor = Slow(300, 1, 0.02)
    duplex = DuplexBuffer(processor, 1, 48000, 256)
    feed = Feed(duplex, 256, 400)
    duplex.warm_up(0.0)
    with ProcessingThread(duplex) as thread:
        for _ in range(100):
            feed.run(1)
            time.sleep(0.001)
        assert np.all(feed.share(4, 100) >= 0.5) and np.all(feed.share(4, 100) <= 1.0)
        assert duplex.backlog <= duplex.shared.ring_in.capacity
        late = duplex.counts().late_blocks
        assert late > 0
        processor.is_slow = False
        for _ in range(200):
            until(lambda: duplex.backlog == 0)
            feed.run(1)
        thread.check()
    assert np.all(feed.share(103, 300) == 0.5), "the latency is what it was"
    assert duplex.counts().late_blocks - late <= 4


def test_it_stops_starts_again_and_says_whether_it_lives():
    duplex = DuplexBuffer(Bypass(), 1, 48000, 64)
    thread = ProcessingThread(duplex)
    assert thread.stop() and not thread.is_alive
    for _ in range(2):
        thread.start()
        thread.start()
        assert thread.is_alive
        assert sum(running.name == "dap_stream live" for running in threading.enumerate()) == 1
        assert thread.stop() and not thread.is_alive


def test_an_error_of_the_processor_is_handed_on_and_the_sound_goes_on_dry():
    processor = Broken(2)
    duplex = DuplexBuffer(processor, 1, 48000, 64)
    feed = Feed(duplex, 64, 60)
    thread = ProcessingThread(duplex)
    thread.start()
    while thread.error is None:
        feed.run(1)
        until(lambda: duplex.backlog == 0 or thread.error is not None)
    feed.run(20)
    with pytest.raises(ZeroDivisionError, match="planted"):
        thread.check()
    assert not thread.is_alive
    assert np.all(feed.share(feed.block - 15, feed.block) == 1.0)
    processor.n_good = 99
    thread.start()
    until(lambda: duplex.backlog == 0)
    thread.check()
    assert thread.stop()


class Hanging(Delay):
    """Comes back when it is told to."""

    def __init__(self, latency: int) -> None:
        super().__init__(latency)
        self.has_begun, self.may_go_on = threading.Event(), threading.Event()

    def process(self, buffer):
        self.has_begun.set()
        assert self.may_go_on.wait(20)
        return super().process(buffer)


def test_a_processor_that_hangs_does_not_hold_up_the_end():
    processor = Hanging(0)
    duplex = DuplexBuffer(processor, 1, 48000, 64)
    thread = ProcessingThread(duplex)
    thread.start()
    duplex.exchange(noise(1, 64), np.empty((1, 64), np.float32))
    assert processor.has_begun.wait(20)
    assert not thread.stop(0.01)
    with pytest.raises(DapStreamError, match="still hangs"):
        thread.start()
    processor.may_go_on.set()
    assert thread.stop()
