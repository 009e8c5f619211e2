"""A voice, a plucked string and a room full of noise, made of numbers: the recording of the demo.

Everything is ``[samples]``, float64, and the same in every run.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]

SAMPLE_RATE = 24_000
SECONDS = 12.0
SNR_DB = 5.0
SEED = 7

# Formants (Hz) of five vowels and their bandwidths (Hz), after Peterson & Barney 1952.
_VOWELS = {
    "a": (730.0, 1090.0, 2440.0),
    "e": (530.0, 1840.0, 2480.0),
    "i": (270.0, 2290.0, 3010.0),
    "o": (570.0, 840.0, 2410.0),
    "u": (300.0, 870.0, 2240.0),
}
_BANDWIDTHS = (80.0, 110.0, 160.0)
# Syllables: start, length (s), vowel, pitch (Hz); - is a hiss like s or sh before the vowel.
_SYLLABLES = (
    (0.6, 0.22, "a", 118.0), (0.86, 0.18, "i", 126.0), (1.10, 0.30, "-o", 112.0), (1.62, 0.20, "e", 121.0),
    (1.86, 0.16, "-a", 130.0), (2.06, 0.40, "u", 104.0), (3.10, 0.20, "-i", 138.0), (3.34, 0.18, "a", 128.0),
    (3.56, 0.24, "o", 119.0), (3.84, 0.20, "-e", 123.0), (4.10, 0.45, "a", 100.0), (10.0, 0.24, "-u", 124.0),
    (10.3, 0.20, "i", 132.0), (10.55, 0.50, "a", 102.0),
)  # fmt: skip
# Notes of the string: start (s), pitch (Hz).
_NOTES = (
    (5.2, 220.0), (5.6, 277.2), (6.0, 329.6), (6.4, 440.0), (6.8, 415.3), (7.2, 329.6), (7.6, 277.2),
    (8.0, 220.0), (8.0, 329.6),
)  # fmt: skip


def make_recording() -> tuple[Samples, Samples]:
    """The clean sound and the same with noise at `SNR_DB`, both ``[samples]`` at `SAMPLE_RATE`."""
    rng = np.random.default_rng(SEED)
    clean = np.zeros(round(SECONDS * SAMPLE_RATE))
    for start, length, vowel, pitch in _SYLLABLES:
        if vowel[0] == "-":
            _add(clean, start - 0.09, 0.05 * _hiss(rng, 0.13))
        _add(clean, start, 0.3 * _vowel(vowel[-1], length, pitch))
    for start, pitch in _NOTES:
        _add(clean, start, 0.25 * _pluck(rng, pitch, 1.6))
    clean -= clean.mean()
    noise = _noise(rng, len(clean))
    noise *= np.sqrt(np.mean(clean**2) / np.mean(noise**2) / 10.0 ** (SNR_DB / 10.0))
    scale = 0.8 / np.abs(clean + noise).max()
    return scale * clean, scale * (clean + noise)


def _add(out: Samples, start_s: float, sound: Samples) -> None:
    begin = round(start_s * SAMPLE_RATE)
    out[begin : begin + len(sound)] += sound


def _vowel(vowel: str, seconds: float, pitch_hz: float) -> Samples:
    """Harmonics of a falling pitch with vibrato, weighted by the formants of a vowel."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = pitch_hz * (1.06 - 0.12 * time / seconds) * (1.0 + 0.01 * np.sin(2.0 * np.pi * 5.5 * time))
    phase = 2.0 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    sound = np.zeros_like(time)
    for number in range(1, int(0.45 * SAMPLE_RATE / pitch_hz / 1.1)):
        frequency = number * pitch_hz
        weight = sum(
            0.6**i / (1.0 + ((frequency - centre) / width) ** 2)
            for i, (centre, width) in enumerate(zip(_VOWELS[vowel], _BANDWIDTHS, strict=True))
        )
        sound += weight / number**0.3 * np.sin(number * phase + number**2)
    edge = np.clip(np.minimum(time / 0.03, (seconds - time) / 0.06), 0.0, 1.0)
    return np.asarray(sound / np.abs(sound).max() * np.sin(0.5 * np.pi * edge) ** 2)


def _hiss(rng: np.random.Generator, seconds: float) -> Samples:
    """Noise above 3.5 kHz with soft edges, like an s."""
    white = rng.standard_normal(round(seconds * SAMPLE_RATE))
    frequencies = np.fft.rfftfreq(len(white), 1.0 / SAMPLE_RATE)
    shaped = np.fft.irfft(
        np.fft.rfft(white) / (1.0 + (3500.0 / np.maximum(frequencies, 1.0)) ** 8), len(white)
    )
    return np.asarray(shaped * np.hanning(len(shaped)))


def _pluck(rng: np.random.Generator, pitch_hz: float, seconds: float) -> Samples:
    """A string: a delay line with a soft filter in its loop (Karplus & Strong 1983)."""
    period = round(SAMPLE_RATE / pitch_hz)
    rounds = [rng.uniform(-1.0, 1.0, period)]
    rounds[0] -= rounds[0].mean()
    while len(rounds) * period < seconds * SAMPLE_RATE:
        last = rounds[-1]
        rounds.append(0.997 * (0.5 * last + 0.5 * np.roll(last, 1)))
    sound = np.concatenate(rounds)
    return np.asarray(sound * np.clip((len(sound) - np.arange(len(sound))) / (0.05 * SAMPLE_RATE), 0.0, 1.0))


def _noise(rng: np.random.Generator, n_samples: int) -> Samples:
    """A fan and the street behind it: a falling spectrum with two hums, whose level drifts."""
    frequencies = np.fft.rfftfreq(n_samples, 1.0 / SAMPLE_RATE)
    colour = 1.0 / np.sqrt(1.0 + (frequencies / 300.0) ** 1.6) + 0.25 * np.exp(
        -(((frequencies - 2600.0) / 500.0) ** 2)
    )
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(n_samples)) * colour, n_samples)
    time = np.arange(n_samples) / SAMPLE_RATE
    hum = 0.10 * np.sin(2.0 * np.pi * 100.0 * time) + 0.05 * np.sin(2.0 * np.pi * 300.0 * time + 1.0)
    drift = 1.0 + 0.25 * np.sin(2.0 * np.pi * time / 7.3) + 0.1 * np.sin(2.0 * np.pi * time / 2.1)
    return np.asarray((noise / noise.std() + hum) * drift)
