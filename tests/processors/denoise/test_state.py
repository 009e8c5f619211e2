"""State as bytes: what a host keeps in a project brings the same sound back, and nothing else is believed."""

from __future__ import annotations

import json
import threading
import zlib
from typing import Any

import numpy as np
import pytest
from recordings import sound

from dap_stream import Bypass, Chain, Denoiser, DenoiseSettings, Gain, GainSettings, LiveDenoiser
from dap_stream.core.array_types import Audio
from dap_stream.errors import DapStreamError, ProfileError, SettingError

RATE = 16000
LIVE = DenoiseSettings(window_ms=16.0, block_s=0.5, steps=4, reduction_db=20.0)
FILE = DenoiseSettings(generator="context", block_s=0.5, steps=4, passes=1)
HEARD = sound(2.5, RATE, seed=1).astype(np.float32)
NEXT = sound(1.5, RATE, seed=2).astype(np.float32)

Kind = type[Denoiser] | type[LiveDenoiser]


def stream(processor: Denoiser | LiveDenoiser | Chain) -> Audio:
    """From its start to its end, in two pieces."""
    pieces = [processor.process(NEXT[:, :5000]), processor.process(NEXT[:, 5000:]), processor.flush()]
    return np.concatenate(pieces, axis=1)


@pytest.fixture(scope="module", params=[(LiveDenoiser, LIVE), (Denoiser, FILE)], ids=["live", "file"])
def learned(request: pytest.FixtureRequest) -> Any:
    """One that has learned, its kind and its state."""
    kind, settings = request.param
    denoiser = kind(RATE, 1, settings)
    denoiser.process(HEARD)
    return denoiser, kind, denoiser.state()


def test_what_was_learned_comes_back_bit_for_bit(learned: Any) -> None:
    denoiser, kind, state = learned
    restored, other = kind.from_state(state, RATE), kind(RATE, 1, denoiser.settings)
    first = stream(restored)
    fresh = stream(other)
    assert not np.array_equal(first, fresh), "it begins with what was learned"
    other.set_state(state)
    np.testing.assert_array_equal(stream(other), first)
    denoiser.set_state(state)  # the one itself, from the start of a stream
    assert denoiser.state() == state
    np.testing.assert_array_equal(stream(denoiser), first)
    # The next stream begins as the last one did.
    np.testing.assert_array_equal(stream(denoiser), first)


@pytest.mark.parametrize(("kind", "settings"), [(LiveDenoiser, LIVE), (Denoiser, FILE)])
def test_one_that_has_learned_nothing_comes_back_as_new(kind: Kind, settings: DenoiseSettings) -> None:
    new = kind(RATE, 1, settings)
    restored = kind.from_state(new.state(), RATE)
    assert restored.model is not None and not restored.model.has_learned
    np.testing.assert_array_equal(stream(restored), stream(new))


def test_what_was_turned_comes_back_too() -> None:
    live = LiveDenoiser(RATE, 1, DenoiseSettings(generator="classical"))
    live.wet, live.reduction_db = 0.5, 7.0
    other = LiveDenoiser(RATE, 1, DenoiseSettings(generator="classical"))
    other.process(HEARD)
    other.set_state(live.state())
    assert (other.wet, other.reduction_db, other.settings.reduction_db) == (0.5, 7.0, 7.0)
    np.testing.assert_array_equal(stream(other), stream(live))
    assert len(LiveDenoiser.from_state(live.state(), 48000, 2).process(np.zeros((2, 9), np.float32))) == 2


def test_a_latency_never_changes() -> None:
    live, longer = LiveDenoiser(RATE, 1, LIVE), LiveDenoiser(RATE, 1, DenoiseSettings(window_ms=64.0))
    latency, before = live.latency, live.state()
    with pytest.raises(SettingError, match=r"a latency never changes; make .* LiveDenoiser\.from_state"):
        live.set_state(longer.state())
    assert live.latency == latency and live.state() == before


def test_a_state_is_taken_while_another_thread_processes() -> None:
    live = LiveDenoiser(RATE, 1, LIVE)
    states: list[bytes] = []
    thread = threading.Thread(target=lambda: states.extend(live.state() for _ in range(10)))
    thread.start()
    while thread.is_alive():
        live.process(HEARD[:, :4000])
    thread.join()
    assert len(states) == 10 and all(LiveDenoiser.from_state(state, RATE) for state in states)


def chain(gain_db: float = 0.0, window_ms: float = 16.0) -> Chain:
    classical = DenoiseSettings(generator="classical", window_ms=window_ms)
    return Chain([Gain(RATE, 1, GainSettings(gain_db)), Bypass(), LiveDenoiser(RATE, 1, classical)])


def test_a_chain_keeps_the_state_of_each() -> None:
    one, other = chain(-6.0), chain()
    other.process(HEARD)
    other.set_state(one.state())
    np.testing.assert_array_equal(stream(other), stream(one))
    with pytest.raises(ProfileError, match="of another chain than Gain, Bypass, LiveDenoiser"):
        other.set_state(Chain([Gain(RATE)]).state())
    before = one.state()
    with pytest.raises(SettingError, match="latency never changes"):
        one.set_state(chain(3.0, window_ms=32.0).state())
    assert one.state() == before, "the gain that came first is as before too"


def forged(change: Any, state: bytes) -> bytes:
    """``state`` with another header, and a checksum that fits."""
    body = state[state.index(b"\n") + 5 :]
    n = int.from_bytes(body[:4], "little")
    header = change(json.loads(body[4 : 4 + n]))
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    body = len(text).to_bytes(4, "little") + text + body[4 + n :]
    return b"dap_stream state 1\n" + zlib.crc32(body).to_bytes(4, "little") + body


def within(*path: Any, to: Any) -> Any:
    def change(header: Any) -> Any:
        place = header
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = to
        return header

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (within("facts", "settings", "reduction_db", to=1e9), "reduction_db=1000000000.0 must be"),
        (within("facts", "settings", "reduction_db", to=float("nan")), "reduction_db=nan must be"),
        (within("facts", "settings", "keep", to=["x"] * 10000), "keep="),
        (within("facts", "settings", "colour", to=1), "settings that this version does not know"),
        (within("facts", "settings", to=[1]), "settings that this version does not know"),
        (within("facts", "profile", to={"weights": 5}), "weights that are none"),
        (within("facts", "profile", "weights", 0, 1, to=[10**9, 10**9]), "weights that are none"),
        (within("facts", "profile", "weights", 0, 1, to=[-1, -5]), "weights that are none"),
        (within("facts", "profile", "weights", 0, 0, to="other"), "do not fit"),
        (within("facts", "profile", "lookahead", to=2), "the profile is for"),
        (within("facts", "profile", "window_ms", to="x"), "weights that are none"),
        (within("sizes", to=[-1, 1]), "says what no state"),
        (within("sizes", to=[True]), "says what no state"),
        (within("sizes", to=[10**30]), "says what no state"),
        (within("kind", to="Gain"), "is of a Gain, not of a LiveDenoiser"),
        (within("facts", to=[]), "says what no state"),
        (lambda header: b"[" * 200_000, "says what no state"),
        (lambda header: b"1" * 10_000, "says what no state"),
        (lambda header: b"\xff\xfe", "says what no state"),
    ],
)
def test_a_forged_state_is_refused_in_a_line(learned: Any, change: Any, words: str) -> None:
    _, kind, state = learned
    words = words.replace("LiveDenoiser", kind.__name__)
    with pytest.raises(DapStreamError, match=words) as refused:
        kind.from_state(forged(change, state), RATE)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 500


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (b"", "no state of dap_stream"),
        (b"dap_stream state 1\n", "no state of dap_stream"),
        (b"dap_stream state 2\nxyz", "another version"),
        (b"\x80\x04cos\nsystem\n", "no state of dap_stream"),
        ("text", "bytes, not str"),
        (None, "bytes, not NoneType"),
    ],
)
def test_what_is_no_state_is_refused(state: Any, words: str) -> None:
    live = LiveDenoiser(RATE, 1, DenoiseSettings(generator="classical"))
    for processor in (live, Chain([live])):
        with pytest.raises(ProfileError, match=words):
            processor.set_state(state)


def test_a_state_with_any_byte_changed_is_refused(learned: Any) -> None:
    _, kind, state = learned
    rng = np.random.default_rng(0)
    for place in (*range(30), *rng.integers(0, len(state), 50)):
        damaged = bytearray(state)
        damaged[place] ^= 1 << int(rng.integers(8))
        with pytest.raises(ProfileError):
            kind.from_state(bytes(damaged), RATE)
    for n in (1, 40, len(state) // 2):
        with pytest.raises(ProfileError):
            kind.from_state(state[:-n], RATE)
