"""The processing side of a live stream: stalls, gaps, and what it tells about itself."""

from __future__ import annotations

import numpy as np
import pytest
from live_feed import Feed
from live_signals import Half, noise

from dap_stream.core.processors import Bypass, Delay
from dap_stream.errors import DapStreamError, SettingError
from dap_stream.realtime.callback_kernel import FADE
from dap_stream.realtime.duplex_buffer import STALL_S, ZEROS_S, DuplexBuffer


def catch_up(duplex: DuplexBuffer) -> None:
    while duplex.backlog:
        duplex.work()


@pytest.mark.parametrize(("sample_rate", "is_short"), [(48000, True), (8000, False)])
def test_a_stall_longer_than_the_memory_costs_input_and_nothing_else(sample_rate, is_short):
    """Short gaps are filled with zeros, long ones are cut out; positions are the same afterwards."""
    duplex = DuplexBuffer(Half(300), 1, sample_rate, 256)
    capacity = duplex.shared.ring_in.capacity
    stall = capacity // 256 + 5
    feed = Feed(duplex, 256, stall + 60)
    for _ in range(20):
        feed.run(1)
        duplex.work()
    feed.run(stall)
    catch_up(duplex)
    for _ in range(40):
        feed.run(1)
        duplex.work()
    counts = duplex.counts()
    assert counts.overruns == 1 and counts.lost_samples == stall * 256
    assert (counts.lost_samples < ZEROS_S * sample_rate) is is_short
    assert np.all(feed.share(5, 20) == 0.5)
    dry = feed.share(23, 20 + stall)
    assert np.all(dry == 1.0), "nothing old is played when the rings have gone round"
    wet = feed.share(20 + stall + 8, feed.block)
    assert np.all(wet == 0.5), "wet again at the same latency"
    assert duplex.backlog == 0


def test_a_stall_up_to_what_is_promised_loses_nothing():
    duplex = DuplexBuffer(Half(300), 1, 48000, 256)
    stall = int(STALL_S * 48000 / 256)
    feed = Feed(duplex, 256, stall + 40)
    feed.run(stall)
    catch_up(duplex)
    for _ in range(40):
        feed.run(1)
        duplex.work()
    assert duplex.counts().overruns == 0
    assert np.all(feed.share(stall + 4, feed.block) == 0.5)


def test_after_a_cut_what_was_inside_the_processor_is_not_played():
    """Its latency is longer than the margin: the first results after the gap belong before it."""
    duplex = DuplexBuffer(Half(5000), 1, 8000, 256)
    stall = duplex.shared.ring_in.capacity // 256 + 5
    feed = Feed(duplex, 256, stall + 100)
    for _ in range(40):
        feed.run(1)
        duplex.work()
    feed.run(stall)
    catch_up(duplex)
    for _ in range(50):
        feed.run(1)
        duplex.work()
    assert duplex.counts().overruns == 1
    after = feed.share(40 + stall, feed.block)
    assert np.all((after >= 0.5) & (after <= 1.0)), "a mix of the two at the right place, or one of them"
    wet_from = duplex.margin + 5000
    assert np.all(after[:, :wet_from] == 1.0)
    assert np.all(after[:, wet_from + FADE :] == 0.5)


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
    duplex = DuplexBuffer(Wrong(how), 1, 48000, 64)
    duplex.exchange(noise(1, 64), np.empty((1, 64), np.float32))
    with pytest.raises(DapStreamError, match=f"^Wrong .*{text}.*please report this$"):
        duplex.work()


def test_after_a_reset_it_is_as_new():
    """Untrimmed: what is left of the first run would show in the first samples of the second."""
    duplex = DuplexBuffer(Half(300, 2), 2, 48000, 64)
    runs = []
    for _ in range(2):
        feed = Feed(duplex, 64, 40)
        for _ in range(40):
            feed.run(1)
            duplex.work()
        runs.append((feed.out, duplex.counts()))
        duplex.reset()
    np.testing.assert_array_equal(runs[0][0], runs[1][0])
    assert runs[0][1] == runs[1][1]
    assert not runs[0][0][:, : duplex.latency].any()


def test_knobs_stay_after_a_reset_and_need_no_fade_at_the_start():
    duplex = DuplexBuffer(Half(0), 1, 48000, 64)
    duplex.bypass = True
    duplex.warm_up(0.0)
    feed = Feed(duplex, 64, 10)
    for _ in range(10):
        feed.run(1)
        duplex.work()
    assert duplex.bypass and duplex.wet == 1.0
    assert np.all(feed.share(3, 10) == 1.0)
    assert duplex.counts().blocks == 10 and duplex.loads.count > 0


@pytest.mark.parametrize("name", ["channels", "sample_rate", "block_size", "margin_blocks"])
def test_nonsense_is_refused(name):
    good = {"channels": 1, "sample_rate": 48000, "block_size": 64, "margin_blocks": 1}
    with pytest.raises(SettingError, match=f"{name}=0 must be 1 or more"):
        DuplexBuffer(Bypass(), **{**good, name: 0})


def test_wet_is_a_share():
    with pytest.raises(SettingError, match=r"wet=1.5 must be in 0\.\.1"):
        DuplexBuffer(Bypass(), 1, 48000, 64).wet = 1.5
