"""What a live stream knows: forgotten at once whatever the learner does, and handed on to the next stream."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from recordings import tone_in_noise

from dap_stream.core import background as background_module
from dap_stream.core.array_types import F32
from dap_stream.core.background import Background
from dap_stream.core.profile import Profile
from dap_stream.core.stream_format import StreamFormat
from dap_stream.errors import DapStreamError, ProfileError
from dap_stream.processors.denoise import live_model as module
from dap_stream.processors.denoise.denoiser import LiveDenoiser
from dap_stream.processors.denoise.learner import Knowledge, Learner, Lesson
from dap_stream.processors.denoise.learner_process import LearnerProcess
from dap_stream.processors.denoise.live_model import LiveModel, make_live_model
from dap_stream.processors.denoise.model import BlockRecord
from dap_stream.processors.denoise.settings import DenoiseSettings

PATIENCE_S = 20.0
RATE, HOP = 8000, 64
SETTINGS = DenoiseSettings(window_ms=32.0, block_s=0.2, noise_s=0.8, steps=1, device="cpu")
PROFILE = Profile("band", 32.0, 1, {})


def knowledge(trust: float) -> Knowledge:
    """Of nothing, but one can be told from another."""
    nothing: Any = None
    return Knowledge((), nothing, trust)


class BusyLearner:
    """Each look takes until it is let go on; what was called is written down, in order."""

    settings = SETTINGS

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.history: list[BlockRecord] = []
        self.has_begun, self.may_end = threading.Event(), threading.Event()

    def look(self, log_observed: Sequence[F32], now_s: float, is_frozen: bool) -> Knowledge | None:
        self.calls.append(f"look {now_s:g}")
        self.history.append(BlockRecord(now_s, 1.0, 1))
        self.has_begun.set()
        assert self.may_end.wait(PATIENCE_S)
        return knowledge(now_s / 100.0)

    def profile(self) -> Profile:
        self.calls.append("profile")
        return PROFILE

    def reset(self) -> None:
        self.calls.append("reset")
        self.history.clear()

    def close(self) -> None:
        self.calls.append("close")
        self.may_end.set()


def busy_model() -> tuple[BusyLearner, LiveModel]:
    """In the middle of its first look."""
    learner, background = BusyLearner(), Background()
    model = LiveModel(learner, submit=background.submit, background=background)
    model.start()
    model.ask([], 1.0, model.n_resets)
    assert learner.has_begun.wait(PATIENCE_S)
    return learner, model


def test_a_reset_does_not_wait_for_a_busy_learner() -> None:
    learner, model = busy_model()
    began = time.monotonic()
    model.reset()
    model.reset()
    assert time.monotonic() - began < 1.0
    assert model.knowledge is None and model.history == [] and model.n_resets == 2
    learner.may_end.set()
    model.stop()
    assert model.knowledge is None and model.history == [], "what it was busy with counts no more"
    model.ask([], 2.0, model.n_resets)
    assert learner.calls == ["look 1", "reset", "look 2"], "it forgets before it goes on, once"
    assert model.knowledge == knowledge(0.02) and len(model.history) == 1
    assert model.error is None


def test_sound_from_before_a_reset_is_not_learned_from_after_it() -> None:
    """The learner was asked, and had not begun yet."""
    learner = BusyLearner()
    learner.may_end.set()
    waiting: list[Any] = []
    model = LiveModel(learner, submit=waiting.append)
    model.ask([], 1.0, model.n_resets)
    model.reset()
    waiting[0]()
    assert learner.calls == ["reset"] and model.knowledge is None and model.history == []


def test_a_reset_in_the_middle_of_a_reset_is_done_too() -> None:
    class Twice(BusyLearner):
        def reset(self) -> None:
            assert model.history == [], "not what is about to be forgotten"
            super().reset()
            if self.calls.count("reset") == 1:
                model.reset()
                assert model.history == []

    learner = Twice()
    learner.history.append(BlockRecord(0.0, 1.0, 1))
    learner.may_end.set()
    model = LiveModel(learner)
    model.reset()
    assert model.profile() is PROFILE
    model.ask([], 1.0, model.n_resets)
    assert learner.calls == ["reset", "profile", "reset", "look 1"]


def test_a_profile_waits_for_the_learning_at_hand() -> None:
    learner, model = busy_model()
    profiles: list[Profile] = []
    asking = threading.Thread(target=lambda: profiles.append(model.profile()))
    asking.start()
    asking.join(0.05)
    assert asking.is_alive() and "profile" not in learner.calls
    learner.may_end.set()
    asking.join(PATIENCE_S)
    assert profiles == [PROFILE] and learner.calls == ["look 1", "profile"]
    model.close()


def test_a_profile_after_a_reset_is_of_nothing_learned_before() -> None:
    learner, model = busy_model()
    model.reset()
    learner.may_end.set()
    assert model.profile() is PROFILE
    assert learner.calls == ["look 1", "reset", "profile"]
    model.close()
    assert learner.calls[-1] == "close"


def test_a_learner_that_hangs_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    learner, model = busy_model()
    with pytest.raises(DapStreamError, match=r"^what learns has been busy for 0\.05 s; try again later$"):
        model.profile()
    learner.may_end.set()
    model.stop()
    assert model.profile() is PROFILE, "and it could be asked again"
    model.close()


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="holds up a process as a busy machine does")
def test_the_end_does_not_wait_for_a_look_in_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy core a look takes seconds, and whoever ends has no use for it."""
    monkeypatch.setattr(background_module, "_PATIENCE_S", 10 * PATIENCE_S)
    learner, background = LearnerProcess(Lesson(SETTINGS.for_live(), None, True, 25)), Background()
    model = LiveModel(learner, submit=background.submit, background=background)
    model.profile()  # it is there
    model.start()
    os.kill(learner.process.pid, signal.SIGSTOP)
    model.ask([np.zeros((200, 129), np.float32)], 1.0, model.n_resets)
    ending = threading.Thread(target=model.close, daemon=True)
    ending.start()
    ending.join(PATIENCE_S)
    is_over = not ending.is_alive()
    if not is_over:
        os.kill(learner.process.pid, signal.SIGCONT)
    assert is_over and model.error is None, "that it came to nothing is no error"
    assert not any(thread.name == "dap_stream learning" for thread in threading.enumerate())


def test_what_ends_the_learning_is_kept_and_what_is_known_stays() -> None:
    class Failing(BusyLearner):
        def look(self, log_observed: Sequence[F32], now_s: float, is_frozen: bool) -> Knowledge | None:
            if now_s > 1.0:
                raise DapStreamError("planted")
            return super().look(log_observed, now_s, is_frozen)

    learner, background = Failing(), Background()
    learner.may_end.set()
    model = LiveModel(learner, submit=background.submit, background=background)
    model.ask([], 1.0, model.n_resets)
    model.start()
    model.ask([], 2.0, model.n_resets)
    model.stop()
    assert str(model.error) == "planted" and model.knowledge == knowledge(0.01)
    model.ask([], 3.0, model.n_resets)
    assert model.dropped == 1 and learner.calls == ["look 1"]


class WatchedLearner(Learner):
    """Writes down how many resets had been asked for when a look began, and when it last forgot."""

    def __init__(self, lesson: Lesson) -> None:
        super().__init__(lesson)
        self.model: LiveModel | None = None
        self.forgot_at = 0
        self.made: list[tuple[Knowledge | None, int, int]] = []

    def n_resets(self) -> int:
        assert self.model is not None
        return self.model.n_resets

    def look(self, log_observed: Sequence[F32], now_s: float, is_frozen: bool) -> Knowledge | None:
        began_at = self.n_resets()
        made = super().look(log_observed, now_s, is_frozen)
        self.made.append((made, began_at, self.forgot_at))
        return made

    def reset(self) -> None:
        self.forgot_at = self.n_resets()
        super().reset()


def test_resets_from_another_thread_while_a_stream_runs(rng: np.random.Generator) -> None:
    """Once a reset has returned, nothing that was known before it is ever seen again."""
    background = Background()
    learner = WatchedLearner(Lesson(SETTINGS.for_live(), None, True, 25))
    learner.model = model = LiveModel(learner, submit=background.submit, background=background)
    processor = LiveDenoiser(RATE, 1, SETTINGS, model=model)
    audio = (0.05 * rng.standard_normal((1, HOP))).astype(np.float32)
    has_ended, errors = threading.Event(), list[BaseException]()

    def process() -> None:
        try:
            while not has_ended.is_set():
                assert np.isfinite(processor.process(audio)).all()
                time.sleep(0.0002)
        except BaseException as error:  # noqa: BLE001  raised below
            errors.append(error)

    model.start()
    stream = threading.Thread(target=process)
    stream.start()
    try:
        for n_resets in range(1, 25):
            model.reset()
            end = time.monotonic() + rng.uniform(0.0, 0.1)
            # Most of them come in the middle of something, some only when something is known again.
            while time.monotonic() < end or (n_resets % 4 == 0 and model.knowledge is None):
                assert time.monotonic() < end + PATIENCE_S and not errors
                known = model.knowledge
                if known is not None:
                    when = [
                        (began_at, forgot_at) for made, began_at, forgot_at in learner.made if made is known
                    ]
                    assert when == [(n_resets, n_resets)]
                time.sleep(0.001)
    finally:
        has_ended.set()
        stream.join(PATIENCE_S)
        model.close()
    assert not errors and model.error is None


def test_a_stream_begins_with_what_the_last_one_taught_the_model() -> None:
    """A device that went away and came back: the stream begins anew, the model stays."""
    noisy = tone_in_noise(4.0)[1]
    settings = DenoiseSettings(window_ms=32.0, block_s=0.2, noise_s=0.8, steps=8, device="cpu")
    model = make_live_model(settings, StreamFormat(RATE))
    processor, cold = (LiveDenoiser(RATE, 1, settings, model=each) for each in (model, None))
    processor.process(noisy)
    n_before = len(model.history)
    processor.reset()
    assert len(model.history) == n_before
    again, first = processor.process(noisy[:, :RATE]), cold.process(noisy[:, :RATE])
    assert not np.array_equal(again, first)
    assert cold.model is not None and model.history[n_before].loss < cold.model.history[0].loss
    starts = [block.start_s for block in model.history]
    assert starts == sorted(starts) and starts[-1] == pytest.approx(4.8)
    processor.reset()
    assert not processor.process(np.zeros((1, 1000), np.float32)).any(), "nothing of the old stream is left"


@pytest.mark.parametrize("is_background", [False, True])
def test_a_profile_that_does_not_fit_is_refused_at_once(is_background: bool) -> None:
    with pytest.raises(ProfileError, match="the profile is for window_ms=48, the settings say window_ms=32"):
        make_live_model(SETTINGS, StreamFormat(RATE), Profile("band", 48.0, 1, {}), True, is_background)
