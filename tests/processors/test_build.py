"""From the settings of a chain to processors and models, for files and for live streams."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_repairs import fake_repair

from dap_stream.core.arrays import ArraySource, process_array
from dap_stream.core.contract import CHECKS, Contract
from dap_stream.core.stream_format import StreamFormat
from dap_stream.errors import ProfileError, SettingError
from dap_stream.processors.build import (
    findings,
    for_live,
    for_source,
    learned,
    make_chain,
    make_live_chain,
    make_live_models,
    make_models,
    pretrain,
)
from dap_stream.processors.chain_settings import ChainSettings, chain_of, make_chain_settings
from dap_stream.processors.denoise.denoiser import Denoiser, LiveDenoiser
from dap_stream.processors.denoise.settings import DenoiseSettings
from dap_stream.processors.findings import Finding
from dap_stream.processors.gain.settings import GainSettings
from dap_stream.processors.registry import PROCESSORS

RATE = 8000
STREAM = StreamFormat(RATE)
SMALL = DenoiseSettings(steps=6, block_s=0.2, noise_s=0.8, device="cpu").for_files()


def noisy(seconds: float = 3.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * RATE)) / RATE)
    return (tone + 0.05 * rng.standard_normal(len(tone))).astype(np.float32)[None]


def test_a_chain_is_its_processors_one_after_the_other() -> None:
    audio = noisy()
    classical = DenoiseSettings(generator="classical")
    chain = make_chain(chain_of(denoise=classical, gain=GainSettings(-6.0)), STREAM)
    expected = Denoiser(RATE, 1, classical)(audio, RATE) * np.float32(10**-0.3)
    np.testing.assert_allclose(process_array(chain, audio), expected, rtol=0, atol=1e-7)
    assert (
        chain.attenuation_db is not None
        and make_chain(chain_of(gain=GainSettings()), STREAM).attenuation_db is None
    )


def test_each_processor_learns_from_the_sound_as_it_comes_to_it() -> None:
    """Behind a gain of 20 dB the denoiser has to learn what a recording 20 dB louder teaches."""
    audio, loud = noisy(), 10 * noisy()
    behind = chain_of(gain=GainSettings(20.0), denoise=SMALL)
    models = make_models(behind)
    with ArraySource(audio, RATE) as source:
        pretrain(behind, models, source)
        assert np.array_equal(source.read(10), audio[:, :10]), "rewound"
    alone = chain_of(denoise=SMALL)
    others = make_models(alone)
    with ArraySource(loud, RATE) as source:
        pretrain(alone, others, source)
    weights = learned(alone, others).weights
    for name, value in learned(behind, models).weights.items():
        np.testing.assert_allclose(value, weights[name], atol=1e-3)


def test_what_is_possible_with_a_source_and_live() -> None:
    chain, notes = for_source(chain_of(denoise=DenoiseSettings()), is_seekable=False)
    assert chain == chain_of(denoise=DenoiseSettings(passes=1, window_ms=48.0)) and "single pass" in notes[0]
    assert for_source(chain_of(gain=GainSettings()), is_seekable=False) == (chain_of(gain=GainSettings()), ())
    assert for_live(ChainSettings()).get("denoise") == DenoiseSettings(passes=1, window_ms=32.0)
    with pytest.raises(SettingError, match="decoder cannot work live"):
        for_live(chain_of(denoise=DenoiseSettings(generator="decoder")))


def test_live_chains_use_the_models_they_are_given() -> None:
    settings = for_live(chain_of(gain=GainSettings(3.0), denoise=DenoiseSettings()))
    models = make_live_models(settings, STREAM, None, is_background=False)
    chain = make_live_chain(settings, STREAM, models)
    assert isinstance(chain.processors[1], LiveDenoiser) and chain.processors[1].model is models["denoise"]


def test_a_profile_where_nothing_learns_is_refused() -> None:
    alone = chain_of(denoise=SMALL)
    profile = learned(alone, make_models(alone))
    with pytest.raises(ProfileError, match=r"nothing in the chain \(gain\) learns"):
        make_models(chain_of(gain=GainSettings()), profile)


def test_a_chain_without_models_learns_on_the_way() -> None:
    """A model that nobody trained must not be taken for one that knows the recording."""
    chain = make_chain(chain_of(denoise=DenoiseSettings(passes=2, steps=2, block_s=0.2, noise_s=0.8)), STREAM)
    chain.process(noisy())
    denoiser = chain.processors[0]
    assert isinstance(denoiser, Denoiser) and denoiser.model is not None
    assert any(block.steps for block in denoiser.model.history)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_chain_without_models_keeps_the_contract(check, rng):
    """What it learned is forgotten with the stream, and doubles stay doubles to the last sample."""
    settings = DenoiseSettings(
        steps=2, block_s=0.2, noise_s=0.8, window_ms=32.0, low_cut_hz=0.0, device="cpu"
    )

    def make(reduction_db=24.0):
        chosen = chain_of(gain=GainSettings(), denoise=replace(settings, reduction_db=reduction_db))
        return make_chain(chosen, STREAM)

    contract = Contract(
        make=make,
        offline=lambda audio: process_array(make(), audio),
        make_unity=lambda: make(0.0),
        n_samples=12011,
        buffer_sizes=(480, 4096, 100_003),
        dtype=np.float64,
        tolerance=1e-6,
    )
    check(contract, rng)


def test_processors_that_cannot_be_used_there_are_refused(monkeypatch):
    chain, gain = chain_of(gain=GainSettings()), PROCESSORS["gain"]
    monkeypatch.setitem(PROCESSORS, "gain", replace(gain, make=None))
    with pytest.raises(SettingError, match="gain works live only"):
        make_chain(chain, STREAM)
    monkeypatch.setitem(PROCESSORS, "gain", replace(gain, make_live=None))
    with pytest.raises(SettingError, match="gain cannot work live"):
        for_live(chain)


def test_whether_a_chain_learns_is_asked_of_its_processors(monkeypatch):
    assert chain_of(gain=GainSettings(), denoise=DenoiseSettings()).learns
    assert not chain_of(denoise=DenoiseSettings(generator="classical")).learns
    assert not chain_of(gain=GainSettings()).learns
    monkeypatch.setitem(PROCESSORS, "gain", replace(PROCESSORS["gain"], learns=lambda settings: True))
    assert chain_of(gain=GainSettings()).learns


def test_a_repair_knows_how_late_the_recording_comes_to_it() -> None:
    made = make_chain(make_chain_settings(names=["gain", "declip", "declick", "denoise", "dehum"]), STREAM)
    late = np.cumsum([0, *(each.latency for each in made.processors)])
    repairs = (1, 2, 4)
    assert [made.processors[i].start_up for i in repairs] == [late[i] for i in repairs]  # type: ignore[attr-defined]
    assert late[4] > late[2] > late[1] == 0


def test_findings_are_those_of_the_recording_not_of_a_first_pass_of_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The denoiser learns from the repaired sound, for which the repair runs before."""
    fake_repair(monkeypatch, "clicks")
    chain = make_chain_settings(None, {"generator": "context", "steps": 2}, repairs=["clicks"])
    audio, other = noisy(), noisy()
    audio[0, 9000:9003] = 1.0
    other[0, 5000] = 1.0
    models = make_models(chain)
    processor = make_chain(chain, STREAM, models)
    pretrain(chain, models, ArraySource(other, STREAM.sample_rate))
    assert [each.start for each in findings(chain, models)] == [5000]
    process_array(processor, audio)
    assert findings(chain, models) == (Finding("clicks", 9000, 3, 0, "3 loud samples"),)
    for model in models.values():
        model.close()
