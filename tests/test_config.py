from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from dap_stream import config
from dap_stream.errors import SettingError
from dap_stream.settings import Settings


def test_the_four_presets_are_there_and_differ_from_the_defaults() -> None:
    assert config.preset_names() == ("field", "gentle", "music", "podcast")
    made = [config.make_settings(name) for name in config.preset_names()]
    assert len({*made, Settings()}) == 5


def test_every_value_of_a_preset_has_its_unit_and_reason() -> None:
    for name in config.preset_names():
        text = config.preset_text(name)
        assert text.startswith("# "), f"{name}: the first line says what it is for"
        for line in text.splitlines():
            key = re.match(r"(\w+) = ", line)
            if key is None:
                continue
            unit = next(item.metadata["unit"] for item in fields(Settings) if item.name == key[1])
            assert re.search(rf"  # {unit}\. \w+", line), f"{name}: {line}"


def test_a_preset_says_only_what_differs() -> None:
    for name in config.preset_names():
        for key, value in config.read_preset(name).items():
            assert value != getattr(Settings(), key), f"{name}: {key} is the default"


def test_no_preset_is_the_defaults() -> None:
    assert config.make_settings() == Settings()


def test_preset_of_ones_own_and_values_over_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('reduction_db = 12\nlinked = false\ngenerator = "classical"\n')
    made = config.make_settings(str(path), {"reduction_db": "15.5", "steps": "30"})
    assert made == Settings(reduction_db=15.5, linked=False, generator="classical", steps=30)
    assert isinstance(config.make_settings(str(path)).reduction_db, float), "12 stands for 12.0"


def test_a_file_in_the_current_folder_needs_no_slash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text("wet = 0.5")
    Path("mine").write_text("wet = 0.25")
    assert config.make_settings("mine.toml").wet == 0.5
    assert config.make_settings("mine").wet == 0.25
    Path("music").write_text("wet = 0.25")
    assert config.make_settings("music").wet == 1.0, "the names that we give come first"


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("wet", "1", 1.0),
        ("wet", "1e-1", 0.1),
        ("steps", "12", 12),
        ("steps", "none", None),
        ("passes", "1", 1),
        ("linked", "No", False),
        ("linked", "true", True),
        ("device", "cpu", "cpu"),
    ],
)
def test_texts_become_the_type_of_the_field(key: str, text: str, value: object) -> None:
    made = config.make_settings(None, {key: text})
    assert made == replace(Settings(), **{key: value})  # type: ignore[arg-type]
    assert type(getattr(made, key)) is type(value)


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("reductoin_db", "3", "unknown key 'reductoin_db'; did you mean 'reduction_db'"),
        ("reduction", "3", "did you mean 'reduction_db'"),
        ("zzz", "3", "unknown key 'zzz'; known: generator, passes"),
        ("wet", "half", "wet='half' must be a number"),
        ("steps", "1.5", "steps='1.5' must be a whole number"),
        ("passes", "", "passes='' must be a whole number"),
        ("linked", "2", "linked='2' must be true or false"),
        ("wet", "none", "wet='none' must be a number"),
        ("wet", "2", r"wet=2.0 must be a number in 0\.\.1"),
        ("device", "gpu", "device='gpu' must be one of auto, cpu, cuda"),
    ],
)
def test_wrong_keys_and_values(key: str, text: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        config.make_settings(None, {key: text})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"wet = ", "is not TOML"),
        (b"\xff\xfe", "is not a text file"),
        (b"wett = 1", "did you mean 'wet'"),
        (b"[method]\nwet = 1", "unknown key 'method'"),
        (b"wet = [1]", "must be a number"),
        (b'wet = "much"', "wet='much' must be a number"),
        (b"steps = 1.5", "must be a whole number"),
        (b"passes = true", "must be one of 1, 2"),
    ],
)
def test_broken_preset_files(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(SettingError, match=message) as caught:
        config.make_settings(str(path))
    assert "\n" not in str(caught.value)


def test_unknown_presets(tmp_path: Path) -> None:
    with pytest.raises(
        SettingError, match=r"preset 'podcats' does not exist; did you mean 'podcast'\?.*known: field"
    ):
        config.make_settings("podcats")
    with pytest.raises(SettingError, match="cannot be read"):
        config.make_settings(str(tmp_path / "missing.toml"))
    with pytest.raises(SettingError, match="cannot be read"):
        config.make_settings(f"{tmp_path}/")


def test_assignments() -> None:
    assert config.parse_assignments([" wet = 0.5 "]) == {"wet": "0.5"}
    with pytest.raises(SettingError, match="'wet' must look like key=value"):
        config.parse_assignments(["wet"])
    with pytest.raises(SettingError, match="wet is given twice"):
        config.parse_assignments(["wet=1", "wet=2"])
