"""Profiles from strangers: looked at before they are read, and never larger in memory than on a label."""

from __future__ import annotations

import io
import os
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dap_stream import load_profile
from dap_stream.errors import ProfileError

NOT_OURS = "not a dap_stream profile, or damaged"
FACTS: dict[str, Any] = {
    "format": np.array("dap_stream profile 2"),
    "generator": np.array("context"),
    "window_ms": np.array(48.0),
    "lookahead": np.array(1),
}


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def archive(path: Path, members: list[tuple[str, bytes]], kind: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", kind) as file:
        for name, data in members:
            file.writestr(name, data)
    return path


def facts(**others: Any) -> list[tuple[str, bytes]]:
    return [(f"{name}.npy", npy(value)) for name, value in {**FACTS, **others}.items()]


def refused(path: Path, text: str = NOT_OURS) -> None:
    with pytest.raises(ProfileError, match=text):
        load_profile(path)


def test_a_whole_one_is_taken(tmp_path: Path) -> None:
    weights = np.arange(6, dtype=np.float32).reshape(2, 3)
    for order in (weights, np.asfortranarray(weights), weights.astype(">f4")):
        path = archive(tmp_path / "p.npz", [*facts(), ("weight:a.npy", npy(order))])
        np.testing.assert_array_equal(load_profile(path).weights["a"], weights)
        assert load_profile(path).weights["a"].dtype == np.float32


@pytest.mark.parametrize(
    "weights",
    [
        np.zeros(3, np.complex64),
        np.zeros(3, "M8[s]"),
        np.zeros(3, [("a", "f4")]),
        np.zeros(3, np.float64),
        np.zeros(3, np.int32),
        np.zeros(3, bool),
        np.array(["a"]),
        np.array([{}], object),
        np.zeros((1,) * 9, np.float32),
    ],
    ids=lambda weights: str(weights.dtype),
)
def test_weights_are_float32_and_nothing_else(weights: Any, tmp_path: Path) -> None:
    refused(archive(tmp_path / "p.npz", [*facts(), ("weight:a.npy", npy(weights))]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"window_ms": np.array("48")},
        {"window_ms": np.zeros(2)},
        {"window_ms": np.array(48 + 0j)},
        {"lookahead": np.array(1.5)},
        {"lookahead": np.array("2020-01-01", "M8[D]")},
        {"generator": np.array(b"context")},
        {"generator": np.array("x" * 1000)},
        {"format": np.array(["dap_stream profile 2"])},
        {"extra": np.array(1)},
    ],
    ids=str,
)
def test_what_is_told_has_its_type_and_shape(wrong: dict[str, Any], tmp_path: Path) -> None:
    refused(archive(tmp_path / "p.npz", facts(**wrong)))


def test_little_that_becomes_much(tmp_path: Path) -> None:
    header = npy(np.zeros(0, np.float32)).replace(b"(0,), }", b"(700000000,), }")
    claims = header[:128] + bytes(1000)
    zeros = npy(np.zeros(50_000_000, np.float32))
    paths = [
        archive(tmp_path / "bomb.npz", [*facts(), ("weight:a.npy", zeros)]),
        archive(tmp_path / "claims.npz", [*facts(), ("weight:a.npy", claims)]),
        archive(
            tmp_path / "many.npz",
            [*facts(), *((f"weight:{i}.npy", npy(np.zeros(1, "f4"))) for i in range(2000))],
        ),
    ]
    tracemalloc.start()
    try:
        for path in paths:
            refused(path)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


def test_members_come_once_and_in_the_usual_packings(tmp_path: Path) -> None:
    weight = ("weight:a.npy", npy(np.zeros(1, np.float32)))
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = archive(tmp_path / "p.npz", [*facts(), weight, weight])
    refused(twice)
    refused(archive(tmp_path / "q.npz", [*facts(), weight], zipfile.ZIP_LZMA))
    refused(archive(tmp_path / "r.npz", [*facts(), ("../weight:a.npy", weight[1])]))


def test_a_wrong_size_in_the_directory(tmp_path: Path) -> None:
    path = archive(tmp_path / "p.npz", [*facts(), ("weight:a.npy", npy(np.zeros(5000, np.float32)))])
    data = path.read_bytes()
    size = (20128).to_bytes(4, "little")
    assert data.count(size) == 2
    for wrong in (0, 128, 1000, 2**31):
        path.write_bytes(data.replace(size, wrong.to_bytes(4, "little")))
        refused(path)


def test_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p.npz")
    refused(tmp_path / "p.npz", "is no regular file; check the path")
    refused(Path("/dev/zero"), "is no regular file; check the path")
    refused(tmp_path, "is a folder; check the path")


def test_random_damage_never_escapes(tmp_path: Path, rng: np.random.Generator) -> None:
    path = archive(
        tmp_path / "p.npz", [*facts(), ("weight:a.npy", npy(rng.standard_normal(20).astype("f4")))]
    )
    data = np.frombuffer(path.read_bytes(), np.uint8)
    for _ in range(500):
        broken = data.copy()
        places = rng.integers(0, len(data), 3)
        broken[places] = rng.integers(0, 256, 3)
        path.write_bytes(broken.tobytes()[: int(rng.integers(len(data) // 2, len(data) + 1))])
        try:
            assert load_profile(path).weights["a"].shape == (20,)
        except ProfileError:
            continue
        except KeyError:
            assert set(load_profile(path).weights) != {"a"}, "a name was hit, which nothing protects"
