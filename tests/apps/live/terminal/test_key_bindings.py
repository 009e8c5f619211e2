"""What each key does, without a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from live_chains import live_chain
from recordings import sound

from dap_stream.apps.live.actions import Actions
from dap_stream.apps.live.live_chain import LiveChain
from dap_stream.apps.live.terminal.key_bindings import HELP, KeyBindings


def make_bindings(folder: Path, **settings: Any) -> tuple[KeyBindings, LiveChain]:
    chain = live_chain(**settings)
    return KeyBindings(Actions(chain, str(folder / "p.npz"))), chain


def test_what_keys_do(tmp_path: Path) -> None:
    bindings, chain = make_bindings(tmp_path)
    duplex, denoiser = chain.duplex, chain.adjustable
    assert denoiser is not None
    assert bindings.press("b--]]]f") == []
    assert duplex.bypass and duplex.wet == pytest.approx(0.8) and denoiser.reduction_db == 33.0
    assert chain.is_frozen
    bindings.press("bf=[" + "-" * 20 + "[" * 99)
    assert (duplex.bypass, duplex.wet, denoiser.reduction_db) == (False, 0.0, 0.0)
    assert not chain.is_frozen
    bindings.press("+" * 20 + "]" * 99)
    assert (duplex.wet, denoiser.reduction_db) == (1.0, 60.0)
    assert bindings.press("?xyz") == [HELP] and not bindings.wants_quit
    bindings.press("q")
    assert bindings.wants_quit


def test_a_classical_chain_has_nothing_to_freeze_forget_or_save(tmp_path: Path) -> None:
    bindings, chain = make_bindings(tmp_path, generator="classical")
    assert bindings.press("fr") == ["nothing in the chain learns"] * 2
    assert bindings.press("s") == ["error: nothing in the chain learns, so there is no profile to save"]
    assert bindings.press("[]") == [] and not chain.is_frozen


def test_a_profile_never_replaces_anything_else(tmp_path: Path) -> None:
    (tmp_path / "p.npz").write_text("mine")
    (said,) = make_bindings(tmp_path)[0].press("s")
    assert "exists and is no profile" in said and (tmp_path / "p.npz").read_text() == "mine"


def test_reset_is_done_at_once_whether_or_not_a_stream_runs(tmp_path: Path) -> None:
    """Nothing is processed while a device is away, and yet what was learned is not saved any more."""
    bindings, chain = make_bindings(tmp_path)
    (model,) = chain.models.values()
    chain.tapped.process(sound(1.0).astype("float32"))
    learned, fresh = model.profile().weights, live_chain().profile().weights
    assert chain.history and any((learned[name] != fresh[name]).any() for name in fresh)
    assert bindings.press("r") == ["reset: all that was learned is forgotten"]
    assert not chain.history
    forgotten = chain.profile().weights
    assert all((forgotten[name] == fresh[name]).all() for name in fresh)
