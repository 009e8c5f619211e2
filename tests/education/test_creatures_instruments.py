"""Made-up animals and instruments: repeatable, varied, of the length and level that was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from dap_stream.education.creatures.catalogue import CREATURES
from dap_stream.education.instruments.catalogue import INSTRUMENTS
from dap_stream.education.synthesis.maker import MakeSound

_SOUNDS = {**CREATURES, **INSTRUMENTS}
_N = 32000


@pytest.fixture(params=_SOUNDS)
def sound(request: pytest.FixtureRequest) -> MakeSound:
    return _SOUNDS[request.param]


def test_the_catalogues_share_no_name():
    assert len(_SOUNDS) == len(CREATURES) + len(INSTRUMENTS)


def test_a_seed_gives_one_sound_and_another_seed_another(sound: MakeSound):
    first, again, other = (sound(np.random.default_rng(seed), _N) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_it_is_finite_heard_and_below_full_scale(sound: MakeSound):
    for seed in range(3):
        made = sound(np.random.default_rng(seed), _N)
        assert made.dtype == np.float32 and made.shape == (_N,)
        assert np.isfinite(made).all()
        assert 0.01 < np.abs(made).max() < 1.0


@pytest.mark.parametrize("n", [0, 1, 100])
def test_short_ones_have_their_length(sound: MakeSound, n: int):
    made = sound(np.random.default_rng(5), n)
    assert made.dtype == np.float32 and made.shape == (n,) and np.isfinite(made).all()
