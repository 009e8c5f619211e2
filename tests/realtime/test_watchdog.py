"""Whether a device still lives, and how late it is."""

from __future__ import annotations

import time

import numpy as np
import pytest
from live_signals import noise

from dap_stream.core.processors import Bypass
from dap_stream.errors import DeviceError
from dap_stream.realtime.duplex_buffer import DuplexBuffer
from dap_stream.realtime.watchdog import Latency, Watchdog


def test_a_device_that_does_not_call_is_noticed(monkeypatch):
    duplex = DuplexBuffer(Bypass(), 1, 48000, 64)
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    dog = Watchdog(duplex)
    now[0] += 0.5
    dog.check("card")
    duplex.exchange(noise(1, 64), np.empty((1, 64), np.float32))
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
