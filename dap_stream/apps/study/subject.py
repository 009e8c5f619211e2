"""Sounds that an image of a study stands for, and their figures: of each task its own."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from dap_stream.apps.study import output_folder
from dap_stream.apps.study.damage import Damage
from dap_stream.apps.study.excerpt import Excerpt, power
from dap_stream.apps.study.tasks import DENOISE, ERROR, FILLED, KNOWN_ERROR, MADE
from dap_stream.core.array_types import F32, Mask
from dap_stream.dsp.features import active_frames, log_power
from dap_stream.dsp.metrics import Scores, all_scores
from dap_stream.dsp.stft import istft, stft
from dap_stream.models.base import EULER_GAMMA

_RANGE_DB = 80.0  # under the loudest cell of the reference nothing is compared


class Subject(Protocol):
    """An excerpt and its task."""

    reference: F32 | None
    """The sound that all are compared with ``[samples]``, if there is one."""
    files: dict[str, F32]
    """Sounds that are there before anything is fitted, by the name of their file."""
    start: dict[str, Scores]
    """Figures, by way, of what can be had without a network."""

    def sounds(self, image: F32) -> dict[str, F32]:
        """Sounds of the image ``[frames, bins]``, by way."""

    def scores(self, image: F32, sounds: dict[str, F32]) -> dict[str, Scores]:
        """Figures of an image and of its sounds, by way."""


class Denoising:
    """The recording is noisy: a gain that follows from the image, and the image with the noisy phase."""

    def __init__(self, excerpt: Excerpt, reference: F32 | None) -> None:
        self._excerpt, self.reference = excerpt, reference
        self.files = {output_folder.NOISY: excerpt.audio}
        if reference is not None:
            self.files[output_folder.CLEAN] = reference
        self.start = dict.fromkeys(DENOISE.ways, self._score(excerpt.audio))

    def sounds(self, image: F32) -> dict[str, F32]:
        """Both."""
        return {"gain": self._excerpt.gain_sound(image), "magnitude": self._excerpt.magnitude_sound(image)}

    def scores(self, image: F32, sounds: dict[str, F32]) -> dict[str, Scores]:
        """Nothing without a reference."""
        return {way: self._score(sound) for way, sound in sounds.items()}

    def _score(self, audio: F32) -> Scores:
        if self.reference is None:
            return {}
        return all_scores(audio, self.reference, self._excerpt.sample_rate)


class Filling:
    """The recording is damaged: what is missing is made, and the whole image is heard with the same phase.

    ``reference`` is the sound without the damage; if the damage takes nothing from it (``can_compare`` is
    false), what is made is not compared.
    """

    def __init__(self, excerpt: Excerpt, damage: Damage, reference: F32, seed: int) -> None:
        self._excerpt, self._damage, self._seed = excerpt, damage, seed
        self.reference: F32 | None = reference
        spec = excerpt.spec
        observed = log_power(power(stft(spec, reference, spec.observation)))
        self._wanted_db = _decibel(observed)
        self._floor_db = float(self._wanted_db.max()) - _RANGE_DB
        is_active = active_frames(observed)[:, None]
        lost = reference - damage.damaged(reference)
        range_ = 10.0 ** (-_RANGE_DB / 10.0)
        self.can_compare = bool(np.sum(lost**2) > range_ * np.sum(reference**2))
        self._is_asked = damage.is_asked & is_active & self.can_compare
        self._is_known = damage.is_known & is_active
        plain = damage.plain(excerpt.block.log_power) + np.float32(EULER_GAMMA)
        sounds = self.sounds(plain)
        self.files = {
            output_folder.DAMAGED: excerpt.audio,
            output_folder.REFERENCE: reference,
            output_folder.PLAIN: sounds[FILLED],
        }
        self.start = self.scores(plain, sounds)

    def sounds(self, image: F32) -> dict[str, F32]:
        """Both, at the mean log power that the image stands for; only noise has more power than that."""
        excerpt, wanted = self._excerpt, self._log_power(image)
        filled = self._damage.filled(excerpt.audio, wanted, self._seed)
        spectrum = stft(excerpt.spec, filled)
        phase = spectrum / np.maximum(np.abs(spectrum), np.float32(1e-20))
        made = istft(excerpt.spec, (phase * np.exp(0.5 * wanted)).astype(np.complex64), excerpt.n_samples)
        return {FILLED: filled, MADE: made}

    def scores(self, image: F32, sounds: dict[str, F32]) -> dict[str, Scores]:
        """Of the filled sound, and of the image itself; the latter also where it was fitted."""
        spec = self._excerpt.spec
        heard = _decibel(log_power(power(stft(spec, sounds[FILLED], spec.observation))))
        made = _decibel(self._log_power(image))
        return {
            FILLED: {ERROR: self._distance_db(heard, self._is_asked)},
            MADE: {
                ERROR: self._distance_db(made, self._is_asked),
                KNOWN_ERROR: self._distance_db(made, self._is_known),
            },
        }

    def _log_power(self, image: F32) -> F32:
        return image + self._excerpt.log_floor - np.float32(EULER_GAMMA)

    def _distance_db(self, estimate_db: F32, where: Mask) -> float | None:
        """Log-spectral distance: root mean square over the bins, mean over the frames, that are ``where``."""
        n_bins = where.sum(axis=1)
        if not n_bins.any():
            return None
        limited = (np.maximum(level_db, self._floor_db) for level_db in (estimate_db, self._wanted_db))
        squares = np.square(np.subtract(*limited)) * where
        return float(np.mean(np.sqrt(squares.sum(axis=1)[n_bins > 0] / n_bins[n_bins > 0])))


def _decibel(log_power: F32) -> F32:
    return np.asarray(log_power * np.float32(10.0 / np.log(10.0)), np.float32)
