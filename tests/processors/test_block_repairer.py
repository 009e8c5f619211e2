"""The shell of repairs: what is not patched goes through bit for bit, and windows are what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from dap_stream.core.contract import CHECKS, Contract, stream
from dap_stream.core.processors import Chain, Delay
from dap_stream.core.stream_format import StreamFormat
from dap_stream.processors.block_repairer import BlockRepairer, Patch, Span, Window
from dap_stream.processors.findings import MOST, Finding, Findings

SPAN = Span(past=30, hop=50, future=20)
ABOVE = 0.9


class Halves:
    """Halves what is louder than `ABOVE`, sample by sample."""

    def patches(self, window: Window) -> Iterator[Patch]:
        for channel, column in np.argwhere(np.abs(window.audio) > ABOVE):
            if column in window.due and column in window.stream:
                yield Patch(channel, column, window.audio[channel, column : column + 1] / 2.0)


class Never:
    def patches(self, window: Window) -> Iterator[Patch]:
        yield from ()


def halved(audio: np.ndarray) -> np.ndarray:
    return np.where(np.abs(audio) > np.float32(ABOVE), audio / 2, audio)


CONTRACT = Contract(
    make=lambda: BlockRepairer(StreamFormat(8000, 2), SPAN, Halves),
    offline=halved,
    make_unity=lambda: BlockRepairer(StreamFormat(8000, 2), SPAN, Never),
    channels=2,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Callable[[Contract, np.random.Generator], None], rng: np.random.Generator) -> None:
    check(CONTRACT, rng)


@pytest.mark.parametrize("n_samples", [0, 1, 19, 20, 21, 49, 50, 51, 130, 1000])
def test_each_sample_is_due_once_and_the_ends_are_known(n_samples: int) -> None:
    due: list[int] = []

    class Looks:
        def patches(self, window: Window) -> Iterator[Patch]:
            inside = [column for column in window.due if column in window.stream]
            due.extend(window.position + column for column in inside)
            heard = window.audio[0, window.stream.start : window.stream.stop]
            first = window.position + window.stream.start
            np.testing.assert_array_equal(heard, np.arange(first, first + len(heard)) + 1.0)
            assert not window.audio[0, : window.stream.start].any()
            assert not window.audio[0, window.stream.stop :].any()
            yield from ()

    audio = np.arange(1.0, n_samples + 1.0)[None]
    processor = BlockRepairer(StreamFormat(8000), SPAN, Looks)
    out = np.concatenate((processor.process(audio), processor.flush()), axis=1)
    np.testing.assert_array_equal(out[0, processor.latency :], audio[0])
    assert due == list(range(n_samples))


def test_a_patch_may_reach_into_the_future_and_is_the_past_of_what_follows() -> None:
    seen: list[np.ndarray] = []

    class Once:
        def patches(self, window: Window) -> Iterator[Patch]:
            seen.append(window.audio[0].copy())
            if window.position + window.due.start == 30:
                yield Patch(0, window.due.stop - 5, np.full(10, 7.0))

    processor = BlockRepairer(StreamFormat(8000), SPAN, Once)
    out = stream(processor, np.zeros((1, 200)), 64)[0, processor.latency :]
    np.testing.assert_array_equal(np.flatnonzero(out), np.arange(75, 85))
    np.testing.assert_array_equal(np.flatnonzero(seen[2]), np.arange(25, 35))


@pytest.mark.parametrize("start_up", [1, 37, 50, 130])
def test_behind_other_processors_the_recording_begins_where_it_begins(start_up: int) -> None:
    """Positions are those of the recording, and the zeros that come before it are no part of it."""
    due: list[int] = []

    class Looks:
        def patches(self, window: Window) -> Iterator[Patch]:
            due.extend(window.position + column for column in window.due if column in window.stream)
            heard = window.audio[0, window.stream.start : window.stream.stop]
            first = window.position + window.stream.start
            np.testing.assert_array_equal(heard, np.arange(first, first + len(heard)) + 1.0)
            yield from ()

    processor = BlockRepairer(StreamFormat(8000), SPAN, Looks)
    processor.start_up = start_up
    audio = np.arange(1.0, 251.0)[None]
    chain = Chain([Delay(start_up), processor])
    out = stream(chain, audio, 64)[:, chain.latency :]
    np.testing.assert_array_equal(out, audio)
    assert due == list(range(250))


def test_findings_are_cleared_when_a_stream_begins_and_not_when_it_ends() -> None:
    findings = Findings(8000)

    class Finds:
        def patches(self, window: Window) -> Iterator[Patch]:
            findings.add(Finding("clicks", window.position + window.due.start, 1))
            yield from ()

    processor = BlockRepairer(StreamFormat(8000), SPAN, Finds, findings)
    for _ in range(2):
        stream(processor, np.zeros((1, 200), np.float32), 64)
        assert findings.count == 5  # windows


def test_many_findings_are_told_as_fewer() -> None:
    findings = Findings(48000)
    for i in range(3 * MOST):
        findings.add(Finding("clicks", i * 700 + (i // 100) * 96000, 3, channel=i % 2))
    told = list(findings)
    assert MOST / 50 < len(told) <= MOST
    assert sum(each.count for each in told) == findings.count == 3 * MOST
    assert findings.n_samples == 9 * MOST == sum(each.n_damaged for each in told)
    assert [each.start for each in told] == sorted(each.start for each in told)
    assert told[0].start == 0
