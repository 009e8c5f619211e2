"""All kinds of made-up noise, by name."""

from __future__ import annotations

from dap_stream.education.noises import (
    breath,
    crowd,
    friction,
    grains,
    hits,
    household,
    machines,
    moving,
    steady,
)
from dap_stream.education.synthesis.maker import MakeSound

# Pieces of the bank are drawn by number: another order would teach with other mixtures.
_ALL = (
    *(steady.coloured_noise, steady.room_tone, steady.hiss, steady.fan),
    *(moving.wind, moving.traffic, moving.train, moving.waves, moving.water),
    *(household.dishes, household.typing),
    *(hits.clock, hits.knocks, hits.metal, hits.clicks, hits.anything_struck),
    *(household.footsteps, household.doors, friction.scrapes, friction.paper, household.clutter),
    *(grains.rain, grains.fire, grains.frying, grains.gravel, grains.applause),
    *(machines.hum, machines.engine, machines.motor, machines.vacuum, machines.printer, machines.beeps),
    *(breath.snoring, breath.purring, breath.breathing),
    *(crowd.babble, crowd.murmur, crowd.cafe, crowd.city),
)

NOISES: dict[str, MakeSound] = {function.__name__: function for function in _ALL}
