"""A repair whose findings a test can count: what is louder than `ABOVE` is damage, and half of it is well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dap_stream.core.stream_format import StreamFormat
from dap_stream.processors.block_repairer import BlockRepairer, Patch, Span, Window
from dap_stream.processors.findings import Finding, Findings
from dap_stream.processors.registry import PROCESSORS, REPAIRS

ABOVE = 0.9
_SPAN = Span(past=256, hop=512, future=256)


class _Halve:
    """Stretches of loud samples, halved; one that reaches into the next hop is two."""

    def __init__(self, kind: str, findings: Findings) -> None:
        self._kind, self._findings = kind, findings

    def patches(self, window: Window) -> Iterator[Patch]:
        is_due = np.zeros(window.audio.shape[1], bool)
        is_due[max(window.due.start, window.stream.start) : min(window.due.stop, window.stream.stop)] = True
        patches = []
        for channel, row in enumerate(window.audio):
            edges = np.diff(np.concatenate(([0], (is_due & (np.abs(row) > ABOVE)).astype(int), [0])))
            for start, stop in zip(np.flatnonzero(edges > 0), np.flatnonzero(edges < 0), strict=True):
                patches.append(Patch(channel, int(start), row[start:stop] / 2.0))
        for patch in sorted(patches, key=lambda each: each.column):
            place = window.position + patch.column
            n = len(patch.samples)
            self._findings.add(Finding(self._kind, place, n, patch.channel, f"{n} loud samples"))
            yield patch


class Halver(BlockRepairer):
    """The processor."""

    def __init__(self, kind: str, stream: StreamFormat, findings: Findings | None) -> None:
        found = Findings(stream.sample_rate) if findings is None else findings
        super().__init__(stream, _SPAN, lambda: _Halve(kind, found), found)


def fake_repair(monkeypatch: pytest.MonkeyPatch, kind: str = "clicks") -> None:
    """Have damage of this kind be what is loud, in files and pipes and live; in this process."""

    def make(settings: Any, stream: StreamFormat, model: Any) -> Halver:
        return Halver(kind, stream, None if model is None else model.found_in(stream.sample_rate))

    name = REPAIRS[kind]
    monkeypatch.setitem(PROCESSORS, name, replace(PROCESSORS[name], make=make, make_live=make, pretrain=None))


def silent_repair(monkeypatch: pytest.MonkeyPatch, *kinds: str) -> None:
    """Have these find nothing."""

    def make(settings: Any, stream: StreamFormat, model: Any) -> BlockRepairer:
        found = None if model is None else model.found_in(stream.sample_rate)
        return BlockRepairer(stream, _SPAN, _Nothing, found)

    for kind in kinds:
        name = REPAIRS[kind]
        monkeypatch.setitem(PROCESSORS, name, replace(PROCESSORS[name], make=make, pretrain=None))


class _Nothing:
    def patches(self, window: Window) -> Iterator[Patch]:
        yield from ()
