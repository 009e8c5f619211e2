"""Kinds of made-up sound by name: how each is made, and how much of it there is."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.education.creatures.catalogue import CREATURES
from dap_stream.education.instruments.catalogue import INSTRUMENTS
from dap_stream.education.noises.catalogue import NOISES
from dap_stream.education.synthesis.maker import SAMPLE_RATE, MakeSound
from dap_stream.education.voices.catalogue import VOICES

PIECE_S = 20.0  # length of one


@dataclass(frozen=True)
class Group:
    """Sounds of one role: what they are called, how they are made, how many pieces of each there are."""

    name: str
    makers: Mapping[str, MakeSound]
    weights: Mapping[str, float]  # share of each maker; 1 where it is not named
    n_pieces: int

    def plan(self) -> list[tuple[str, int]]:
        """Maker and number of every piece."""
        shares = np.array([self.weights.get(name, 1.0) for name in self.makers])
        counts = np.maximum(np.round(self.n_pieces * shares / shares.sum()).astype(int), 1)
        return [(name, i) for name, count in zip(self.makers, counts, strict=True) for i in range(count)]

    def make(self, maker: str, number: int, seed: int) -> F32:
        """Piece ``number`` of a maker: the same for the same seed, whatever else is made."""
        key = zlib.crc32(f"{self.name}/{maker}".encode())
        rng = np.random.default_rng(np.random.SeedSequence([seed, key, number]))
        return self.makers[maker](rng, round(PIECE_S * SAMPLE_RATE))


NOISE_WEIGHTS = {  # what is met most, and what is told from a voice with most trouble
    **dict.fromkeys(("coloured_noise", "babble", "cafe"), 3.0),
    **dict.fromkeys(("murmur", "city", "traffic", "wind", "rain", "typing", "dishes", "fan"), 2.0),
}

GROUPS: dict[str, Group] = {
    group.name: group
    for group in (
        Group("voices", VOICES, {"espeak": 7.0, "spoken": 4.0}, 1500),
        Group("creatures", CREATURES, {}, 330),
        Group("instruments", INSTRUMENTS, {}, 330),
        Group("noises", NOISES, NOISE_WEIGHTS, 1500),
    )
}
