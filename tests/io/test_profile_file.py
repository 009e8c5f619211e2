"""A profile survives the disk exactly; anything else in a file is refused and never run."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dap_stream.core.profile import Profile
from dap_stream.errors import OutputError, ProfileError
from dap_stream.io.profile_file import FORMAT, load_profile, save_profile

WHOLE: dict[str, Any] = {
    "format": np.array(FORMAT),
    "generator": np.array("context"),
    "window_ms": np.array(32.0),
    "lookahead": np.array(1),
}


def a_profile(rng: np.random.Generator) -> Profile:
    weights = {"mean.weight": rng.standard_normal((1, 7)), "mean.bias": rng.standard_normal(1)}
    return Profile("context", 32.0, 2, {name: value.astype(np.float32) for name, value in weights.items()})


def test_round_trip_is_exact(tmp_path: Path, rng: np.random.Generator) -> None:
    saved = a_profile(rng)
    save_profile(tmp_path / "p.npz", saved)
    loaded = load_profile(tmp_path / "p.npz")
    assert (loaded.generator, loaded.window_ms, loaded.lookahead) == ("context", 32.0, 2)
    assert list(loaded.weights) == list(saved.weights)
    for name, value in loaded.weights.items():
        assert value.dtype == np.float32
        np.testing.assert_array_equal(value, saved.weights[name])


def test_any_name_is_kept_as_it_is(tmp_path: Path, rng: np.random.Generator) -> None:
    save_profile(tmp_path / "studio", a_profile(rng))
    assert [path.name for path in tmp_path.iterdir()] == ["studio"], "numpy would have added .npz"


def test_a_pickle_is_never_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "sprung"),)

    path = tmp_path / "p.npz"
    with path.open("wb") as file:
        np.savez(file, **{**WHOLE, "weight:a": np.array([Trap()], dtype=object)})
    with pytest.raises(ProfileError, match="not a dap_stream profile"):
        load_profile(path)
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ProfileError, match="not a dap_stream profile"):
        load_profile(path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("keep", [0, 1, 10, 0.5, 0.9, 0.999])
def test_a_truncated_profile_is_refused(tmp_path: Path, rng: np.random.Generator, keep: float) -> None:
    path = tmp_path / "p.npz"
    save_profile(path, a_profile(rng))
    data = path.read_bytes()
    path.write_bytes(data[: keep if isinstance(keep, int) else int(keep * len(data))])
    with pytest.raises(ProfileError, match=r"p\.npz") as caught:
        load_profile(path)
    assert "\n" not in str(caught.value)


def test_a_profile_with_any_byte_changed_is_refused_or_the_same(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    """The archive has check sums over its members; what is around them cannot change a weight."""
    path = tmp_path / "p.npz"
    saved = a_profile(rng)
    save_profile(path, saved)
    data = bytearray(path.read_bytes())
    for position in range(0, len(data), 7):
        broken = data.copy()
        broken[position] ^= 0x55
        path.write_bytes(broken)
        try:
            loaded = load_profile(path)
        except ProfileError:
            continue
        for name, value in loaded.weights.items():
            np.testing.assert_array_equal(value, saved.weights[name])


def test_what_the_other_archives_are_changed_from_is_a_profile(tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", **WHOLE)
    assert load_profile(tmp_path / "p.npz") == Profile("context", 32.0, 1, {})


@pytest.mark.parametrize(
    "content",
    [
        *({key: value for key, value in WHOLE.items() if key != missing} for missing in WHOLE),
        {**WHOLE, "format": np.array("dap_stream profile 99")},
        {**WHOLE, "window_ms": np.array("long")},
        {**WHOLE, "lookahead": np.array("far")},
        {**WHOLE, "weight:a": np.array("b")},
    ],
)
def test_other_archives_are_refused(tmp_path: Path, content: dict[str, Any]) -> None:
    path = tmp_path / "p.npz"
    np.savez(path, **content)
    with pytest.raises(ProfileError, match="profile"):
        load_profile(path)


def test_a_profile_of_an_earlier_format_says_what_to_do(tmp_path: Path) -> None:
    earlier = {**WHOLE, "format": np.array("dap_stream profile 1")}
    del earlier["lookahead"]
    np.savez(tmp_path / "p.npz", **earlier)
    with pytest.raises(ProfileError, match=r"profile 1 is not 'dap_stream profile 2'; learn a new one"):
        load_profile(tmp_path / "p.npz")


def test_not_there_or_not_a_file(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.npz", tmp_path):
        with pytest.raises(ProfileError, match="cannot read profile"):
            load_profile(path)
    np.save(tmp_path / "array.npy", np.zeros(3))
    with pytest.raises(ProfileError, match="not a dap_stream profile"):
        load_profile(tmp_path / "array.npy")


def test_saving_is_all_or_nothing(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.npz"
    save_profile(path, a_profile(rng))
    before = path.read_bytes()

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OutputError, match=r"cannot write profile .*No space left"):
        save_profile(path, a_profile(rng))
    assert [each.name for each in tmp_path.iterdir()] == ["p.npz"] and path.read_bytes() == before
    with pytest.raises(OutputError, match="there is no folder"):
        save_profile(tmp_path / "missing" / "p.npz", a_profile(rng))
