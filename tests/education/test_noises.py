"""Made-up noises, rooms and microphones: as long as asked for, finite, and the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from dap_stream.education.noises.catalogue import NOISES
from dap_stream.education.synthesis.places import coded, levels, microphone_gain, room_response, saturate


@pytest.mark.parametrize("name", sorted(NOISES))
def test_noises_depend_on_their_seed_alone(name: str) -> None:
    first, again, other = (NOISES[name](np.random.default_rng(seed), 20000) for seed in (1, 1, 2))
    assert first.dtype == np.float32 and first.shape == (20000,)
    assert np.all(np.isfinite(first)) and np.max(np.abs(first)) < 1.0
    assert 0.008 < np.sqrt(np.mean(first.astype(np.float64) ** 2)) < 0.11
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_rooms_begin_with_the_direct_sound(rng: np.random.Generator) -> None:
    for _ in range(20):
        room = room_response(rng)
        assert room.dtype == np.float32 and len(room) <= 9600 and room[0] == 1.0
        assert 10.0**-2.1 < np.sum(room[1:].astype(np.float64) ** 2) < 10.0**0.35


def test_what_happens_on_the_way(rng: np.random.Generator) -> None:
    frequencies = np.linspace(0.0, 8000.0, 257)
    audio = (0.1 * rng.standard_normal(16000)).astype(np.float32)
    for _ in range(20):
        gain = microphone_gain(rng, frequencies)
        assert gain.shape == (257,) and np.all(np.isfinite(gain)) and np.all(gain >= 0.0)
        for changed in (saturate(rng, audio), coded(rng, audio), levels(rng, 16000)):
            assert (
                changed.shape == audio.shape and changed.dtype == np.float32 and np.all(np.isfinite(changed))
            )
