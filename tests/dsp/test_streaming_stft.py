from __future__ import annotations

import numpy as np
import pytest

from dap_stream.dsp.stft import StftSpec, stft
from dap_stream.dsp.streaming_stft import Analyser, FixedBlocks, Synthesiser

SPEC = StftSpec(64)


def test_a_stream_of_blocks_gives_the_frames_of_the_whole(rng):
    audio = rng.standard_normal((2, 16 * 50)).astype(np.float32)
    analyser = Analyser(SPEC, 2)
    parts = [analyser.advance(audio[:, i : i + 160]) for i in range(0, 800, 160)]
    for which, window in enumerate((SPEC.analysis, SPEC.observation)):
        got = np.concatenate([part[which] for part in parts], axis=1)
        for channel in range(2):
            np.testing.assert_array_equal(got[channel], stft(SPEC, audio[channel], window)[:50])


def test_analysis_and_synthesis_are_a_delay(rng):
    audio = rng.uniform(-1, 1, (1, 16 * 60)).astype(np.float32)
    analyser, synthesiser = Analyser(SPEC, 1), Synthesiser(SPEC, 1)
    out = np.concatenate(
        [synthesiser.advance(analyser.advance(audio[:, i : i + 96])[0]) for i in range(0, 960, 96)], axis=1
    )
    late = SPEC.n_fft - SPEC.hop
    np.testing.assert_allclose(out[:, late:], audio[:, :-late], rtol=0, atol=1e-6)
    assert np.abs(out[:, :late]).max() < 1e-6


@pytest.mark.parametrize("sizes", [[1] * 40, [40], [7, 0, 13, 20], [10, 10, 10, 10]])
def test_fixed_blocks_are_a_delay_whatever_the_buffers(sizes):
    seen = []

    def advance(block):
        seen.append(block.copy())
        return block * 2

    blocks = FixedBlocks(10, 1, advance)
    audio = np.arange(40, dtype=np.float32)[None]
    out, at = [], 0
    for size in sizes:
        out.append(blocks.process(audio[:, at : at + size]))
        at += size
    joined = np.concatenate(out, axis=1)
    np.testing.assert_array_equal(joined[0], np.concatenate((np.zeros(10), 2 * np.arange(30))))
    assert [len(block[0]) for block in seen] == [10] * 4
