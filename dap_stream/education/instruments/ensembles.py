"""Several instruments at once, in one key and tempo, in one room."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.education.instruments import plucked, struck, sustained
from dap_stream.education.instruments.drums import draw_kit, pattern
from dap_stream.education.instruments.playing import DrawInstrument, chords, draw_key, melody
from dap_stream.education.synthesis.chance import log_uniform
from dap_stream.education.synthesis.levels import levelled_by_frames
from dap_stream.education.synthesis.rooms import somewhere

_DRAWS: tuple[DrawInstrument, ...] = (
    struck.draw_piano,
    struck.draw_bell,
    struck.draw_bars,
    plucked.draw_string,
    plucked.draw_guitar,
    sustained.draw_bowed,
    sustained.draw_brass,
    sustained.draw_flute,
    sustained.draw_reed,
    sustained.draw_organ,
)


def _draw(rng: np.random.Generator) -> DrawInstrument:
    return _DRAWS[int(rng.integers(len(_DRAWS)))]


def duo(rng: np.random.Generator, n_samples: int) -> F32:
    """Let two play: a tune over chords, or two tunes."""
    key = draw_key(rng)
    middle = log_uniform(rng, 150.0, 700.0)
    out = melody(rng, n_samples, _draw(rng)(rng), key, middle, 3.0 * middle)
    other = _draw(rng)(rng)
    below = chords if rng.random() < 0.6 else melody
    out = out + np.float32(log_uniform(rng, 0.2, 1.0)) * below(
        rng, n_samples, other, key, 0.5 * middle, 1.5 * middle
    )
    return levelled_by_frames(rng, somewhere(rng, out))


def band_piece(rng: np.random.Generator, n_samples: int) -> F32:
    """Let a band play: drums, a bass, and a tune or chords over them."""
    key = draw_key(rng)
    bass = melody(rng, n_samples, plucked.draw_plucked(rng), key, 45.0, 160.0)
    middle = log_uniform(rng, 200.0, 600.0)
    play = chords if rng.random() < 0.5 else melody
    top = play(rng, n_samples, _draw(rng)(rng), key, middle, 3.0 * middle)
    parts = (pattern(rng, n_samples, draw_kit(rng), key.beat), bass, top)
    out = np.zeros(n_samples, dtype=np.float32)
    for part in parts:
        loudness = float(np.sqrt(np.mean(part * part))) if n_samples else 0.0
        out += part * np.float32(log_uniform(rng, 0.25, 1.0) / (loudness + 1e-6))
    return levelled_by_frames(rng, somewhere(rng, out))
