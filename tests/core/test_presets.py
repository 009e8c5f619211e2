from __future__ import annotations

import pytest

from dap_stream.core import presets
from dap_stream.errors import SettingError


def test_the_four_presets_are_there() -> None:
    assert presets.preset_names() == ("field", "gentle", "music", "podcast")
    for name in presets.preset_names():
        assert presets.read_preset(name) and presets.preset_text(name)


def test_assignments() -> None:
    assert presets.parse_assignments([" wet = 0.5 "]) == {"wet": "0.5"}
    with pytest.raises(SettingError, match="'wet' must look like key=value"):
        presets.parse_assignments(["wet"])
    with pytest.raises(SettingError, match="wet is given twice"):
        presets.parse_assignments(["wet=1", "wet=2"])
