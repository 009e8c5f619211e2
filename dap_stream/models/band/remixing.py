"""Fitting the band network to one recording, by mixing its own estimates of sound and noise anew.

What the network takes for sound and for noise in pieces of the recording is shifted against each other and
mixed again; of these mixtures the parts are known, and they sound like this recording (Tzinis et al. 2022,
RemixIT). Powers are mixed, with random phases between the parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import expit

from dap_stream.core.array_types import F32
from dap_stream.dsp.bands import N_BANDS
from dap_stream.dsp.features import TINY, log_power
from dap_stream.models.band.features import band_power
from dap_stream.models.band.frames import Frames
from dap_stream.models.band.layout import LOOKAHEADS, N_OUTPUTS
from dap_stream.models.band.loss import share_loss
from dap_stream.models.band.predictor import BandPredictor

BATCH = 8  # pieces in a step
NOISE_DB = 4.0  # by which the noise is made louder or softer, at most


@dataclass(frozen=True)
class Piece:
    """Of the recording: power of what is taken for sound and for noise ``[frames, bins]``."""

    sound: F32
    noise: F32


def split(log_observed: F32, frames: Frames, keeps_voice: bool, predictor: BandPredictor) -> Piece:
    """Log power ``[frames, bins]`` of a stretch of the recording, to what the network takes it for."""
    late = LOOKAHEADS[-1]
    padded = np.pad(log_observed, ((0, late), (0, 0)), mode="edge")
    features = frames.features(keeps_voice=keeps_voice).advance(padded)
    logits = predictor.logits(features, predictor.new_state())
    share = expit(logits.reshape(len(padded), -1, N_OUTPUTS)[late:, -1, :N_BANDS])
    n_bins = frames.bands.n_bins
    noise = frames.bands.spread(np.asarray(share, np.float32))[:, :n_bins]
    power = np.exp(log_observed[:, :n_bins])
    return Piece((1.0 - noise) ** 2 * power, noise**2 * power)


@dataclass(frozen=True)
class Remix:
    """Mixtures whose parts are known. Time comes first, as in the network."""

    features: F32  # [frames, pieces, N_FEATURES]
    noise_share: F32  # [frames, pieces, N_BANDS]
    weight: F32  # of it in the loss, of the same shape


def remix(
    pieces: Sequence[Piece],
    known_noise: Sequence[F32],
    frames: Frames,
    keeps_voice: bool,
    rng: np.random.Generator,
    n_pieces: int = BATCH,
) -> Remix:
    """Sounds and noises of random pieces, mixed anew; half of the noise is known noise if there is some.

    ``known_noise`` is power ``[frames, bins]`` of stretches in which there is nothing else.
    """
    mixed = [_remixed(pieces, known_noise, frames, keeps_voice, rng) for _ in range(n_pieces)]
    return Remix(*(np.stack(parts, axis=1) for parts in zip(*mixed, strict=True)))


def _remixed(
    pieces: Sequence[Piece],
    known_noise: Sequence[F32],
    frames: Frames,
    keeps_voice: bool,
    rng: np.random.Generator,
) -> tuple[F32, F32, F32]:
    sound = pieces[int(rng.integers(len(pieces)))].sound
    noise = pieces[int(rng.integers(len(pieces)))].noise
    if known_noise and rng.uniform() < 0.5:
        noise = known_noise[int(rng.integers(len(known_noise)))]
    noise = np.roll(noise, rng.integers(len(noise)), axis=0)
    factor = np.float32(10.0 ** (rng.uniform(-NOISE_DB, NOISE_DB) / 10.0))
    noise = np.resize(noise, sound.shape) * factor  # what is short goes on at its beginning
    phase = np.cos(rng.uniform(0.0, 2.0 * np.pi, sound.shape)).astype(np.float32)
    power = np.maximum(sound + noise + 2.0 * np.sqrt(sound * noise) * phase, 0.0)
    features = frames.features(keeps_voice=keeps_voice).advance(log_power(power))
    s, n = (band_power(frames.bands, part) for part in (sound, noise))
    return features, n / (s + n + np.float32(TINY)), (s + n > 1e-15).astype(np.float32)


def remix_loss(logits: torch.Tensor, mixtures: Remix) -> torch.Tensor:
    """Cross-entropy of the outputs for every look-ahead against the true shares."""
    share, weight = torch.from_numpy(mixtures.noise_share), torch.from_numpy(mixtures.weight)
    losses = [share_loss(logits, share, weight, output) for output in range(len(LOOKAHEADS))]
    return torch.stack(losses).mean()
