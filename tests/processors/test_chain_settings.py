"""Presets, single values and chains: from texts to the settings of each processor."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from dap_stream.core import presets
from dap_stream.errors import SettingError
from dap_stream.processors.chain_settings import ChainSettings, chain_of, make_chain_settings
from dap_stream.processors.denoise.settings import DenoiseSettings
from dap_stream.processors.gain.settings import GainSettings
from dap_stream.processors.registry import PROCESSORS
from dap_stream.processors.repairs import repairers


def denoise_settings(preset: str | None = None, values: dict[str, object] | None = None) -> DenoiseSettings:
    found = make_chain_settings(preset, values).get("denoise")
    assert isinstance(found, DenoiseSettings)
    return found


def test_the_four_presets_are_there_and_differ_from_the_defaults() -> None:
    assert presets.preset_names() == ("field", "gentle", "music", "podcast")
    made = [denoise_settings(name) for name in presets.preset_names()]
    assert len({*made, DenoiseSettings()}) == 5


def test_every_value_of_a_preset_has_its_unit_and_reason() -> None:
    for name in presets.preset_names():
        text = presets.preset_text(name)
        assert text.startswith("# "), f"{name}: the first line says what it is for"
        owner = "denoise"
        for line in text.splitlines():
            table = re.fullmatch(r"\[(\w+)\]", line)
            owner = owner if table is None else table[1]
            key = re.match(r"(\w+) = ", line)
            if key is None:
                continue
            items = {item.name: item for item in fields(PROCESSORS[owner].settings)}
            unit = items[key[1]].metadata["unit"]
            unit_and_reason = rf"  # {unit}\. \w+" if unit else r"  # [A-Z]\w* \w+"
            assert re.search(unit_and_reason, line), f"{name}: {line}"


def test_a_preset_says_only_what_differs() -> None:
    for name in presets.preset_names():
        for key, value in presets.read_preset(name).items():
            values = value if isinstance(value, dict) else {key: value}
            defaults = PROCESSORS[key].settings() if isinstance(value, dict) else DenoiseSettings()
            for each, chosen in values.items():
                assert chosen != getattr(defaults, each), f"{name}: {each} is the default"


def test_no_preset_is_the_defaults() -> None:
    assert denoise_settings() == DenoiseSettings()


def test_preset_of_ones_own_and_values_over_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('reduction_db = 12\nlinked = false\ngenerator = "classical"\n')
    made = denoise_settings(str(path), {"reduction_db": "15.5", "steps": "30"})
    assert made == DenoiseSettings(reduction_db=15.5, linked=False, generator="classical", steps=30)
    assert isinstance(denoise_settings(str(path)).reduction_db, float), "12 stands for 12.0"


def test_a_file_in_the_current_folder_needs_no_slash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text("wet = 0.5")
    Path("mine").write_text("wet = 0.25")
    assert denoise_settings("mine.toml").wet == 0.5
    assert denoise_settings("mine").wet == 0.25
    Path("music").write_text("wet = 0.25")
    assert denoise_settings("music").wet == 1.0, "the names that we give come first"


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
    made = denoise_settings(None, {key: text})
    assert made == replace(DenoiseSettings(), **{key: value})  # type: ignore[arg-type]
    assert type(getattr(made, key)) is type(value)


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("reductoin_db", "3", "unknown key 'reductoin_db'; did you mean 'reduction_db'"),
        ("reduction", "3", "did you mean 'reduction_db'"),
        ("zzz", "3", "unknown key 'zzz'; known: generator, keep, quality, passes"),
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
        denoise_settings(None, {key: text})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"wet = ", "is not TOML"),
        (b"\xff\xfe", "is not a text file"),
        (b"wett = 1", "did you mean 'wet'"),
        (b"[method]\nwet = 1", "no processor 'method'; known: denoise, gain"),
        (b"[denoise]\nwett = 1", "unknown key 'wett'; did you mean 'wet'"),
        (b"[gain]\ngain = 1", "unknown key 'gain'; did you mean 'gain_db'"),
        (b"[gain]\ngain_db = 100", "gain_db=100.0 must be a number in -60..60 dB"),
        (b"gain_db = 100", "gain_db=100.0 must be a number in -60..60 dB"),
        (b"gain_dB = 1", "unknown key 'gain_dB'; did you mean 'gain_db'"),
        (b"chain = 3", "chain=3 must be a list of processors: denoise, gain"),
        (b'chain = ["gian"]', "no processor 'gian'; did you mean 'gain'"),
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
        denoise_settings(str(path))
    assert "\n" not in str(caught.value)


def test_unknown_presets(tmp_path: Path) -> None:
    with pytest.raises(
        SettingError, match=r"preset 'podcats' does not exist; did you mean 'podcast'\?.*known: field"
    ):
        denoise_settings("podcats")
    with pytest.raises(SettingError, match="cannot be read"):
        denoise_settings(str(tmp_path / "missing.toml"))
    with pytest.raises(SettingError, match="cannot be read"):
        denoise_settings(f"{tmp_path}/")


def test_a_chain_has_its_processors_in_order_and_each_key_finds_its_own(tmp_path: Path) -> None:
    path = tmp_path / "loud.toml"
    path.write_text('chain = ["gain", "denoise"]\nreduction_db = 12\n[gain]\ngain_db = 3\n')
    made = make_chain_settings(str(path))
    assert made == chain_of(gain=GainSettings(3.0), denoise=DenoiseSettings(reduction_db=12.0))
    assert make_chain_settings(str(path), {"gain_db": "6", "denoise.wet": "0.5"}) == chain_of(
        gain=GainSettings(6.0), denoise=DenoiseSettings(reduction_db=12.0, wet=0.5)
    )
    assert make_chain_settings(None, None, ["gain"]).names == ("gain",)
    assert made.as_dict()["gain"] == {"gain_db": 3.0}


@pytest.mark.parametrize(
    ("values", "names", "message"),
    [
        ({"gain_db": "1"}, None, r"gain_db is a setting of gain, which is not in the chain \(denoise\)"),
        ({"gain.gain_db": "1"}, None, "gain is not in the chain"),
        ({"denoize.wet": "1"}, None, "no processor 'denoize'; did you mean 'denoise'"),
        ({"wet": "1", "denoise.wet": "0"}, None, "wet and denoise.wet are the same setting"),
        ({}, ["denoise", "denoise"], "denoise is twice in the chain"),
        ({}, ["dereverb"], "no processor 'dereverb'"),
        ({}, [], "at least one processor"),
    ],
)
def test_chains_that_cannot_be(values: dict[str, object], names: list[str] | None, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        make_chain_settings(None, values, names)


def test_a_preset_may_speak_of_processors_that_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("gain_db = 3\nreduction_db = 12\n[declick]\nsensitivity = 2\n")
    assert make_chain_settings(str(path)) == chain_of(denoise=DenoiseSettings(reduction_db=12.0))
    assert make_chain_settings(str(path), names=["gain"]) == chain_of(gain=GainSettings(3.0))
    assert make_chain_settings(str(path), repairs=["clicks"]).as_dict()["declick"]["sensitivity"] == 2.0


@pytest.mark.parametrize(
    ("names", "kinds", "expected"),
    [
        (["denoise"], ["hum", "clicks"], ["declick", "dehum", "denoise"]),
        (["gain", "denoise"], ["clipping"], ["declip", "gain", "denoise"]),
        (["denoise", "gain"], ["bandwidth", "gaps"], ["inpaint", "denoise", "bandwidth", "gain"]),
        (["gain"], ["bandwidth", "hum"], ["dehum", "bandwidth", "gain"]),
    ],
)
def test_repairs_have_their_places(names: list[str], kinds: list[str], expected: list[str]) -> None:
    assert list(make_chain_settings(names=names, repairs=kinds).names) == expected


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        (
            ["clix"],
            "no repair of 'clix'; did you mean 'clicks'?; known: clipping, gaps, clicks, hum, bandwidth",
        ),
        (["hum", "hum"], "repair of hum is asked for twice"),
        (["clicks"], "clicks is repaired in the chain already, by declick"),
    ],
)
def test_repairs_that_cannot_be(kinds: list[str], message: str) -> None:
    with pytest.raises(SettingError, match=re.escape(message)):
        make_chain_settings(names=["declick", "denoise"], repairs=kinds)
    with pytest.raises(SettingError, match="nothing is to be repaired"):
        repairers([])


def test_settings_of_another_processor_are_refused() -> None:
    with pytest.raises(SettingError, match="gain takes GainSettings"):
        ChainSettings((("gain", DenoiseSettings()),))


def test_every_entry_says_what_it_is_and_runs_somewhere() -> None:
    for name, entry in PROCESSORS.items():
        assert entry.name == name and entry.summary and (entry.make or entry.make_live)
        assert fields(entry.settings), f"{name} has nothing to choose"
