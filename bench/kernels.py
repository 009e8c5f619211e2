"""Speed of the inner loops beside their slow twins, and how far apart the two are.

    python -m bench.kernels [--runs 21] [--only NAME ...]

A kernel is timed in this process after a warm-up, which also compiles it; both get the same arguments.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.signal import ShortTimeFFT

from bench import results
from dap_stream.dsp import gain_kernels, reference, stft_kernels
from dap_stream.dsp.stft import StftSpec
from dap_stream.models.context import gather_kernels, mlp_kernels
from dap_stream.models.context import reference as context_reference
from dap_stream.models.context.mlp_kernels import dense
from dap_stream.models.context.receptive_field import BEFORE, GRID, MARGIN, receptive_field

SEED = 0
WARM_UPS = 3


@dataclass(frozen=True)
class Kernel:
    """A fast function and the plain one that it must equal.

    `arguments(rng)` makes what both are called with. A function that returns None is taken to write into its
    arguments, and these are compared.
    """

    name: str
    fast: Callable[..., Any]
    twin: Callable[..., Any]
    arguments: Callable[[np.random.Generator], tuple[Any, ...]]


def _frames(rng: np.random.Generator) -> tuple[Any, ...]:
    spec = StftSpec(SIZE)
    audio = rng.standard_normal(SIZE + (N_FRAMES - 1) * spec.hop).astype(np.float32)
    return audio, spec.analysis, spec.hop, np.empty((N_FRAMES, SIZE), np.float32)


def _overlaps(rng: np.random.Generator) -> tuple[Any, ...]:
    spec = StftSpec(SIZE)
    frames = rng.standard_normal((N_FRAMES, SIZE)).astype(np.float32)
    return frames, spec.synthesis, spec.hop, np.zeros(SIZE + (N_FRAMES - 1) * spec.hop, np.float32)


def _spectrum(rng: np.random.Generator, channels: int = 1) -> Any:
    values = rng.standard_normal((2, channels, N_FRAMES, SIZE // 2 + 1))
    return (values[0] + 1j * values[1]).astype(np.complex64)


def _gained(rng: np.random.Generator) -> tuple[Any, ...]:
    return _spectrum(rng), np.exp(_image(rng))


def _image(rng: np.random.Generator) -> Any:
    return np.log(rng.exponential(size=(N_FRAMES, SIZE // 2 + 1))).astype(np.float32)


def _integral(rng: np.random.Generator) -> tuple[Any, ...]:
    image = _image(rng)
    return image, np.empty((image.shape[0] + 1, image.shape[1] + 1))


def _surroundings(rng: np.random.Generator) -> tuple[Any, ...]:
    image, integral = _integral(rng)
    gather_kernels.integrate(image, integral)
    n_points = 4096
    frames = rng.integers(BEFORE, N_FRAMES - GRID, n_points)
    bins = rng.integers(MARGIN, image.shape[1] - MARGIN, n_points)
    return (
        image,
        integral,
        FIELD.cells,
        FIELD.boxes,
        frames,
        bins,
        np.empty((n_points, FIELD.n_inputs), np.float32),
    )


def _coarse(rng: np.random.Generator) -> tuple[Any, ...]:
    image = _image(rng)
    return np.ascontiguousarray(image[: N_FRAMES // 2 + 1, ::2]), image


def _row(rng: np.random.Generator) -> tuple[Any, ...]:
    image, integral = _integral(rng)
    gather_kernels.integrate(image, integral)
    n_bins = image.shape[1] // 2 - MARGIN
    return (
        image,
        integral,
        FIELD.cells,
        FIELD.boxes,
        BEFORE,
        MARGIN,
        n_bins,
        np.empty((FIELD.n_inputs, n_bins), np.float32),
    )


def _layer(rng: np.random.Generator) -> tuple[Any, ...]:
    weight, inputs = rng.standard_normal((34, 104)), rng.standard_normal((104, LAYER_POINTS))
    out = np.empty((34, LAYER_POINTS), np.float32)
    return weight.astype(np.float32), np.zeros(34, np.float32), inputs.astype(np.float32), out


def _second(rng: np.random.Generator) -> tuple[Any, ...]:
    spec = StftSpec(SIZE)
    return spec, rng.standard_normal(SIZE + (N_FRAMES - 1) * spec.hop).astype(np.float32)


def _spectrum_of(spec: StftSpec, audio: Any) -> Any:
    return spec.spectrum(audio, spec.analysis)


def _scipys_spectrum(spec: StftSpec, audio: Any) -> Any:
    transform = ShortTimeFFT(spec.analysis, spec.hop, 1.0, phase_shift=None)
    first = SIZE // 2 // spec.hop  # its frames are centred on multiples of the hop
    return transform.stft(audio, first, first + N_FRAMES).T


def _gain(rng: np.random.Generator) -> tuple[Any, ...]:
    log_expected, log_noise, power = _image(rng) + 2, _image(rng), np.exp(_image(rng))
    return (
        log_expected,
        log_noise,
        power,
        np.zeros(power.shape[1], np.float32),
        0.98,
        -2.8,
        np.empty_like(power),
    )


def _classical(rng: np.random.Generator) -> tuple[Any, ...]:
    power = np.exp(_image(rng))
    noise = np.ones(power.shape[1], np.float32)
    presence, clean = np.zeros((2, power.shape[1]), np.float32)
    return power, noise, presence, clean, np.array([0.9, 0.95, 0.99]), -2.8, np.empty_like(power)


FIELD = receptive_field(1)
SIZE, N_FRAMES = 2304, 128  # one block at 48 kHz, 48 ms
LAYER_POINTS = 592  # of one frame at 48 kHz
COPY_BYTES = 1 << 27  # more than any cache holds
KERNELS = (
    Kernel("StftSpec.spectrum (twin: scipy's ShortTimeFFT)", _spectrum_of, _scipys_spectrum, _second),
    Kernel("window_frames", stft_kernels.window_frames, reference.window_frames, _frames),
    Kernel("overlap_add", stft_kernels.overlap_add, reference.overlap_add, _overlaps),
    Kernel(
        "mean_power",
        stft_kernels.mean_power,
        reference.mean_power,
        lambda rng: (_spectrum(rng, 2), np.empty((N_FRAMES, SIZE // 2 + 1), np.float32)),
    ),
    Kernel("apply_gain", stft_kernels.apply_gain, reference.apply_gain, _gained),
    Kernel("integrate", gather_kernels.integrate, context_reference.integrate, _integral),
    Kernel(
        "gather_surroundings",
        gather_kernels.gather_surroundings,
        context_reference.gather_surroundings,
        _surroundings,
    ),
    Kernel("gather_row", gather_kernels.gather_row, context_reference.gather_row, _row),
    Kernel("dense (twin: BLAS)", dense, context_reference.dense, _layer),
    Kernel("interpolate", mlp_kernels.interpolate, context_reference.interpolate, _coarse),
    Kernel("omlsa_gain", gain_kernels.omlsa_gain, reference.omlsa_gain, _gain),
    Kernel("classical_gain", gain_kernels.classical_gain, reference.classical_gain, _classical),
)


def outputs(function: Callable[..., Any], arguments: tuple[Any, ...]) -> list[np.ndarray[Any, Any]]:
    """What one call gives, as arrays; the caller's arguments stay as they are."""
    own = copy.deepcopy(arguments)
    returned = function(*own)
    if returned is None:
        returned = tuple(value for value in own if isinstance(value, np.ndarray))
    return [np.asarray(value) for value in (returned if isinstance(returned, tuple) else (returned,))]


def parity_error(kernel: Kernel, arguments: tuple[Any, ...]) -> float:
    """Largest difference between the two functions, relative to the twin's largest value."""
    worst = 0.0
    fast, twin = outputs(kernel.fast, arguments), outputs(kernel.twin, arguments)
    if [value.shape for value in fast] != [value.shape for value in twin]:
        raise ValueError(f"{kernel.name}: the fast function and its twin give different shapes")
    for got, wanted in zip(fast, twin, strict=True):
        wide = np.complex128 if np.iscomplexobj(wanted) else np.float64
        difference = float(np.max(np.abs(got.astype(wide) - wanted.astype(wide)), initial=0.0))
        scale = float(np.max(np.abs(wanted.astype(wide)), initial=0.0))
        worst = max(worst, difference / scale if scale else difference)
    return worst


def seconds(function: Callable[..., Any], arguments: tuple[Any, ...], n_runs: int) -> list[float]:
    """Wall time of each of `n_runs` calls after a warm-up."""
    times = []
    for run in range(WARM_UPS + n_runs):
        start = time.perf_counter()
        function(*arguments)
        if run >= WARM_UPS:
            times.append(time.perf_counter() - start)
    return times


def line(kernel: Kernel, n_runs: int, bytes_per_s: float) -> list[str]:
    error = parity_error(kernel, kernel.arguments(np.random.default_rng(SEED)))
    row, medians = [kernel.name], []
    for function in (kernel.fast, kernel.twin):
        times = seconds(function, kernel.arguments(np.random.default_rng(SEED)), n_runs)
        medians.append(statistics.median(times))
        row.append(f"{medians[-1] * 1e3:.3f} ({min(times) * 1e3:.3f}-{max(times) * 1e3:.3f})")
    limit_s = touched_bytes(kernel) / bytes_per_s
    return [*row, f"{medians[1] / medians[0]:.1f}", f"{limit_s / medians[0]:.0%}", f"{error:.1e}"]


def touched_bytes(kernel: Kernel) -> int:
    """Of all arrays that go in or come out."""
    arguments = kernel.arguments(np.random.default_rng(SEED))
    returned = kernel.fast(*arguments)
    arrays = [*arguments, *(returned if isinstance(returned, tuple) else (returned,))]
    return sum(each.nbytes for each in arrays if isinstance(each, np.ndarray))


def copied_bytes_per_s(n_runs: int) -> float:
    """Bytes read and written in a copy by one thread: the limit of what does nothing but look at its data."""
    source, target = np.ones(COPY_BYTES, np.uint8), np.ones(COPY_BYTES, np.uint8)
    return 2 * COPY_BYTES / statistics.median(seconds(np.copyto, (target, source), n_runs))


def body(kernels: Sequence[Kernel], n_runs: int) -> str:
    header = [
        "kernel",
        "fast: ms (min-max)",
        "twin: ms (min-max)",
        "times faster",
        "of the memory bandwidth",
        "largest relative difference",
    ]
    bytes_per_s = copied_bytes_per_s(n_runs)
    lines = [line(kernel, n_runs, bytes_per_s) for kernel in kernels]
    note = (
        f"Medians of {n_runs} calls after {WARM_UPS} to warm up; kernels run on one thread, BLAS on all.\n"
        f"The bandwidth is that of a large copy, {bytes_per_s / 1e9:.0f} GB/s: what stays in a cache\n"
        "can be above it, what computes is far below.\n\n"
    )
    return note + results.table(header, lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.kernels", description="Speed and parity of kernels."
    )
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--only", nargs="+", choices=[kernel.name for kernel in KERNELS], metavar="NAME")
    args = parser.parse_args()
    if not KERNELS:
        raise SystemExit("bench: the table KERNELS in bench/kernels.py is empty")
    chosen = [kernel for kernel in KERNELS if not args.only or kernel.name in args.only]
    text = body(chosen, args.runs)
    print(text)
    if not args.only:
        results.write_section("kernels", "Kernels", text)


if __name__ == "__main__":
    main()
