"""All animals by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.education.creatures import birds, frogs, honks, insects, mammals, whales

CREATURES: dict[str, Callable[[np.random.Generator, int], F32]] = {
    "bird_song": birds.song,
    "bird_trill": birds.trill,
    "bird_whistle": birds.whistle,
    "bird_warble": birds.warble,
    "bird_harsh": birds.harsh_call,
    "bird_chatter": birds.chatter,
    "bird_coo": birds.coo,
    "cricket": insects.cricket,
    "rasp": insects.rasp,
    "cicada": insects.cicada,
    "wings": insects.wings,
    "croak": frogs.croak,
    "peep": frogs.peep,
    "bark": mammals.bark,
    "growl": mammals.growl,
    "howl": mammals.howl,
    "meow": mammals.meow,
    "lowing": mammals.lowing,
    "honk": honks.honk,
    "scream": honks.scream,
    "whale": whales.moan,
    "dolphin": whales.dolphin,
}
"""A function ``(rng, n_samples) -> [n_samples]`` for each: mono, 16 kHz, made from ``rng`` alone."""
