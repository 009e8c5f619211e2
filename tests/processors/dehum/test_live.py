"""Live hum goes without any delay."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hums import RATE, HumContract, drifting, voice

from dap_stream.core.arrays import process_array
from dap_stream.core.contract import CHECKS, Contract, buffer_size, mid_reset, reuse
from dap_stream.core.stream_format import StreamFormat
from dap_stream.dsp.line_kernels import add_tones, robust_means
from dap_stream.dsp.metrics import si_sdr_db
from dap_stream.processors import build
from dap_stream.processors.chain_settings import chain_of
from dap_stream.processors.dehum.live import LiveDehum
from dap_stream.processors.dehum.settings import DehumSettings

CONTRACT = Contract(make=lambda: LiveDehum(8000, 2), offline=np.copy, channels=2)
AT_WORK = HumContract(
    make=lambda: LiveDehum(8000), offline=np.copy, n_samples=105_011, buffer_sizes=(17, 400, 8193)
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Callable[[Contract, np.random.Generator], None], rng: np.random.Generator) -> None:
    check(CONTRACT, rng)


@pytest.mark.parametrize("check", [buffer_size, reuse, mid_reset], ids=lambda check: check.__name__)
def test_contract_at_work(
    check: Callable[[Contract, np.random.Generator], None], rng: np.random.Generator
) -> None:
    audio = AT_WORK.signal(rng)
    assert not np.array_equal(process_array(LiveDehum(8000), audio), audio)
    check(AT_WORK, rng)


def test_hum_goes_once_it_is_certain_in_place_and_at_once(rng: np.random.Generator) -> None:
    clean = voice(rng, 22.0)
    audio = clean + np.std(clean) * drifting(rng, len(clean), RATE, 50.0, 20)
    chain = chain_of(dehum=DehumSettings())
    processor = build.make_live_chain(chain, StreamFormat(RATE), {})
    assert processor.latency == 0
    out = process_array(processor, audio[None])
    np.testing.assert_array_equal(out[0, : 8 * RATE], audio[: 8 * RATE])
    assert si_sdr_db(np.asarray(out[0, 13 * RATE :]), clean[13 * RATE :]) > 18.0


def test_it_begins_and_ends_without_a_click(rng: np.random.Generator) -> None:
    n = 26 * RATE
    hum = 0.1 * np.cos(2 * np.pi * 50.0 * np.arange(n) / RATE)
    hum[17 * RATE :] = 0.0
    audio = hum + 1e-5 * rng.standard_normal(n)
    removed = audio - process_array(LiveDehum(RATE), audio[None])[0]
    assert np.max(np.abs(removed)) > 0.09
    # A tone of 50 Hz goes by 0.002 a sample; a jump would be larger.
    assert np.max(np.abs(np.diff(removed))) < 0.004
    np.testing.assert_array_equal(removed[23 * RATE :], 0.0)


def test_no_kernel_is_compiled_while_a_stream_runs(rng: np.random.Generator) -> None:
    processor = LiveDehum(8000)
    compiled = [len(kernel.signatures) for kernel in (robust_means, add_tones)]
    assert all(compiled)
    hum = 0.1 * drifting(rng, 12 * 8000, 8000, 50.0, 5) + 0.01 * rng.standard_normal(12 * 8000)
    assert not np.array_equal(process_array(processor, hum[None])[0], hum)
    assert [len(kernel.signatures) for kernel in (robust_means, add_tones)] == compiled
