"""What is handed over as heard is what the device was given, aligned with the sound it was made of."""

from __future__ import annotations

import numpy as np
from live_signals import Half, noise

from dap_stream.realtime.duplex_buffer import DuplexBuffer
from dap_stream.realtime.heard_tap import HeardTap, TappedProcessor

BLOCK = 128


def heard_and_recorded(sets_wet: dict[int, float], late: range) -> tuple[np.ndarray, ...]:
    """(input, heard, recorded dry, recorded heard); ``late``: blocks for which nobody works."""
    tapped = TappedProcessor(Half(300, 2))
    duplex = DuplexBuffer(tapped, 2, 48000, BLOCK)
    taken: list[tuple[np.ndarray, np.ndarray]] = []
    tapped.tap = tap = HeardTap(duplex, lambda *pair: taken.append(pair))
    audio = noise(2, 200 * BLOCK)
    heard = np.empty_like(audio)
    for k in range(200):
        piece = slice(k * BLOCK, (k + 1) * BLOCK)
        duplex.wet = sets_wet.get(k, duplex.wet)
        duplex.exchange(audio[:, piece], heard[:, piece])
        while k not in late and duplex.work():
            pass
    tap()
    dry, wet = (np.concatenate(pieces, axis=1) for pieces in zip(*taken, strict=True))
    assert tap.lost_samples == 0 and (duplex.counts().late_blocks > 0) == bool(late)
    return audio, heard[:, duplex.latency :], dry, wet


def test_it_is_what_was_heard_to_the_bit() -> None:
    audio, heard, dry, recorded = heard_and_recorded({}, range(0))
    np.testing.assert_array_equal(recorded, heard)
    np.testing.assert_array_equal(dry, audio[:, : dry.shape[1]])
    np.testing.assert_array_equal(recorded, dry * np.float32(0.5))


def test_late_blocks_are_recorded_as_they_were_heard() -> None:
    _, heard, dry, recorded = heard_and_recorded({}, range(50, 60))
    np.testing.assert_array_equal(recorded, heard)
    assert (recorded == dry).all(axis=0).sum() > 6 * BLOCK  # the dry sound instead


def test_a_knob_counts_a_few_blocks_off_at_most() -> None:
    _, heard, dry, recorded = heard_and_recorded({40: 0.25, 90: 0.0}, range(0))
    differs = np.flatnonzero((recorded != heard).any(axis=0))
    assert differs.size == 0 or ((np.diff(differs) > BLOCK).sum() <= 1 and differs.size < 4 * BLOCK)
    np.testing.assert_array_equal(recorded[:, -10:], dry[:, -10:])


def test_a_stall_leaves_silence_of_the_right_length() -> None:
    tapped = TappedProcessor(Half(300, 1))
    duplex = DuplexBuffer(tapped, 1, 48000, BLOCK)
    taken: list[tuple[np.ndarray, np.ndarray]] = []
    tapped.tap = tap = HeardTap(duplex, lambda *pair: taken.append(pair))
    audio, out = noise(1, 1200 * BLOCK), np.empty((1, BLOCK), np.float32)
    for k in range(1200):
        duplex.exchange(audio[:, k * BLOCK : (k + 1) * BLOCK], out)
        while not 100 <= k < 1000 and duplex.work():
            pass
    tap()
    dry = np.concatenate([pair[0] for pair in taken], axis=1)
    assert dry.shape[1] == audio.shape[1] - duplex.latency
    assert tap.lost_samples > 0
    same = dry == audio[:, : dry.shape[1]]
    assert np.count_nonzero(~same) == tap.lost_samples  # noise is never 0
