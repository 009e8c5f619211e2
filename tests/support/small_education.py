"""An education of seconds instead of an hour: few and short sounds, small lessons and examination."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dap_stream.education import bank, kinds, mixtures, run
from dap_stream.education.mixtures import Batch, Mixer

SHARE = 0.002
SMALL: Mapping[Any, Mapping[str, Any]] = {
    bank: {"PIECE_S": 2.0},
    kinds: {"PIECE_S": 2.0},
    mixtures: {"N_ROOMS": 3, "SHAPES": ((2, 1.0),)},
    run: {"HELD_OUT_SHARE": SHARE, "EXAM_BATCHES": 1, "EXAM_SHAPE": (2, 1.0)},
}


def batches_here(mixer: Mixer, first: int, last: int) -> Iterator[Batch]:
    """`dap_stream.education.teaching.batches_from` without another process."""
    for number in range(first, last):
        yield mixer.batch(number)
