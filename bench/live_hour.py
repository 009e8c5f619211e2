"""An hour of live stream without a sound device: memory, latency and positions over the time.

    python -m bench.live_hour [--minutes 60]

The same rings, callback and processing as with a device, as fast as they go, learning inline.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from bench import results
from bench.live import N_PLAYED, PERIOD, RATE, played, resident_mb
from dap_stream.apps.live import MARGIN_BLOCKS


def hour(minutes: float) -> str:
    """The stream without a server, as fast as it goes: memory and latency over the time."""
    from dap_stream.processors.denoise.denoiser import LiveDenoiser
    from dap_stream.realtime.duplex_buffer import DuplexBuffer

    denoiser = LiveDenoiser(RATE)
    duplex = DuplexBuffer(denoiser, 1, RATE, PERIOD, MARGIN_BLOCKS)
    signal, out = played(), np.empty((1, PERIOD), np.float32)
    n_blocks = round(minutes * 60 * RATE / PERIOD)
    memory, began = [], time.perf_counter()
    for i in range(n_blocks):
        place = i * PERIOD % N_PLAYED
        duplex.exchange(signal[None, place : place + PERIOD], out)
        while duplex.work():
            pass
        if i in (n_blocks // 10, n_blocks - 1):
            memory.append(resident_mb())
    taken_s = time.perf_counter() - began
    counts = duplex.counts()
    return (
        f"Simulated, {minutes:g} minutes, fit inline: memory {memory[0]:.0f} MB after a tenth and "
        f"{memory[1]:.0f} MB at the end ({memory[1] / memory[0] - 1:+.1%}), "
        f"{counts.late_blocks} late blocks, {counts.lost_samples} lost samples, "
        f"latency {1000 * duplex.latency / RATE:.1f} ms throughout; "
        f"{taken_s / (60 * minutes):.3f} of its length.\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.live_hour", description="An hour, live.")
    parser.add_argument("--minutes", type=float, default=60.0, help="of sound")
    args = parser.parse_args()
    text = hour(args.minutes)
    print(text)
    if args.minutes >= 60:
        results.write_section("live-hour", "Live, an hour simulated", text)


if __name__ == "__main__":
    main()
