"""Models, processors and duplex buffer wired up: warming up, what is measured, and share of wet."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from live_chains import BLOCK_SIZE, FORMAT, live_chain, live_settings
from recordings import sound

from dap_stream.apps.live.live_chain import LiveChain
from dap_stream.core.array_types import F32
from dap_stream.core.profile import Profile
from dap_stream.errors import DapStreamError, ProfileError
from dap_stream.processors.chain_settings import chain_of
from dap_stream.processors.denoise.settings import DenoiseSettings
from dap_stream.processors.gain.settings import GainSettings


def noisy(seconds: float) -> F32:
    return sound(seconds, FORMAT.sample_rate).astype(np.float32)


def test_what_warming_up_taught_is_forgotten() -> None:
    out = []
    for is_warmed_up in (False, True):
        with contextlib.closing(live_chain(block_s=0.2, steps=2)) as chain:
            if is_warmed_up:
                chain.warm_up()
                assert not chain.history and chain.duplex.counts().blocks == 0
            chain.duplex.reset()
            out.append(chain.tapped.process(noisy(1.0)))
            assert chain.history
    np.testing.assert_array_equal(out[0], out[1])


def test_a_profile_that_does_not_fit_ends_the_warming_up() -> None:
    chain = live_chain(Profile("context", 32.0, 1, {}), is_inline=False, generator="context")
    with contextlib.closing(chain), pytest.raises(ProfileError, match="do not fit"):
        chain.warm_up(0.0)


def removed_db(chain: LiveChain, audio: F32) -> float:
    chain.tapped.process(audio)
    return chain.status(0.0).attenuation_db


def test_the_attenuation_is_measured_and_not_the_setting() -> None:
    """Of a tone that is no noise nearly nothing is removed, of noise nearly all that may be."""
    rng = np.random.default_rng(0)
    steady = (0.05 * rng.standard_normal((1, 5 * FORMAT.sample_rate))).astype(np.float32)
    burst = (0.5 * np.sin(0.2 * np.arange(2000)) * np.hanning(2000)).astype(np.float32)[np.newaxis]
    for generator in ("context", "classical"):
        chain = live_chain(generator=generator, reduction_db=24.0, low_cut_hz=0.0)
        assert removed_db(chain, np.zeros((1, 1000), np.float32)) == 0.0
        assert 12.0 < removed_db(chain, steady) < 24.0
        assert removed_db(chain, burst[:, :1500]) < 3.0
        snapshot = chain.status(0.0)
        assert snapshot.reduction_db == 24.0, "the knob, beside what was measured"
        assert chain.adjustable is not None
        chain.adjustable.reduction_db = 0.0
        assert removed_db(chain, steady) == pytest.approx(0.0, abs=0.01)


def test_a_chain_without_a_denoiser_measures_and_learns_nothing() -> None:
    settings = live_settings(chain=chain_of(gain=GainSettings(gain_db=-6.0)))
    chain = LiveChain(settings, FORMAT, BLOCK_SIZE)
    assert chain.adjustable is None and chain.history == [] and not chain.is_frozen
    assert removed_db(chain, noisy(0.1)) == 0.0 and chain.status(0.0).reduction_db is None
    with pytest.raises(DapStreamError, match="nothing in the chain learns"):
        chain.profile()
    chain.reset()


def test_the_share_of_wet_is_turned_without_delay_where_one_processor_has_it() -> None:
    alone = live_chain(wet=0.25)
    assert alone.duplex.wet == 0.25 and alone.chain_settings.get("denoise").wet == 0.25  # type: ignore[union-attr]
    one_of_two = chain_of(denoise=DenoiseSettings(window_ms=32.0, wet=0.25), gain=GainSettings())
    assert LiveChain(live_settings(chain=one_of_two), FORMAT, BLOCK_SIZE, is_inline=True).duplex.wet == 1.0
