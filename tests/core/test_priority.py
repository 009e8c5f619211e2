"""What a stream has around it is as before when it ends."""

from __future__ import annotations

import gc
import sys

import pytest

from dap_stream.core.priority import undisturbed


def test_a_stream_is_undisturbed_and_leaves_everything_as_it_was() -> None:
    before = sys.getswitchinterval(), gc.get_freeze_count()
    with pytest.raises(ZeroDivisionError), undisturbed():
        assert sys.getswitchinterval() < before[0] and gc.get_freeze_count() > 10_000
        1 / 0  # noqa: B018
    assert (sys.getswitchinterval(), gc.get_freeze_count()) == before
