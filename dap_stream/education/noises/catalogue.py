"""All kinds of made-up noise, by name."""

from __future__ import annotations

from dap_stream.education.noises import crowd, grains, hits, machines, moving, steady
from dap_stream.education.synthesis.maker import MakeSound

_ALL = (
    *(steady.coloured_noise, steady.room_tone, steady.hiss, steady.fan),
    *(moving.wind, moving.traffic, moving.train, moving.waves, moving.water),
    *(hits.dishes, hits.typing, hits.clock, hits.knocks, hits.metal, hits.clicks, hits.anything_struck),
    *(hits.footsteps, hits.doors, hits.scrapes, hits.paper, hits.clutter),
    *(grains.rain, grains.fire, grains.frying, grains.gravel, grains.applause),
    *(machines.hum, machines.engine, machines.motor, machines.vacuum, machines.printer, machines.beeps),
    *(machines.snoring, machines.purring, machines.breathing),
    *(crowd.babble, crowd.murmur, crowd.cafe, crowd.city),
)

NOISES: dict[str, MakeSound] = {function.__name__: function for function in _ALL}
