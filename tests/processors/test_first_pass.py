"""Repairs that hear a recording twice know what the first time told, whenever they were made."""

from __future__ import annotations

import numpy as np
import pytest

from dap_stream.core.arrays import ArraySource
from dap_stream.core.processor import Processor
from dap_stream.core.stream_format import StreamFormat
from dap_stream.processors.build import make_chain, make_models, pretrain
from dap_stream.processors.chain_settings import make_chain_settings
from dap_stream.processors.registry import REPAIRS
from dap_stream.processors.rehearsal import damaged_sound

STREAM = StreamFormat(16000, 1)


# To the other repairs it tells nothing of this sound, whose first seconds hide the limit of its band.
@pytest.mark.parametrize(("kind", "start"), [("clicks", 0), ("hum", 0), ("bandwidth", 90_000)])
def test_a_processor_that_was_made_before_the_first_pass_knows_it(kind: str, start: int) -> None:
    sound = damaged_sound(STREAM)
    sound[:, 16000:24000] += 0.004 * (np.arange(8000) % 400 == 0)  # small: clicks only where there are many
    sound = sound[:, start:]
    chain = make_chain_settings(names=[REPAIRS[kind]])

    def heard(processor: Processor) -> np.ndarray:
        return np.concatenate((processor.process(sound), processor.flush()), axis=1)

    models = make_models(chain)
    before = make_chain(chain, STREAM, models)
    with ArraySource(sound, STREAM.sample_rate) as source:
        pretrain(chain, models, source)
    after = heard(make_chain(chain, STREAM, models))
    np.testing.assert_array_equal(heard(before), after)
    assert not np.array_equal(heard(make_chain(chain, STREAM, make_models(chain))), after)
