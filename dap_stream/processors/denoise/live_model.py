"""Knowledge of a live stream, and who learns it meanwhile: here, in a thread, or in another process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeAlias

from dap_stream.core.array_types import F32
from dap_stream.core.background import Background, Work
from dap_stream.core.profile import Profile
from dap_stream.core.stream_format import StreamFormat
from dap_stream.dsp.stft import StftSpec
from dap_stream.errors import DapStreamError
from dap_stream.models.band.educated import educated_weights
from dap_stream.models.band.frames import Frames
from dap_stream.models.band.predictor import BandPredictor
from dap_stream.processors.denoise.learner import Knowledge, Learner, Learning, Lesson
from dap_stream.processors.denoise.model import BlockRecord, band_model, check_profile
from dap_stream.processors.denoise.schedule import LearningMode, Schedule
from dap_stream.processors.denoise.settings import DenoiseSettings

PATIENCE_S = 40.0  # for the learning at hand: longer than the other process may take to begin

Submit: TypeAlias = Callable[[Work], None]
"""Does the work, now or soon in another thread; may drop it while it is still busy with the last."""


def at_once(work: Work) -> None:
    """The `Submit` of files and tests: the result does not depend on timing."""
    work()


class LiveModel:
    """The newest `Knowledge` of a live stream, which outlives the stream; for any thread.

    Parameters
    ----------
    learner
        Turns the last seconds into knowledge; closed with the model.
    is_trusted
        Whether it begins with weights that were learned before.
    submit
        How learning is done; by default at once, in the thread of the stream.
    background
        The thread behind ``submit``, if there is one: started, stopped and closed with the model.
    first_bands
        What the band network knows at the start; by default what it was taught.
    """

    def __init__(
        self,
        learner: Learning,
        is_trusted: bool = False,
        submit: Submit = at_once,
        background: Background | None = None,
        first_bands: BandPredictor | None = None,
    ) -> None:
        self._learner, self._submit, self._background = learner, submit, background
        self._is_trusted = is_trusted
        self._first_bands = first_bands
        self.is_frozen = False  # look, but take no step
        self._changing = threading.Lock()  # held for moments only
        self._learning = threading.Lock()  # held while the learner works, and by whoever asks it anything
        self._knowledge: Knowledge | None = None
        self._is_closed = False
        self._n_resets = 0  # asked for
        self._n_forgotten = 0  # of them, those that the learner has done

    @property
    def n_resets(self) -> int:
        """How often all was forgotten: a stream sees here that what it knows counts no more."""
        return self._n_resets

    @property
    def settings(self) -> DenoiseSettings:
        """Those it was made with."""
        return self._learner.settings

    @property
    def learning(self) -> LearningMode:
        """Whether it learns beside the stream or as part of it."""
        return "inline" if self._background is None else "background"

    @property
    def knowledge(self) -> Knowledge | None:
        """The newest; None before the first sound."""
        return self._knowledge

    @property
    def band_predictor(self) -> BandPredictor:
        """Of the newest knowledge; of the profile, or of what it was taught, before there is any."""
        known = self._knowledge
        if known is not None and known.bands is not None:
            return known.bands
        return self._first_bands or BandPredictor(educated_weights())

    @property
    def start_trust(self) -> float:
        """Trust that a stream may begin with."""
        known = self._knowledge
        return 1.0 if self._is_trusted else 0.0 if known is None else known.trust

    @property
    def has_learned(self) -> bool:
        """Whether its weights come from a profile, or a step was taken since it was made or reset."""
        return self._is_trusted or any(block.steps for block in self.history)

    @property
    def history(self) -> Sequence[BlockRecord]:
        """Record of the learning, block by block, oldest first."""
        return list(self._learner.history) if self._n_forgotten == self._n_resets else []

    @property
    def error(self) -> BaseException | None:
        """Error that ended the learning, if any did; the stream goes on with what it knows."""
        return None if self._background is None else self._background.error

    @property
    def dropped(self) -> int:
        """Blocks that were not looked at, since the learner was still busy."""
        return 0 if self._background is None else self._background.dropped

    def ask(self, log_observed: Sequence[F32], now_s: float, n_resets: int) -> None:
        """Have the last seconds looked at.

        Parameters
        ----------
        log_observed
            Natural log of the power ``[frames, bins]`` of each lane; must not change any more.
        now_s
            Where they end in the stream.
        n_resets
            `n_resets` when the first of them was heard: what was heard before a reset teaches nothing.
        """

        def work() -> None:
            with self._learning:
                self._forget()
                if n_resets != self._n_resets:
                    return  # this sound was heard before a reset: nothing is learned from it any more
                try:
                    knowledge = self._learner.look(log_observed, now_s, self.is_frozen)
                except DapStreamError:
                    if self._is_closed:
                        return  # ended in the middle of a look that nobody waits for any more
                    raise
            with self._changing:
                if n_resets == self._n_resets:  # no reset came during the look
                    self._knowledge = knowledge

        self._submit(work)

    def reset(self) -> None:
        """Forget all that was learned. Never waits: the learner forgets before it does anything else."""
        with self._changing:
            self._n_resets += 1
            self._knowledge = None

    def _forget(self) -> None:
        """Have the learner do the resets that were asked for. `_learning` is held."""
        n_resets = self._n_resets  # one that comes from here on is done the next time
        if self._n_forgotten != n_resets:
            self._learner.reset()
            self._n_forgotten = n_resets

    def profile(self) -> Profile:
        """The weights as they are now; waits for the learning at hand. DapStreamError if that hangs."""
        if not self._learning.acquire(timeout=PATIENCE_S):
            raise DapStreamError(f"what learns has been busy for {PATIENCE_S:g} s; try again later")
        try:
            self._forget()
            return self._learner.profile()
        finally:
            self._learning.release()

    def start(self) -> None:
        """From now on learn beside the stream; until then, and after `stop`, at once."""
        if self._background is not None:
            self._background.start()

    def stop(self) -> None:
        """Learn no more beside the stream."""
        if self._background is not None:
            self._background.stop()

    def close(self) -> None:
        """Nothing more is learned, and a look at hand comes to nothing. A second time does nothing."""
        self._is_closed = True
        self._learner.close()  # first: what it has at hand may take seconds on a busy machine
        self.stop()


def make_live_model(
    settings: DenoiseSettings,
    stream: StreamFormat,
    profile: Profile | None = None,
    learns: bool = True,
    is_background: bool = False,
) -> LiveModel:
    """A model for live streams.

    Parameters
    ----------
    settings
        What is learned, and how much of it.
    stream
        Sample rate and channels.
    profile
        Weights to begin with.
    learns
        Take steps of learning; otherwise only the noise is followed.
    is_background
        Learn in a process of its own, beside the stream, from `LiveModel.start` on; close the model then.
        Otherwise learning is part of processing, and nothing depends on timing.

    Returns
    -------
    LiveModel
        Owned by the caller: hand it to one `LiveDenoiser` after another.

    Raises
    ------
    SettingError, ProfileError
        If the settings cannot be live, or the profile is of others.
    """
    settings = settings.for_live()
    if profile is not None:
        check_profile(settings, profile)  # here, and not a second later in the other process
    spec = StftSpec.for_rate(stream.sample_rate, settings.window())
    n_newest = Schedule.in_frames(settings, stream, spec, "inline").frames_per_block
    bands = band_model(settings, profile)
    first_bands = None if bands is None else bands.predictor
    lesson = Lesson(settings, profile, learns and settings.learns, n_newest, Frames(spec, stream.sample_rate))
    if not is_background:
        return LiveModel(Learner(lesson), profile is not None, first_bands=first_bands)
    from dap_stream.processors.denoise.learner_process import LearnerProcess

    background = Background()
    return LiveModel(LearnerProcess(lesson), profile is not None, background.submit, background, first_bands)
