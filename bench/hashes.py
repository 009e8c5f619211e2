"""Hashes of every way through the denoiser: the same before and after a change that only moves code.

Of one machine: libraries and processors round differently. Save those of the old code, change it, compare.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import numpy as np

from dap_stream import (
    ArraySource,
    Audio,
    Denoiser,
    DenoiseSettings,
    LiveDenoiser,
    Processor,
    denoise,
    learn,
    process_buffers,
)

RATE, SECONDS = 16_000, 5
DEEP_SECONDS = 2  # for the deep priors, which are slow


def recording() -> Audio:
    """A gliding tone in noise with a pause of digital silence, ``[2, samples]`` float32."""
    time = np.arange(RATE * SECONDS) / RATE
    tone = np.sin(2 * np.pi * (200 + 60 * np.sin(2 * np.pi * 1.3 * time)) * time)
    tone *= 0.5 + 0.5 * np.sin(2 * np.pi * 2.1 * time)
    noise = 0.05 * np.random.default_rng(7).standard_normal((2, len(time)))
    audio = np.stack([0.3 * tone, 0.2 * np.roll(tone, 40)]) + noise
    audio[:, 30_000:34_000] = 0.0
    return np.asarray(audio, np.float32)


def streamed(processor: Processor, audio: Audio, *sizes: int) -> Audio:
    """Through the processor in buffers of these sizes in turn."""

    def buffers() -> Iterator[Audio]:
        begin = 0
        for size in cycle(sizes):
            if begin >= audio.shape[1]:
                return
            yield audio[:, begin : begin + size]
            begin += size

    return np.concatenate(list(process_buffers(processor, buffers())), axis=1)


def outputs() -> Iterator[tuple[str, Audio]]:
    """Each way by name: generators, passes, channels linked or not, wet, streams, live, profiles."""
    audio = recording()
    for linked in (True, False):
        for passes, steps in ((1, 6), (2, 40)):
            for wet in (1.0, 0.8):
                out = denoise(
                    audio, RATE, passes=passes, steps=steps, linked=linked, wet=wet, block_s=0.5, noise_s=2.0
                )
                yield f"context passes={passes} linked={linked} wet={wet}", out
        yield f"classical linked={linked}", denoise(audio, RATE, generator="classical", linked=linked)
    yield "context defaults, float64", denoise(audio.astype(np.float64), RATE)
    for generator in ("dcgan", "skip", "decoder"):
        yield generator, denoise(audio[:, : RATE * DEEP_SECONDS], RATE, generator=generator, steps=3)
    inline = DenoiseSettings(passes=1, steps=5, block_s=0.5, noise_s=2.0)
    yield "stream context", streamed(Denoiser(RATE, 2, inline), audio, 480, 17, 4096, 1, 3000)
    for linked in (True, False):
        for lookahead in (0, 1, 2):
            settings = DenoiseSettings(lookahead=lookahead, linked=linked, steps=6)
            name = f"live context linked={linked} lookahead={lookahead}"
            yield name, streamed(LiveDenoiser(RATE, 2, settings), audio, 128)
        settings = DenoiseSettings(generator="classical", linked=linked)
        yield f"live classical linked={linked}", streamed(LiveDenoiser(RATE, 2, settings), audio, 100, 77)
    settings = DenoiseSettings(steps=30, window_ms=32.0)
    profile = learn(ArraySource(audio, RATE), settings)
    yield "profile only", denoise(audio, RATE, profile, steps=0, window_ms=32.0)
    yield "live with profile", streamed(LiveDenoiser(RATE, 2, settings, profile), audio, 128)


def digest(audio: Audio) -> str:
    """The first 16 digits of the SHA-256 of all samples."""
    return hashlib.sha256(np.ascontiguousarray(audio).tobytes()).hexdigest()[:16]


def main() -> None:
    """Print them, or what differs from those in a file."""
    parser = argparse.ArgumentParser(prog="python -m bench.hashes", description="Hashes of all outputs.")
    parser.add_argument("--save", metavar="FILE", help="write them as JSON")
    parser.add_argument("--against", metavar="FILE", help="name those that differ from what was saved there")
    args = parser.parse_args()
    hashes = {
        name: hashlib.sha256(np.ascontiguousarray(out).tobytes()).hexdigest()[:16] for name, out in outputs()
    }
    if args.save is not None:
        Path(args.save).write_text(json.dumps(hashes, indent=1) + "\n", encoding="utf-8")
    saved = hashes if args.against is None else json.loads(Path(args.against).read_text(encoding="utf-8"))
    for name, value in hashes.items():
        mark = "" if saved.get(name) == value else f"  DIFFERS from {saved.get(name)}"
        print(f"{value}  {name}{mark}")


if __name__ == "__main__":
    main()
