"""An education from beginning to end, made small: the same for the same seed, in one go or in two."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import numpy as np
import pytest
from small_education import SHARE, SMALL, batches_here

from dap_stream.education import run
from dap_stream.education.run import EducationSettings, educate
from dap_stream.errors import SettingError
from dap_stream.models.band.educated import load_educated

SETTINGS = EducationSettings(seed=5, steps=3, share=SHARE, left_out=("espeak",))


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    for module, values in SMALL.items():
        for name, value in values.items():
            monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(run, "batches_from", batches_here)


def taught(folder, settings=SETTINGS, **others):
    educate(folder, settings, "cpu", 1, **others)
    return load_educated(folder)[0]


def assert_equal(weights, expected):
    assert list(weights) == list(expected)
    for name, value in weights.items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


def test_the_same_seed_teaches_the_same_and_another_something_else(tmp_path):
    first = taught(tmp_path / "a")
    assert_equal(taught(tmp_path / "b"), first)
    other = taught(tmp_path / "c", replace(SETTINGS, seed=6))
    assert any((other[name] != value).any() for name, value in first.items())


class StopError(Exception):
    """As Ctrl-C."""


def test_stopped_and_taken_up_it_teaches_what_it_teaches_in_one_go(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "CHECKPOINT_STEPS", 1)
    seen = []

    def stop(what, part):
        if what == "teaching":
            seen.append(part)
        if len(seen) == 2:  # told after the second step, when the first is saved
            raise StopError

    with pytest.raises(StopError):
        educate(tmp_path / "a", SETTINGS, "cpu", 1, stop)
    exam = (tmp_path / "a" / "exam.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in exam] == [1]
    parts = []
    again = taught(tmp_path / "a", progress=lambda what, part: parts.append((what, part)))
    assert [part for what, part in parts if what == "teaching"] == pytest.approx([2 / 3, 1.0])
    assert {what for what, _ in parts} == {"teaching"}, "sounds were made again"
    assert_equal(again, taught(tmp_path / "b"))


def test_what_is_finished_stays_as_it_is(tmp_path):
    first = taught(tmp_path)
    assert_equal(taught(tmp_path), first)


@pytest.mark.parametrize("change", [{"seed": 6}, {"share": 0.003}, {"left_out": ()}])
def test_a_folder_with_another_education_is_left_alone(tmp_path, change):
    (tmp_path / "education.json").write_text(
        '{"seed": 5, "steps": 3, "share": 0.002, "left_out": ["espeak"]}'
    )
    with pytest.raises(SettingError, match="holds an education with other settings; choose another folder"):
        educate(tmp_path, replace(SETTINGS, **change), "cpu", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["education.json"]


def test_an_education_can_be_lengthened_and_the_card_says_so(tmp_path):
    taught(tmp_path)
    card = educate(tmp_path, replace(SETTINGS, steps=4), "cpu", 1)
    assert (card["steps"], card["steps_done"], card["steps_planned"]) == (4, 4, [3, 4])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"left_out": ("typing", "typo")}, "left_out=typo is no kind of sound; known: .*typing"),
        ({"share": 0.0}, "share=0.0 must be in"),
        ({"share": 1.5}, "share=1.5 must be in"),
        ({"steps": 0}, "steps=0 at least 1"),
    ],
)
def test_settings_that_cannot_be_are_refused(change, message):
    with pytest.raises(SettingError, match=message):
        EducationSettings(**change)


def test_the_card_says_what_the_weights_were_made_from(tmp_path):
    card = educate(tmp_path, SETTINGS, "cpu", 1)
    saved = load_educated(tmp_path)[1]
    assert json.loads(json.dumps(card)).items() <= saved.items()
    assert saved["recordings"] == 0 and saved["seed"] == 5 and saved["steps_done"] == 3
    assert set(saved["made_from"]) == {"voices", "creatures", "instruments", "noises"}
    for group, makers in saved["made_from"].items():
        shape = np.load(tmp_path / "bank" / f"{group}.npy", mmap_mode="r").shape
        assert shape == (sum(makers.values()), 32_000)
    assert all(0.0 < value < 2.0 for value in saved["divergence_on_held_out_sounds"].values())


def test_the_card_says_how_long_it_took(tmp_path, monkeypatch):
    now = iter(range(0, 1_000_000, 10))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(now)))
    assert educate(tmp_path, SETTINGS, "cpu", 1)["seconds"] >= 10


def test_sounds_of_the_examination_are_others_than_those_of_the_lessons(tmp_path):
    taught(tmp_path)
    for group in ("voices", "creatures", "instruments", "noises"):
        ours, theirs = (np.load(tmp_path / name / f"{group}.npy") for name in ("bank", "held_out"))
        assert (ours != theirs).any(axis=1).all(), group
