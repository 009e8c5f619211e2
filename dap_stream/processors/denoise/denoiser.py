"""The denoiser that users meet, for files and pipes and for live streams: two doors to one shell."""

from __future__ import annotations

from dataclasses import replace

from dap_stream.core.array_types import Audio
from dap_stream.core.arrays import process_array
from dap_stream.core.profile import Profile
from dap_stream.core.settings import check_value
from dap_stream.core.stream_format import StreamFormat
from dap_stream.dsp.filters import low_cut_gain
from dap_stream.dsp.stft import StftSpec
from dap_stream.errors import SettingError
from dap_stream.models.band.frames import Frames
from dap_stream.models.band.wanted import Wanted
from dap_stream.processors.denoise.band_estimator import BandEstimator
from dap_stream.processors.denoise.block_estimator import BlockEstimator
from dap_stream.processors.denoise.classical_estimator import ClassicalEstimator
from dap_stream.processors.denoise.frame_estimator import FrameEstimator
from dap_stream.processors.denoise.keeps_state import KeepsState
from dap_stream.processors.denoise.live_model import LiveModel, make_live_model
from dap_stream.processors.denoise.model import DenoiseModel, check_model
from dap_stream.processors.denoise.schedule import Schedule
from dap_stream.processors.denoise.settings import CLASSICAL, DenoiseSettings
from dap_stream.processors.denoise.state import DenoiserState
from dap_stream.processors.spectral import Estimator


class Denoiser(KeepsState):
    """A processor that takes the noise away, block by block.

    ``[channels, n]`` in, ``[channels, n]`` out, float32 or float64, ``latency`` samples later. Calling the
    object cleans a whole array. Any thread may use it, but not two at once: the second gets a SettingError.

    Parameters
    ----------
    sample_rate
        Hz, 8000 to 384000.
    channels
        1 to 64.
    settings
        What is done, and how much of it.
    profile
        Weights learned before. Unless ``learn`` says otherwise they stay as they are.
    model
        One of your own in the place of ``profile``: what it learns stays when the stream ends. Without it
        each stream begins with what the profile knows, or with nothing.
    learn
        Fit the generator while the stream goes by. By default without a profile, and always for deep priors.

    Raises
    ------
    SettingError
        If rate, channels or settings cannot be.
    ProfileError
        If the profile was learned with other settings.
    """

    def __init__(
        self,
        sample_rate: int,
        channels: int = 1,
        settings: DenoiseSettings | None = None,
        profile: Profile | None = None,
        model: DenoiseModel | None = None,
        learn: bool | None = None,
    ) -> None:
        stream = StreamFormat(sample_rate, channels)
        self.settings = (settings or DenoiseSettings()).for_files()
        if self.settings.is_deep and learn is False:
            raise SettingError(
                f"generator={self.settings.generator} has to learn from each block: learn=True"
            )
        learns = (self.settings.is_deep or profile is None) if learn is None else learn
        self._learns, self._owns_model = learns, model is None
        if model is None and (self.settings.generator != CLASSICAL or profile is not None):
            model = DenoiseModel(self.settings, profile)
        elif model is not None:
            _check_start(profile)
            check_model(self.settings, model.settings)
        self.model = model
        spec = StftSpec.for_rate(stream.sample_rate, self.settings.window())
        self._schedule = Schedule.in_blocks(self.settings, stream, spec, "inline" if learns else "none")
        super().__init__(
            stream,
            spec,
            self._new_estimator,
            self._schedule.frames_per_call,
            self.settings.linked,
            self.settings.wet,
            low_cut_gain(spec.frequencies_hz(stream.sample_rate), self.settings.low_cut_hz),
        )

    def _new_estimator(self) -> Estimator:
        reduction_db = self.settings.reduction_db
        if self.model is None:
            return ClassicalEstimator(self._schedule.hop_ms, reduction_db)
        model = self.model
        fine = BlockEstimator(model, self._schedule, reduction_db)
        bands = model.bands
        if bands is None:
            return fine
        frames = Frames(self._spec, self.sample_rate)
        hear = None if self._schedule.learning == "none" else lambda newest: model.hear(newest, frames)
        return BandEstimator(
            fine, frames, bands.wanted, lambda: bands.predictor, lambda: reduction_db, model.noise, hear
        )

    def reset(self) -> None:
        """Forget the stream, and what was learned from it unless the model is the caller's."""
        with self._alone:
            if self.model is not None and self._owns_model:
                self.model.reset()
            super().reset()

    def _state(self) -> DenoiserState:
        with self._alone:
            learned = None if self.model is None or not self.model.has_learned else self.model.profile()
            settings = replace(self.settings, wet=self.wet)
            return DenoiserState(settings, learned, self._learns)

    def __call__(self, audio: Audio, sample_rate: int) -> Audio:
        """Clean a whole array, aligned: ``[samples]`` or ``[channels, samples]`` to the same shape."""
        if sample_rate != self.sample_rate:
            raise SettingError(
                f"sample_rate={sample_rate} must be {self.sample_rate}, as this Denoiser was made for"
            )
        with self._alone:
            return process_array(self, audio)


class LiveDenoiser(KeepsState):
    """A processor that takes the noise away with a latency of a window and a look-ahead.

    The stream starts with the classical gain, or with ``profile``. ``reduction_db``, ``wet`` and
    ``model.is_frozen`` may be changed at any time.

    Parameters
    ----------
    sample_rate
        Hz, 8000 to 384000.
    channels
        1 to 64.
    settings
        What is done; the generator must be `band`, `context` or `classical`. Without a ``window_ms`` the
        window has 32 ms.
    profile
        Weights learned before, where the stream starts.
    model
        One of your own in the place of ``profile``: what it knows stays when the stream ends. Without it
        learning is part of `process`.
    learn
        Take steps of learning on the way.

    Raises
    ------
    SettingError, ProfileError
        As for `Denoiser`.
    """

    def __init__(
        self,
        sample_rate: int,
        channels: int = 1,
        settings: DenoiseSettings | None = None,
        profile: Profile | None = None,
        model: LiveModel | None = None,
        learn: bool = True,
    ) -> None:
        stream = StreamFormat(sample_rate, channels)
        self.settings = (settings or DenoiseSettings()).for_live()
        self._learn, self._owns_model = learn, model is None
        if model is None and (self.settings.generator != CLASSICAL or profile is not None):
            model = make_live_model(self.settings, stream, profile, learn)
        elif model is not None:
            _check_start(profile)
            check_model(self.settings, model.settings)
        self.model = model
        self._reduction_db = self.settings.reduction_db
        spec = StftSpec.for_rate(stream.sample_rate, self.settings.window())
        learning = "none" if self.model is None else self.model.learning
        self._schedule = Schedule.in_frames(self.settings, stream, spec, learning)
        super().__init__(
            stream,
            spec,
            self._new_estimator,
            1,
            self.settings.linked,
            self.settings.wet,
            low_cut_gain(spec.frequencies_hz(stream.sample_rate), self.settings.low_cut_hz),
        )

    def _new_estimator(self) -> Estimator:
        if self.model is None:
            self._estimator: ClassicalEstimator | FrameEstimator = ClassicalEstimator(
                self._schedule.hop_ms, self._reduction_db
            )
        else:
            self._estimator = FrameEstimator(self.model, self._schedule, self._reduction_db)
            model = self.model
            if self.settings.is_educated:
                return BandEstimator(
                    self._estimator,
                    Frames(self._spec, self.sample_rate),
                    Wanted(self.settings.keep),
                    lambda: model.band_predictor,
                    lambda: self._reduction_db,
                )
        return self._estimator

    @property
    def reduction_db(self) -> float:
        """Largest attenuation of any bin, 0 to 60 dB; may be changed at any time."""
        return self._reduction_db

    @reduction_db.setter
    def reduction_db(self, value: float) -> None:
        self._reduction_db = check_value("reduction_db", value, 0.0, 60.0, "dB")
        self._estimator.reduction_db = self._reduction_db

    def reset(self) -> None:
        """Forget the stream, and what was learned from it unless the model is the caller's."""
        with self._alone:
            if self.model is not None and self._owns_model:
                self.model.reset()
            super().reset()

    def _state(self) -> DenoiserState:
        learned = None if self.model is None or not self.model.has_learned else self.model.profile()
        settings = replace(self.settings, wet=self.wet, reduction_db=self.reduction_db)
        return DenoiserState(settings, learned, self._learn)


def _check_start(profile: Profile | None) -> None:
    """SettingError if there is a profile beside a model: both say where the stream begins."""
    if profile is not None:
        raise SettingError("a model and a profile are two starts; make the model with the profile")
