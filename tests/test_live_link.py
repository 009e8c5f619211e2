"""The processing side of a live stream: stalls, gaps, the thread, and what it tells about itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from live_signals import Broken, Half, Slow, noise

from dap_stream.errors import DapStreamError, DeviceError, SettingError
from dap_stream.live import watch
from dap_stream.live.exchange import FADE
from dap_stream.live.link import STALL_S, ZEROS_S, Link
from dap_stream.live.loads import Loads
from dap_stream.live.watch import Latency, Watch
from dap_stream.live.worker import Worker
from dap_stream.processor import Bypass, Delay


def until(is_so: Callable[[], bool], patience_s: float = 20.0) -> None:
    """Wait for a condition, never for a time."""
    end = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.001)


class Feed:
    """A device: blocks of one long noise in, all output kept."""

    def __init__(self, link: Link, size: int, n_blocks: int) -> None:
        self.link, self.size, self.block = link, size, 0
        self.audio = noise(link.channels, size * n_blocks)
        self.out = np.full_like(self.audio, np.nan)

    def run(self, n_blocks: int) -> None:
        for _ in range(n_blocks):
            at = slice(self.block * self.size, (self.block + 1) * self.size)
            self.link.exchange(self.audio[:, at], self.out[:, at])
            self.block += 1

    def share(self, begin: int, end: int) -> np.ndarray:
        """Output / input at the declared latency, for output blocks ``begin`` to ``end``: 0.5 wet, 1 dry."""
        first, last = begin * self.size, end * self.size
        late = self.link.latency
        return self.out[:, first:last] / self.audio[:, first - late : last - late]


def catch_up(link: Link) -> None:
    while link.backlog:
        link.work()


@pytest.mark.parametrize(("sample_rate", "is_short"), [(48000, True), (8000, False)])
def test_a_stall_longer_than_the_memory_costs_input_and_nothing_else(sample_rate, is_short):
    """Short gaps are filled with zeros, long ones are cut out; positions are the same afterwards."""
    link = Link(Half(300), 1, sample_rate, 256)
    capacity = link.shared.ring_in.capacity
    stall = capacity // 256 + 5
    feed = Feed(link, 256, stall + 60)
    for _ in range(20):
        feed.run(1)
        link.work()
    feed.run(stall)
    catch_up(link)
    for _ in range(40):
        feed.run(1)
        link.work()
    counts = link.counts()
    assert counts.overruns == 1 and counts.lost_samples == stall * 256
    assert (counts.lost_samples < ZEROS_S * sample_rate) is is_short
    assert np.all(feed.share(5, 20) == 0.5)
    dry = feed.share(23, 20 + stall)
    assert np.all(dry == 1.0), "nothing old is played when the rings have gone round"
    wet = feed.share(20 + stall + 8, feed.block)
    assert np.all(wet == 0.5), "wet again at the same latency"
    assert link.backlog == 0


def test_a_stall_up_to_what_is_promised_loses_nothing():
    link = Link(Half(300), 1, 48000, 256)
    stall = int(STALL_S * 48000 / 256)
    feed = Feed(link, 256, stall + 40)
    feed.run(stall)
    catch_up(link)
    for _ in range(40):
        feed.run(1)
        link.work()
    assert link.counts().overruns == 0
    assert np.all(feed.share(stall + 4, feed.block) == 0.5)


def test_after_a_cut_what_was_inside_the_processor_is_not_played():
    """Its latency is longer than the margin: the first results after the gap belong before it."""
    link = Link(Half(5000), 1, 8000, 256)
    stall = link.shared.ring_in.capacity // 256 + 5
    feed = Feed(link, 256, stall + 100)
    for _ in range(40):
        feed.run(1)
        link.work()
    feed.run(stall)
    catch_up(link)
    for _ in range(50):
        feed.run(1)
        link.work()
    assert link.counts().overruns == 1
    after = feed.share(40 + stall, feed.block)
    assert np.all((after >= 0.5) & (after <= 1.0)), "a mix of the two at the right place, or one of them"
    wet_from = link.margin + 5000
    assert np.all(after[:, :wet_from] == 1.0)
    assert np.all(after[:, wet_from + FADE :] == 0.5)


def test_a_slow_processor_gives_the_aligned_dry_sound_and_nothing_grows():
    processor = Slow(300, 1, 0.02)
    link = Link(processor, 1, 48000, 256)
    feed = Feed(link, 256, 400)
    link.warm_up(0.0)
    with Worker(link) as worker:
        for _ in range(100):
            feed.run(1)
            time.sleep(0.001)
        assert np.all(feed.share(4, 100) >= 0.5) and np.all(feed.share(4, 100) <= 1.0)
        assert link.backlog <= link.shared.ring_in.capacity
        late = link.counts().late_blocks
        assert late > 0
        processor.is_slow = False
        for _ in range(200):
            until(lambda: link.backlog == 0)
            feed.run(1)
        worker.check()
    assert np.all(feed.share(103, 300) == 0.5), "the latency is what it was"
    assert link.counts().late_blocks - late <= 4


def test_a_worker_stops_starts_again_and_says_whether_it_lives():
    link = Link(Bypass(), 1, 48000, 64)
    worker = Worker(link)
    assert worker.stop() and not worker.is_alive
    for _ in range(2):
        worker.start()
        worker.start()
        assert worker.is_alive
        assert sum(thread.name == "dap_stream live" for thread in threading.enumerate()) == 1
        assert worker.stop() and not worker.is_alive


def test_an_error_of_the_processor_is_handed_on_and_the_sound_goes_on_dry():
    link = Link(Broken(2), 1, 48000, 64)
    feed = Feed(link, 64, 60)
    worker = Worker(link)
    worker.start()
    while worker.error is None:
        feed.run(1)
        until(lambda: link.backlog == 0 or worker.error is not None)
    feed.run(20)
    with pytest.raises(ZeroDivisionError, match="planted"):
        worker.check()
    assert not worker.is_alive
    assert np.all(feed.share(feed.block - 15, feed.block) == 1.0)
    link.processor.n_good = 99
    worker.start()
    until(lambda: link.backlog == 0)
    worker.check()
    assert worker.stop()


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
    link = Link(processor, 1, 48000, 64)
    worker = Worker(link)
    worker.start()
    link.exchange(noise(1, 64), np.empty((1, 64), np.float32))
    assert processor.has_begun.wait(20)
    assert not worker.stop(0.01)
    with pytest.raises(DapStreamError, match="still hangs"):
        worker.start()
    processor.may_go_on.set()
    assert worker.stop()


class Wrong(Delay):
    """Breaks a promise of `Processor`."""

    def __init__(self, how: str) -> None:
        super().__init__(0)
        self.how = how

    def process(self, buffer):
        if self.how == "shape":
            return buffer[:, 1:]
        return buffer.astype(np.float64) if self.how == "dtype" else buffer * np.float32("nan")


@pytest.mark.parametrize(
    ("how", "text"), [("shape", "keep both"), ("dtype", "keep both"), ("nan", "no number")]
)
def test_a_wrong_processor_is_named(how, text):
    link = Link(Wrong(how), 1, 48000, 64)
    link.exchange(noise(1, 64), np.empty((1, 64), np.float32))
    with pytest.raises(DapStreamError, match=f"^Wrong .*{text}.*please report this$"):
        link.work()


def test_a_reset_link_is_as_new():
    """Untrimmed: what is left of the first run would show in the first samples of the second."""
    link = Link(Half(300, 2), 2, 48000, 64)
    runs = []
    for _ in range(2):
        feed = Feed(link, 64, 40)
        for _ in range(40):
            feed.run(1)
            link.work()
        runs.append((feed.out, link.counts()))
        link.reset()
    np.testing.assert_array_equal(runs[0][0], runs[1][0])
    assert runs[0][1] == runs[1][1]
    assert not runs[0][0][:, : link.latency].any()


def test_knobs_stay_after_a_reset_and_need_no_fade_at_the_start():
    link = Link(Half(0), 1, 48000, 64)
    link.bypass = True
    link.warm_up(0.0)
    feed = Feed(link, 64, 10)
    for _ in range(10):
        feed.run(1)
        link.work()
    assert link.bypass and link.wet == 1.0
    assert np.all(feed.share(3, 10) == 1.0)
    assert link.counts().blocks == 10 and link.loads.count > 0


@pytest.mark.parametrize("name", ["channels", "sample_rate", "block_size", "margin_blocks"])
def test_nonsense_is_refused(name):
    good = {"channels": 1, "sample_rate": 48000, "block_size": 64, "margin_blocks": 1}
    with pytest.raises(SettingError, match=f"{name}=0 must be 1 or more"):
        Link(Bypass(), **{**good, name: 0})


def test_wet_is_a_share():
    with pytest.raises(SettingError, match=r"wet=1.5 must be in 0\.\.1"):
        Link(Bypass(), 1, 48000, 64).wet = 1.5


def test_a_load_is_that_of_a_hop_and_quantiles_are_nearly_right(rng):
    loads = Loads(256, 48000)
    true = np.exp(rng.normal(-2, 1, 5000))
    for load in true:
        for n in (100, 56, 100):  # in pieces, the second with all the work
            loads.add(load * 256 / 48000 * (n == 56), n)
    assert loads.count == 5000
    assert loads.max == pytest.approx(true.max())
    for share, found in ((0.5, loads.median), (0.999, loads.p999)):
        assert found == pytest.approx(np.quantile(true, share), rel=0.06)
    loads.reset()
    assert (loads.count, loads.max, loads.median) == (0, 0.0, 0.0)
    loads.add(1e9, 256)
    loads.add(0.0, 256)
    assert loads.max == loads.quantile(1.0) or loads.quantile(1.0) > 100, (
        "what is out of range counts as its end"
    )


def test_a_device_that_does_not_call_is_noticed(monkeypatch):
    link = Link(Bypass(), 1, 48000, 64)
    now = [100.0]
    monkeypatch.setattr(watch.time, "monotonic", lambda: now[0])
    dog = Watch(link)
    now[0] += 0.5
    dog.check("card")
    link.exchange(noise(1, 64), np.empty((1, 64), np.float32))
    for _ in range(3):  # the block was seen at the first of them
        now[0] += 0.5
        dog.check("card")
    now[0] += 0.1
    with pytest.raises(DeviceError, match=r"^card: no call for 1 s"):
        dog.check("card")
    now[0] += 60.0  # Ctrl-Z, or a closed laptop: the device was stopped with us
    dog.check("card")
    now[0] += 0.5
    dog.check("card")
    now[0] += 0.55
    with pytest.raises(DeviceError, match=r"^card: no call for 1 s"):
        dog.check("card")


def test_latency_adds_up():
    latency = Latency(processor=100, margin=320, device_in=10, device_out=50, sample_rate=48000)
    assert latency.total == 480 and latency.total_ms == 10.0
