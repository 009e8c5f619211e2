"""One object in two threads: refused in words, and never a mixture of two streams."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Any

import numpy as np
import pytest

from dap_stream import Denoiser, DenoiseSettings
from dap_stream.core.alone import Alone
from dap_stream.errors import SettingError


class Gate:
    """An estimator's stand-in that waits in the middle of `process`."""

    delay = 0

    def __init__(self) -> None:
        self.is_inside, self.may_go_on = threading.Event(), threading.Event()

    def advance(self, log_observed: Any, power: Any) -> Any:
        self.is_inside.set()
        assert self.may_go_on.wait(60)
        return np.ones_like(power)


@pytest.fixture
def at_work(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A denoiser, in the middle of its work in another thread, and how to end that."""
    gate = Gate()
    monkeypatch.setattr(Denoiser, "_new_estimator", lambda self: gate)
    denoiser = Denoiser(16000, settings=DenoiseSettings(generator="classical"))
    found: list[Any] = []
    audio = np.sin(0.4 * np.arange(40000)).astype(np.float32)  # 1 kHz, far above the low cut
    thread = threading.Thread(target=lambda: found.append(denoiser(audio, 16000)))
    thread.start()
    assert gate.is_inside.wait(60)
    yield denoiser, found
    gate.may_go_on.set()
    thread.join()
    np.testing.assert_allclose(found[0][2000:-2000], audio[2000:-2000], atol=1e-3)


@pytest.mark.parametrize("use", ["call", "process", "flush", "reset"])
def test_a_second_thread_is_refused(at_work: Any, use: str) -> None:
    denoiser, _ = at_work
    buffer = np.zeros((1, 100), np.float32)
    uses = {
        "call": lambda: denoiser(buffer, 16000),
        "process": lambda: denoiser.process(buffer),
        "flush": denoiser.flush,
        "reset": denoiser.reset,
    }
    with pytest.raises(SettingError, match="Denoiser is at work in another thread; make one for each thread"):
        uses[use]()


def test_one_thread_after_the_other_is_fine() -> None:
    denoiser = Denoiser(16000, settings=DenoiseSettings(generator="classical"))
    audio = np.random.default_rng(0).standard_normal(20000).astype(np.float32) * 0.1
    found = [denoiser(audio, 16000)]
    thread = threading.Thread(target=lambda: found.append(denoiser(audio, 16000)))
    thread.start()
    thread.join()
    np.testing.assert_array_equal(found[0], found[1])


def test_copies_are_free() -> None:
    alone = Alone("It")
    with alone:
        for other in (copy.deepcopy(alone), pickle.loads(pickle.dumps(alone))):
            found: list[str] = []

            def enter(other: Alone = other, found: list[str] = found) -> None:
                with other:
                    found.append("in")

            thread = threading.Thread(target=enter)
            thread.start()
            thread.join()
            assert found == ["in"]
