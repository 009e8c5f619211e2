"""Many people at once: babble of voices, murmur without any, cafes, streets."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.education.noises.household import dishes_dry, footsteps
from dap_stream.education.noises.moving import traffic
from dap_stream.education.synthesis.chance import log_uniform, slow
from dap_stream.education.synthesis.levels import gain_of_db, levelled_as_a_whole, unit
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.noise import colour, coloured, filtered, white
from dap_stream.education.synthesis.noise_kernels import swept_band
from dap_stream.education.synthesis.rooms import in_room
from dap_stream.education.voices.catalogue import VOICES


def babble(rng: np.random.Generator, n_samples: int) -> F32:
    """People who talk at once, made of the voices of `dap_stream.education.voices`."""
    return levelled_as_a_whole(rng, _babble(rng, n_samples))


def _babble(rng: np.random.Generator, n_samples: int) -> F64:
    """4 to 30 voices at once, near and far, in the same or in different rooms; RMS 1."""
    names = sorted(VOICES)
    chosen = rng.integers(0, len(names), int(rng.integers(2, 5)))
    made = [VOICES[names[k]](rng, n_samples).astype(np.float64) for k in chosen]
    return _together(rng, made, int(log_uniform(rng, 4.0, 31.0)))


def _together(rng: np.random.Generator, made: list[F64], n_voices: int) -> F64:
    """So many voices in one to three rooms; all but a few are the same ones moved, which nobody can tell."""
    n_samples, spread = len(made[0]), rng.uniform(1.0, 7.0)
    groups = np.zeros((int(rng.integers(1, 4)), n_samples))
    for k in range(max(n_voices, len(made))):
        voice = unit(made[k] if k < len(made) else _another(rng, made[int(rng.integers(len(made)))]))
        groups[int(rng.integers(len(groups)))] += voice * gain_of_db(spread * float(rng.standard_normal()))
    total = np.zeros(n_samples)
    for group in groups:
        far = filtered(group, colour(rng, (-5.0, 1.0), 3, 0.4))
        total += in_room(rng, far) * gain_of_db(rng.uniform(-9.0, 0.0))
    return unit(total)


def _another(rng: np.random.Generator, voice: F64) -> F64:
    """A voice at another pitch and pace, from another moment on, at times backwards."""
    speed = log_uniform(rng, 0.82, 1.22)
    at = np.arange(len(voice)) * speed + rng.integers(len(voice))
    whole = at.astype(np.int64)
    part = at - whole
    moved = voice[whole % len(voice)] * (1.0 - part) + voice[(whole + 1) % len(voice)] * part
    return moved[::-1] if rng.random() < 0.3 else moved


def _mumbler(rng: np.random.Generator, n_samples: int) -> F64:
    """A voice without words: buzz and breath through moving formants, in syllables and pauses."""
    pitch = log_uniform(rng, 80.0, 280.0) * np.exp(0.12 * slow(rng, n_samples, log_uniform(rng, 1.0, 4.0)))
    # A saw-tooth: what it folds back lies far below what is left of it in a murmur.
    buzz = 1.7 - 3.4 * ((np.cumsum(pitch) / SAMPLE_RATE) % 1.0)
    source = buzz + white(rng, n_samples) * gain_of_db(rng.uniform(-30.0, -6.0))
    gate = 1.4 * slow(rng, n_samples, rng.uniform(5.0, 11.0))
    gate += 1.5 * slow(rng, n_samples, rng.uniform(0.4, 1.2)) + rng.uniform(-0.5, 1.0)
    voice = np.zeros(n_samples)
    for centre, width in ((500.0, 0.3), (1500.0, 0.3), (2700.0, 0.12)):
        moved = np.exp(width * slow(rng, n_samples, rng.uniform(3.0, 9.0))) * centre * rng.uniform(0.85, 1.2)
        formant = swept_band(source, moved, np.full(n_samples, rng.uniform(3.0, 10.0)))
        voice += formant * (500.0 / centre) ** rng.uniform(0.2, 1.2)
    if rng.random() < 0.7:
        hissing = np.maximum(slow(rng, n_samples, 9.0) - 1.2, 0.0) * np.std(voice) * rng.uniform(0.1, 1.0)
        voice += coloured(rng, n_samples, (2.0, 8.0), 2) * hissing
    return np.asarray(voice * np.clip(gate, 0.0, 3.0))


def murmur_dry(rng: np.random.Generator, n_samples: int) -> F64:
    """Many voices without words; RMS 1."""
    made = [_mumbler(rng, n_samples) for _ in range(int(rng.integers(2, 5)))]
    return _together(rng, made, int(log_uniform(rng, 3.0, 25.0)))


def murmur(rng: np.random.Generator, n_samples: int) -> F32:
    """A hall, a corridor, people behind a wall."""
    audio = murmur_dry(rng, n_samples)
    if rng.random() < 0.4:
        audio = unit(filtered(audio, colour(rng, (-9.0, 0.0))))
    return levelled_as_a_whole(rng, audio + coloured(rng, n_samples) * gain_of_db(rng.uniform(-40.0, -3.0)))


def people(rng: np.random.Generator, n_samples: int) -> F64:
    """Babble, murmur, or one above the other; RMS 1."""
    kind = rng.random()
    if kind < 0.5:
        return _babble(rng, n_samples)
    if kind < 0.85:
        return murmur_dry(rng, n_samples)
    return unit(_babble(rng, n_samples) + murmur_dry(rng, n_samples) * gain_of_db(rng.uniform(-9.0, 9.0)))


def cafe(rng: np.random.Generator, n_samples: int) -> F32:
    """People, dishes, chairs, a machine that hisses, the tone of the place."""
    audio = people(rng, n_samples)
    for _ in range(2 if rng.random() < 0.25 else 1):
        clatter = unit(in_room(rng, dishes_dry(rng, n_samples)))
        audio += clatter * gain_of_db(rng.uniform(-30.0, 6.0))
    if rng.random() < 0.4:  # the whole of it from the far end
        audio = unit(in_room(rng, audio))
    audio += coloured(rng, n_samples, (-9.0, 0.0), 5) * gain_of_db(rng.uniform(-30.0, 0.0))
    if rng.random() < 0.3:
        steam = coloured(rng, n_samples, (0.0, 6.0), 4)
        steam *= np.clip(slow(rng, n_samples, 0.6), 0.0, 1.5)
        audio += steam * gain_of_db(rng.uniform(-20.0, -3.0))
    if rng.random() < 0.3:
        audio += unit(footsteps(rng, n_samples).astype(np.float64)) * gain_of_db(rng.uniform(-20.0, -3.0))
    if rng.random() < 0.6:  # from the other end of the room, or through a door
        audio = filtered(audio, colour(rng, (-8.0, 0.0), 4))
    return levelled_as_a_whole(rng, audio)


def city(rng: np.random.Generator, n_samples: int) -> F32:
    """A street: traffic, people, steps, now and then something struck."""
    audio = unit(traffic(rng, n_samples).astype(np.float64))
    if rng.random() < 0.7:
        audio += people(rng, n_samples) * gain_of_db(rng.uniform(-20.0, 3.0))
    if rng.random() < 0.5:
        audio += unit(footsteps(rng, n_samples).astype(np.float64)) * gain_of_db(rng.uniform(-20.0, 0.0))
    return levelled_as_a_whole(rng, audio)
