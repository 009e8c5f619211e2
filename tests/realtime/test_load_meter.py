"""How busy the processing is."""

from __future__ import annotations

import numpy as np
import pytest

from dap_stream.realtime.load_meter import LoadMeter


def test_a_load_is_that_of_a_hop_and_quantiles_are_nearly_right(rng):
    loads = LoadMeter(256, 48000)
    true = np.exp(rng.normal(-2, 1, 5000))
    for load in true:
        for n in (100, 56, 100):  # in pieces, the second with all the work
            loads.add(load * 256 / 48000 * (n == 56), n)
    assert loads.count == 5000
    assert loads.max == pytest.approx(true.max())
    for share, quantile in ((0.5, loads.median), (0.999, loads.p999)):
        assert quantile == pytest.approx(np.quantile(true, share), rel=0.06)
    loads.reset()
    assert (loads.count, loads.max, loads.median) == (0, 0.0, 0.0)
    loads.add(1e9, 256)
    loads.add(0.0, 256)
    assert loads.max == loads.quantile(1.0) or loads.quantile(1.0) > 100, (
        "what is out of range counts as its end"
    )
