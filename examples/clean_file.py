"""Clean a file in two passes, and keep what was taken out.

The first pass learns from the whole recording, the second one cleans it. Both results appear complete, or not
at all. Put your own file in the place of the one that is made here.
"""

import tempfile
from pathlib import Path

import numpy as np
import soundfile

import dap_stream

RATE = 16000
SETTINGS = dap_stream.chain_of(denoise=dap_stream.DenoiseSettings(reduction_db=18.0, quality="fast"))


def make_recording(path: Path) -> None:
    """Six seconds of a tone that comes and goes, in noise; it ends with half a second of noise alone."""
    time = np.arange(6 * RATE) / RATE
    tone = 0.3 * np.sin(2 * np.pi * 440 * time) * (np.sin(2 * np.pi * time) > 0)
    soundfile.write(path, tone + 0.03 * np.random.default_rng(0).standard_normal(len(time)), RATE)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        noisy, result, removed = (Path(folder, f"talk{end}.wav") for end in ("", "_clean", "_removed"))
        make_recording(noisy)
        record = dap_stream.clean_file(noisy, result, SETTINGS, removed)
        print(f"{result.name}: {record.seconds:g} s cleaned, {record.clipped} samples clipped")
        for path in (noisy, result, removed):
            print(f"{path.name}: noise at {20 * np.log10(soundfile.read(path)[0][-6000:].std()):.0f} dB")
