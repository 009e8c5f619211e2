"""The bank: each sound made once, the same whatever else is made, and read from its file."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from small_education import SMALL

from dap_stream.education.bank import Shelf, make_shelf
from dap_stream.education.kinds import GROUPS


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    for module, values in SMALL.items():
        for name, value in values.items():
            monkeypatch.setattr(module, name, value)


def make(folder, share=0.01, seed=1, told=None):
    said = told if told is not None else []
    return make_shelf(folder, "instruments", seed, share, 1, lambda what, part: said.append((what, part)))


def test_sounds_are_made_once(tmp_path):
    told: list[tuple[str, float]] = []
    shelf = make(tmp_path, told=told)
    assert shelf.pieces.shape == (len(shelf.makers), 32_000) and shelf.pieces.dtype == np.int16
    assert told[-1] == ("making instruments", 1.0) and len(told) == len(shelf.makers)
    before = shelf.path.stat().st_mtime_ns
    again = make(tmp_path, told=told)
    assert len(told) == len(shelf.makers) and again.path.stat().st_mtime_ns == before
    assert [path.name for path in tmp_path.iterdir()] == ["instruments.npy"]


def test_what_was_stopped_is_made_again(tmp_path):
    def stop(what, part):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_shelf(tmp_path / "a", "instruments", 1, 0.01, 1, stop)
    np.testing.assert_array_equal(make(tmp_path / "a").pieces, make(tmp_path / "b").pieces)


def test_a_sound_depends_on_its_maker_number_and_seed_alone():
    group = GROUPS["instruments"]
    first = group.make("bell", 3, 1)
    np.testing.assert_array_equal(group.make("bell", 3, 1), first)
    for other in (("bell", 4, 1), ("bell", 3, 2), ("piano", 3, 1)):
        assert (group.make(*other) != first).any()


def test_more_of_them_has_the_same_ones(tmp_path):
    few, many = make(tmp_path / "few", 0.01), make(tmp_path / "many", 0.02)
    np.testing.assert_array_equal(few.pieces, many.pieces[::2][: len(few.pieces)])


@pytest.mark.parametrize("name", GROUPS)
def test_every_maker_is_in_the_plan(name):
    plan = GROUPS[name].plan()
    assert {maker for maker, _ in plan} == set(GROUPS[name].makers)
    assert len(set(plan)) == len(plan)
    assert len(plan) == pytest.approx(GROUPS[name].n_pieces, rel=0.05)


def made_up_shelf(folder):
    """Three pieces of constant sound, at 1, 2 and 3 hundredths."""
    pieces = np.repeat(np.round(np.array([[0.01], [0.02], [0.03]]) * 32767.0), 100, axis=1).astype(np.int16)
    np.save(folder / "x.npy", pieces)
    return Shelf(("one", "two", "three"), folder / "x.npy")


def test_an_excerpt_is_a_stretch_of_one_piece_and_goes_on_with_others(tmp_path, rng):
    shelf = made_up_shelf(tmp_path)
    for _ in range(20):
        short = shelf.excerpt(rng, 40)
        assert short.shape == (40,) and short.dtype == np.float32 and np.ptp(short) == 0.0
    long = shelf.excerpt(rng, 350)
    assert long.shape == (350,) and (np.abs(np.diff(long)) > 0.0).sum() <= 3


def test_what_is_left_out_is_never_heard(tmp_path, rng):
    shelf = made_up_shelf(tmp_path)
    heard = shelf.excerpt(rng, 5_000, frozenset({"two"}))
    np.testing.assert_array_equal(np.unique(np.round(heard, 2)), np.array([0.01, 0.03], np.float32))


def test_to_another_process_goes_the_name_and_not_the_sound(tmp_path):
    shelf = made_up_shelf(tmp_path)
    assert shelf.pieces.any()
    data = pickle.dumps(shelf)
    assert len(data) < 500
    np.testing.assert_array_equal(pickle.loads(data).pieces, shelf.pieces)
