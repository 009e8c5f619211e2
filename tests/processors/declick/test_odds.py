"""What the recording says about the odds, and the first pass that asks it."""

from __future__ import annotations

import numpy as np
import pytest

from dap_stream.core.arrays import ArraySource
from dap_stream.core.stream_format import StreamFormat
from dap_stream.processors.build import findings, make_chain, make_models, pretrain
from dap_stream.processors.chain_settings import ChainSettings
from dap_stream.processors.declick.declick import Declick
from dap_stream.processors.declick.model import ClickModel
from dap_stream.processors.declick.odds import Expectation
from dap_stream.processors.declick.settings import DeclickSettings
from dap_stream.processors.declick.survey import clicks_per_s


def test_clicks_make_more_of_them_likelier_for_a_while() -> None:
    expected = Expectation(channels=2, hop_s=0.02, sensitivity=1.0, known_per_s=0.0)
    clean = expected.least_odds
    for _ in range(500):
        expected.found(2)
    assert expected.least_odds < clean - 3.0
    for _ in range(10_000):
        expected.found(0)
    assert expected.least_odds == pytest.approx(clean)


def test_the_first_pass_and_the_sensitivity_count_too() -> None:
    odds = [Expectation(1, 0.02, 1.0, per_s).least_odds for per_s in (0.0, 0.1, 1.0, 1e9)]
    assert odds == sorted(odds, reverse=True) and odds[-1] == 0.0
    more, less = (Expectation(1, 0.02, sensitivity, 0.1).least_odds for sensitivity in (10.0, 0.1))
    assert less - more == pytest.approx(2.0 * np.log(10.0))


def damaged(rng: np.random.Generator, seconds: float, per_s: int, height: float = 0.5) -> np.ndarray:
    time = np.arange(round(seconds * 8000)) / 8000
    audio = (0.2 * np.sin(2.0 * np.pi * 440.0 * time) + 1e-3 * rng.standard_normal(len(time)))[None]
    if per_s:
        audio[0, 300 :: 8000 // per_s] += height
    return audio


def test_a_survey_counts(rng: np.random.Generator) -> None:
    told: list[float] = []
    source = ArraySource(damaged(rng, 25.0, 4), 8000)
    assert clicks_per_s(source, DeclickSettings(), told.append) == pytest.approx(4.0, rel=0.1)
    assert told == sorted(told) and told[-1] == 1.0
    assert clicks_per_s(ArraySource(damaged(rng, 3.0, 0), 8000), DeclickSettings()) == 0.0
    assert clicks_per_s(ArraySource(np.zeros((1, 0)), 8000), DeclickSettings()) == 0.0


def test_what_a_first_pass_found_is_used_from_the_first_sample_on(rng: np.random.Generator) -> None:
    audio = damaged(rng, 2.0, 10, height=0.015)
    at_once, later = (Declick(8000, model=ClickModel(per_s)) for per_s in (10.0, 0.0))
    for processor in (at_once, later):
        processor.process(audio)
        processor.flush()
    assert next(iter(at_once.findings)).start < 1000
    assert at_once.findings.count > later.findings.count


def test_in_a_chain_of_a_file(rng: np.random.Generator) -> None:
    audio = damaged(rng, 3.0, 4)
    chain = ChainSettings((("declick", DeclickSettings()),))
    models = make_models(chain)
    pretrain(chain, models, ArraySource(audio, 8000))
    model = models["declick"]
    assert isinstance(model, ClickModel) and model.per_s > 2.0
    processor = make_chain(chain, StreamFormat(8000), models)
    processor.process(audio)
    processor.flush()
    assert len(findings(chain, models)) >= 11
    model.reset()
    assert model.per_s == 0.0 and findings(chain, models) == ()
