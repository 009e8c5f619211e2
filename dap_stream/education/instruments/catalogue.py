"""All instruments by name."""

from __future__ import annotations

from dap_stream.education.instruments import drums, ensembles, plucked, struck, sustained
from dap_stream.education.instruments.playing import played
from dap_stream.education.synthesis.maker import MakeSound

INSTRUMENTS: dict[str, MakeSound] = {
    "piano": played(struck.draw_piano, 40.0, 2500.0, chordal=0.5),
    "bell": played(struck.draw_bell, 100.0, 2500.0, chordal=0.2, slowest=8.0),
    "bars": played(struck.draw_bars, 120.0, 3000.0, chordal=0.3),
    "string": played(plucked.draw_string, 45.0, 1200.0, chordal=0.6),
    "guitar": played(plucked.draw_guitar, 45.0, 1200.0, chordal=0.6),
    "bowed": played(sustained.draw_bowed, 45.0, 2000.0, chordal=0.2, slowest=8.0),
    "brass": played(sustained.draw_brass, 50.0, 1000.0, chordal=0.15),
    "flute": played(sustained.draw_flute, 200.0, 2500.0, chordal=0.1),
    "reed": played(sustained.draw_reed, 60.0, 1500.0, chordal=0.2),
    "organ": played(sustained.draw_organ, 50.0, 1500.0, chordal=0.7, slowest=8.0),
    "kit": drums.kit,
    "hand_drums": drums.hand_drums,
    "single_hits": drums.single_hits,
    "duo": ensembles.duo,
    "band": ensembles.band_piece,
}
