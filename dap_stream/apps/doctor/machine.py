"""The machine: cores, memory, load, GPU, and how fast it is."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dap_stream.apps.doctor.check import OK, WARNING, Finding

_LEAST_MEMORY_MB = 1000.0
_RATE, _SECONDS = 48000, 10.0
_SAFE_LOAD = 0.5  # of the time, that a live stream may need at most to be safe
_BUFFER = 480
_TOGETHER = 10  # buffers


def machine() -> Iterator[Finding]:
    """Cores that may be used, memory that is free, and how busy it is."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield Finding("machine", "cores", OK, f"{cores} may be used", values={"cores": cores})
    free_mb = _free_memory_mb()
    if free_mb is not None:
        is_enough = free_mb >= _LEAST_MEMORY_MB
        advice = "" if is_enough else "close other programs: a fit needs about 700 MB"
        state = OK if is_enough else WARNING
        yield Finding("machine", "memory", state, f"{free_mb:.0f} MB free", advice, {"free_mb": free_mb})
    if hasattr(os, "getloadavg"):
        load = os.getloadavg()[0]
        is_idle = load <= cores
        advice = "" if is_idle else "other programs keep it busy: everything is slower now, live may stall"
        text = f"{load:.1f} over the last minute"
        yield Finding("machine", "load", OK if is_idle else WARNING, text, advice, {"load": load})


def _free_memory_mb() -> float | None:
    """None where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith("MemAvailable")) / 1000.0
    except (OSError, StopIteration):
        return None


def gpu() -> Iterator[Finding]:
    """Whether PyTorch finds one; it is not needed."""
    import torch

    if not torch.cuda.is_available():
        text = "none that PyTorch can use; it is needed only for deep priors"
        yield Finding("machine", "GPU", OK, text, values={"cuda": False})
        return
    name = torch.cuda.get_device_name(0)
    yield Finding("machine", "GPU", OK, f"{name}, CUDA {torch.version.cuda}", values={"cuda": True})


def speed() -> Iterator[Finding]:
    """Ten seconds of made-up sound as a file without a fit, and as a live stream in buffers of 10 ms."""
    from dap_stream.core.arrays import process_array
    from dap_stream.core.stream_format import StreamFormat
    from dap_stream.processors.build import make_chain
    from dap_stream.processors.chain_settings import chain_of
    from dap_stream.processors.denoise.denoiser import LiveDenoiser
    from dap_stream.processors.denoise.settings import DenoiseSettings

    audio = _made_up()
    settings = DenoiseSettings(quality="fast", steps=0, passes=1)

    def as_file(seconds: float) -> float:
        chain = make_chain(chain_of(denoise=settings), StreamFormat(_RATE, 1))
        began = time.perf_counter()
        process_array(chain, audio[:, : round(seconds * _RATE)])
        return (time.perf_counter() - began) / seconds

    as_file(1.0)  # compiles, loads and warms up
    factor = as_file(_SECONDS)
    text = f"a file takes {factor:.2f} of its length without learning (quality=fast)"
    yield Finding("speed", "file", OK, text, values={"real_time_factor": factor})
    live = LiveDenoiser(_RATE, 1, settings.for_live())
    loads = []
    for begin in range(0, audio.shape[1] - _BUFFER, _BUFFER):
        began = time.perf_counter()
        live.process(audio[:, begin : begin + _BUFFER])
        loads.append((time.perf_counter() - began) * _RATE / _BUFFER)
    # The first second compiles. A hop is longer than a buffer, so that single buffers say nothing.
    settled = np.array(loads[_RATE // _BUFFER :])
    settled = settled[: len(settled) // _TOGETHER * _TOGETHER].reshape(-1, _TOGETHER).mean(axis=1)
    mean, worst = float(settled.mean()), float(settled.max())
    can = mean < _SAFE_LOAD
    text = f"a stream takes {mean:.2f} of the time, at worst {worst:.2f} of a tenth of a second"
    advice = "" if can else "too slow to be safe live: close other programs, or use --set generator=classical"
    values = {"load": mean, "worst_load": worst, "can_run_live": can}
    state = OK if can else WARNING
    yield Finding("speed", "live", state, text + (": can run live" if can else ""), advice, values)


def _made_up() -> np.ndarray:
    """A tone that comes and goes, in noise: ``[1, samples]``."""
    rng = np.random.default_rng(0)
    t = np.arange(round(_SECONDS * _RATE)) / _RATE
    tone = 0.2 * np.sin(2.0 * np.pi * 300.0 * t) * (np.sin(2.0 * np.pi * 1.3 * t) > 0.0)
    return np.asarray(tone + 0.03 * rng.standard_normal(len(t)), np.float32)[np.newaxis]
