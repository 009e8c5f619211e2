"""Sound through two virtual cables of PulseAudio, and its level, as JSON.

Run by tests/realtime/backends/test_pulse.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import soundfile as sf
from live_signals import Half, noise

from dap_stream.realtime.backends.portaudio_devices import pick
from dap_stream.realtime.backends.portaudio_stream import PortAudioStream
from dap_stream.realtime.duplex_buffer import DuplexBuffer

RATE = 48000


def lag_of(long: np.ndarray, short: np.ndarray) -> int:
    """Where ``short`` begins in ``long``, by correlation."""
    size = 1 << int(np.ceil(np.log2(long.size + short.size)))
    product = np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size))
    return int(np.fft.irfft(product, size)[: long.size].argmax())


def main() -> None:
    folder = Path(sys.argv[1])
    source, result = folder / "noise.wav", folder / "record.wav"
    sound = noise(1, RATE)[0]
    sf.write(source, sound, RATE, subtype="FLOAT")
    duplex = DuplexBuffer(Half(300), 1, RATE, 480, margin_blocks=8)
    duplex.warm_up(0.1)
    with PortAudioStream(
        duplex, pick("pulse", "input"), pick("pulse", "output"), device_latency=0.1
    ) as stream:
        command = ["parecord", "--device=clean.monitor", "--format=float32le", f"--rate={RATE}"]
        record = subprocess.Popen([*command, "--channels=1", "--file-format=wav", str(result)])
        time.sleep(0.5)
        subprocess.run(["paplay", "--device=mic", str(source)], check=True)
        time.sleep(0.7)
        stream.check()
        record.terminate()  # it finishes its file then
        record.wait()
        latency, counts, level = stream.latency, duplex.counts(), duplex.level()
    heard = sf.read(result, dtype="float32")[0]
    window = heard[lag_of(heard, sound) :][: sound.size]
    share = float(np.sqrt(np.mean(window**2)) / np.sqrt(np.mean(sound**2)))
    print(
        json.dumps(
            {
                "level_db": 20 * np.log10(share),
                "same": int(np.count_nonzero(window == sound[: window.size] * np.float32(0.5))),
                "n": sound.size,
                "peak_in": level.peak_in,
                "peak_out": level.peak_out,
                "late": counts.late_samples,
                "blocks": counts.blocks,
                "latency_ms": latency.total_ms,
            }
        )
    )


if __name__ == "__main__":
    main()
