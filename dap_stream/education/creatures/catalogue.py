"""All animals by name."""

from __future__ import annotations

from dap_stream.education.creatures import birds, frogs, honks, insects, mammals, whales
from dap_stream.education.synthesis.maker import MakeSound

CREATURES: dict[str, MakeSound] = {
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
