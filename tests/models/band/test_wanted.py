"""Voices, or any sound: decided by what is heard, not for a moment's sake, and never against the user."""

from __future__ import annotations

import numpy as np
import pytest

from dap_stream.models.band.wanted import ENOUGH_S, MEMORY_S, NO_VOICE_SHARE, VOICE_SHARE, Wanted

HOP_S = 0.01


def frames(share: float, seconds: float = 4.0) -> np.ndarray:
    """Probabilities of a voice, likely in ``share`` of the frames, evenly spread."""
    n = round(seconds / HOP_S)
    return np.where(np.floor(np.arange(1, n + 1) * share) > np.floor(np.arange(n) * share), 0.9, 0.1).astype(
        np.float32
    )


def heard(*shares: float, keep: str = "auto", seconds: float = 4.0) -> Wanted:
    """After stretches with a voice in these parts of the time."""
    wanted = Wanted(keep)
    for share in shares:
        wanted.hear(frames(share, seconds), HOP_S)
    return wanted


@pytest.mark.parametrize(("keep", "keeps_voice"), [("voice", True), ("any", False)])
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_what_was_asked_for_is_kept_whatever_is_heard(keep, keeps_voice, share):
    assert Wanted(keep).keeps_voice is keeps_voice and Wanted(keep).is_settled
    wanted = heard(share, share, keep=keep)
    assert wanted.keeps_voice is keeps_voice
    assert wanted.voice_share == pytest.approx(share), "it listens all the same"
    wanted.reset()
    assert wanted.keeps_voice is keeps_voice and wanted.is_settled


def test_without_a_decision_any_sound_is_kept_until_enough_was_heard():
    wanted = Wanted("auto")
    voice = frames(1.0, ENOUGH_S / 2.0)
    wanted.hear(voice, HOP_S)
    assert not wanted.keeps_voice and not wanted.is_settled
    wanted.hear(voice, HOP_S)
    assert wanted.keeps_voice and not wanted.is_settled


@pytest.mark.parametrize(("share", "keeps_voice"), [(0.0, False), (0.2, False), (0.3, True), (1.0, True)])
def test_a_voice_in_enough_of_the_time_is_wanted(share, keeps_voice):
    assert heard(share).keeps_voice is keeps_voice
    assert heard(share).voice_share == pytest.approx(share, abs=0.01)


def test_a_share_between_the_limits_changes_nothing():
    between = (VOICE_SHARE + NO_VOICE_SHARE) / 2.0
    assert not heard(between, between).keeps_voice
    wanted = heard(1.0)
    for _ in range(100):
        wanted.hear(frames(between), HOP_S)
    assert wanted.keeps_voice and wanted.voice_share == pytest.approx(between, abs=0.02)


def test_it_changes_its_mind_as_time_goes_by():
    wanted = heard(1.0, seconds=2.0 * MEMORY_S)
    wanted.hear(frames(0.0, 5.0), HOP_S)
    assert wanted.keeps_voice, "a pause is no end"
    for _ in range(20):
        wanted.hear(frames(0.0, 5.0), HOP_S)
    assert not wanted.keeps_voice


def test_once_it_is_settled_nothing_changes_it():
    wanted = heard(1.0)
    wanted.is_settled = True
    for _ in range(50):
        wanted.hear(frames(0.0), HOP_S)
    assert wanted.keeps_voice


def test_how_the_beginning_is_cut_changes_little():
    """Within the memory the share is the plain mean, however many frames come at once."""
    whole = heard(0.4, seconds=20.0)
    cut = Wanted("auto")
    for part in np.split(frames(0.4, 20.0), [3, 10, 700, 1500]):
        cut.hear(part, HOP_S)
    assert cut.voice_share == pytest.approx(whole.voice_share, abs=1e-6)
    assert cut.heard_s == pytest.approx(whole.heard_s)


def test_nothing_is_heard_in_no_frames():
    wanted = Wanted("auto")
    wanted.hear(np.zeros(0, np.float32), HOP_S)
    assert wanted.heard_s == wanted.voice_share == 0.0 and not wanted.keeps_voice


def test_a_reset_forgets_the_decision_and_what_was_heard():
    wanted = heard(1.0)
    wanted.is_settled = True
    wanted.reset()
    assert not wanted.keeps_voice and not wanted.is_settled
    assert wanted.heard_s == wanted.voice_share == 0.0


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (heard(1.0), "keeps voices (voice in 100 % of the time)"),
        (heard(0.1), "keeps any sound (voice in 10 % of the time)"),
        (heard(0.0, keep="voice"), "keeps voices"),
        (heard(1.0, keep="any"), "keeps any sound"),
    ],
)
def test_it_says_what_was_decided_and_why(wanted, text):
    assert str(wanted) == text
