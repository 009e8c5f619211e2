"""The model of a recording: a generator, how it goes on learning, and the record of that.

The model is one object and the stream another: a stream may end and the next one begin, in the same file or
after a device came back, and what was learned stays as long as the model does.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from dap_stream.core.alone import Alone
from dap_stream.core.array_types import F32
from dap_stream.core.learning_curve import LearningCurve
from dap_stream.core.profile import Profile
from dap_stream.dsp.stft import StftSpec
from dap_stream.errors import ProfileError, SettingError
from dap_stream.models.band.frames import Frames
from dap_stream.models.band.model import BandModel
from dap_stream.models.base import Block, Generator
from dap_stream.models.registry import make_generator
from dap_stream.processors.denoise.band_learner import BandLearner
from dap_stream.processors.denoise.known_noise import noise_frames, voice_warnings
from dap_stream.processors.denoise.settings import CLASSICAL, DenoiseSettings
from dap_stream.processors.denoise.step_plan import EqualSteps, StepPlan, StepsBySurprise

BAND_PREFIX = "band."  # of the names of its weights in a profile
HISTORY_BLOCKS = 4096  # of the record that is kept: a bit over an hour


@dataclass(frozen=True)
class BlockRecord:
    """A block of learning: its start, its loss before the first step on it (NaN in silence), the steps."""

    start_s: float
    loss: float
    steps: int


class DenoiseModel:
    """A generator for one recording, or for one microphone or show, owned by whoever made it.

    Hand the same model to one `Denoiser` after another and each goes on from what the last one learned.
    Not for two threads at once: the second gets a SettingError.

    Parameters
    ----------
    settings
        Which generator, its look-ahead, seed, device and most steps per block.
    profile
        Weights to start from, learned before in the same window.
    generator
        One of your own, in the place of the one that ``settings`` names.

    Raises
    ------
    ProfileError
        If there is nothing to learn (``generator="classical"``), or the profile is of something else.
    """

    def __init__(
        self, settings: DenoiseSettings, profile: Profile | None = None, generator: Generator | None = None
    ) -> None:
        self._alone = Alone(type(self).__name__)
        self.settings = settings.for_files()
        self._has_profile = profile is not None
        if settings.generator == CLASSICAL:
            raise ProfileError("the classical generator learns nothing: it has no model and no profile")
        if profile is not None:
            check_profile(self.settings, profile)
        self.generator: Generator = generator or make_generator(
            settings.generator, settings.seed, settings.device, settings.lookahead
        )
        self.bands = band_model(settings, profile)
        if profile is not None:
            weights = profile.weights
            self.generator.load(
                {name: value for name, value in weights.items() if not name.startswith(BAND_PREFIX)}
            )
        self.history: deque[BlockRecord] = deque(maxlen=HISTORY_BLOCKS)
        self.noise: F32 | None = None
        self._band_learner: BandLearner | None = None
        self._begin()

    def hear_noise(self, audio: F32, sample_rate: int) -> tuple[str, ...]:
        """Be shown a stretch in which there is only noise; counts for streams that begin later.

        Parameters
        ----------
        audio
            ``[channels, samples]`` of it.
        sample_rate
            Hz.

        Returns
        -------
        tuple of str
            Warnings, if it does not look like noise alone.

        Raises
        ------
        SettingError
            If it is too short, or silent.
        """
        spec = StftSpec.for_rate(sample_rate, self.settings.window())
        self.noise = noise_frames(spec, audio, sample_rate)
        if self.bands is None:
            return ()
        return voice_warnings(self.noise, Frames(spec, sample_rate), self.bands.predictor)

    def hear(self, log_observed: F32, frames: Frames) -> None:
        """Fit the band network on the way, if it takes part and there is time for that.

        Parameters
        ----------
        log_observed
            Natural log of the newest power ``[frames, bins]`` of one lane.
        frames
            Their geometry.
        """
        if self.bands is None or not self.settings.band_steps or not frames.is_fittable:
            return
        if self._band_learner is None:
            self._band_learner = BandLearner(self.bands, frames, self.settings.seed, self.noise)
        self._band_learner.hear(log_observed)

    def _begin(self) -> None:
        self._band_learner = None
        make_plan = EqualSteps if self.settings.is_deep else StepsBySurprise
        self._plan: StepPlan = make_plan(self.settings.most_steps)
        self.history.clear()
        self.trust = 0.0  # 0 to 1: how much of the learned gain may replace the classical one

    def learn(
        self, block: Block, start_s: float, newest: Block | None = None, is_frozen: bool = False
    ) -> None:
        """Learn from ``block``, as much as it is a surprise, and keep a record of it.

        Parameters
        ----------
        block
            Whitened log power of one lane.
        start_s
            Where it starts in the stream, for the record.
        newest
            The part of it that was not heard before, by which the surprise is judged; all of it by default.
        is_frozen
            Judge it and take no step.
        """
        with self._alone:
            loss = self.generator.validate(block if newest is None else newest)
            steps = 0 if is_frozen else self._plan.steps(loss)
            self.generator.learn(block, steps)
            if np.isfinite(loss):
                self.trust = max(self.trust, self.generator.trust(loss))
            self.history.append(BlockRecord(start_s, loss, steps))

    def predict(self, block: Block) -> F32:
        """Expected power of a block, from the weights of now.

        Parameters
        ----------
        block
            Whitened log power of one lane.

        Returns
        -------
        numpy.ndarray
            Natural log of the expected power over the floor ``[frames, bins]``.
        """
        with self._alone:
            return self.generator.predict(block)

    @property
    def heard_s(self) -> float:
        """Where the record ends, and the next stream's goes on."""
        return self.history[-1].start_s + self.settings.block_s if self.history else 0.0

    def profile(self) -> Profile:
        """The weights as they are now, as data that never changes."""
        settings = self.settings
        weights = dict(self.generator.weights())
        if self.bands is not None:
            weights |= {BAND_PREFIX + name: value for name, value in self.bands.weights().items()}
        return Profile(settings.generator, settings.window(), settings.lookahead, weights)

    @property
    def has_learned(self) -> bool:
        """Whether its weights come from a profile, or have changed since it was made."""
        if self._has_profile:
            return True
        now, first = self.profile().weights, DenoiseModel(self.settings).profile().weights
        return any(not np.array_equal(now[name], first[name]) for name in now)

    def learning_curves(self) -> tuple[LearningCurve, ...]:
        """How learning went: of the fit of the taught network, and of each block before it was learned from.

        Returns
        -------
        tuple of LearningCurve
            Those that there are.
        """
        found = []
        losses = () if self.bands is None else self.bands.fit_losses
        if losses:
            steps = tuple(float(i + 1) for i in range(len(losses)))
            found.append(LearningCurve("Fit of the taught network to this recording", "step", steps, losses))
        judged = [block for block in self.history if np.isfinite(block.loss)]
        if judged:
            starts, surprises = (tuple(block.start_s for block in judged), tuple(b.loss for b in judged))
            title = "Surprise at each block before it was learned from"
            found.append(LearningCurve(title, "seconds", starts, surprises))
        return tuple(found)

    def reset(self) -> None:
        """Back to the weights it was made with."""
        with self._alone:
            self.generator.reset()
            if self.bands is not None:
                self.bands.reset()
            self._begin()

    def close(self) -> None:
        """Nothing to give back."""


def band_model(settings: DenoiseSettings, profile: Profile | None) -> BandModel | None:
    """As it was taught, or as it is in a profile, with a prefix there; None if it takes no part."""
    if not settings.is_educated:
        return None
    bands = BandModel(settings.keep)
    if profile is not None:
        n = len(BAND_PREFIX)
        bands.load(
            {name[n:]: value for name, value in profile.weights.items() if name.startswith(BAND_PREFIX)}
        )
    return bands


def check_profile(settings: DenoiseSettings, profile: Profile) -> None:
    """ProfileError, with what does not fit, unless the weights were learned with these settings."""
    wanted = {"generator": settings.generator, "window_ms": settings.window()}
    found: dict[str, object] = {"generator": profile.generator, "window_ms": profile.window_ms}
    if not settings.is_deep:
        wanted["lookahead"], found["lookahead"] = settings.lookahead, profile.lookahead
    wrong = [key for key, value in wanted.items() if found[key] != value]
    if wrong:
        raise ProfileError(
            f"the profile is for {_assignments(found, wrong)}, the settings say "
            f"{_assignments(wanted, wrong)}; use the same, or learn a new profile"
        )


def check_model(settings: DenoiseSettings, learned: DenoiseSettings) -> None:
    """SettingError, with what does not fit, unless a model for ``learned`` is one for ``settings``."""
    for key in ("generator", "window_ms", "lookahead"):
        wanted, found = getattr(settings, key), getattr(learned, key)
        if wanted != found:
            raise SettingError(f"the model has {key}={found}, the settings say {wanted}; use the same")


def _assignments(values: dict[str, object], keys: list[str]) -> str:
    return " ".join(
        f"{key}={values[key]:g}" if key != "generator" else f"{key}={values[key]}" for key in keys
    )
