"""The education of the `highs` network: what is true above a limit, and a small education by command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from small_education import SMALL

from dap_stream.cli.main import main
from dap_stream.education import highs
from dap_stream.education.highs import HighsSettings, Lessons, examine, teach
from dap_stream.errors import SettingError
from dap_stream.models.highs.features import N_ABOVE, N_FEATURES
from dap_stream.models.highs.predictor import FORMAT
from dap_stream.models.weight_files import CARD_NAME, WeightFiles


def made_up(rng: np.random.Generator, n_frames: int = 4000) -> Lessons:
    """Levels that are a plain function of two features."""
    features = rng.standard_normal((n_frames, N_FEATURES)).astype(np.float32)
    levels = np.repeat(2.0 * features[:, :1] - np.abs(features[:, 1:2]) - 3.0, N_ABOVE, axis=1)
    weight = np.ones_like(levels)
    weight[:, -1] = 0.0
    levels[:, -1] = 1e3  # not known: must not be learned
    return Lessons(features, levels.astype(np.float32), weight)


def test_levels_are_learned_and_what_is_not_known_is_not(rng: np.random.Generator) -> None:
    weights = teach(made_up(rng), 1, 600, lambda part: None)
    exam = examine(weights, made_up(rng, 500))
    assert exam["error_db"] < 3.0 and abs(exam["mean_db"]) < 1.0


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, values in SMALL.items():
        for name, value in values.items():
            monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(highs, "PIECE_S", 1.0)
    monkeypatch.setattr(HighsSettings.__init__, "__defaults__", (11, 6000, 0.12, 20))


@pytest.mark.usefixtures("small")
def test_a_small_education_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "highs"
    assert main(["educate", "-o", str(out), "--network", "highs", "--steps", "3", "--share", "0.002"]) == 0
    assert "on sounds kept apart the level is" in capsys.readouterr().out
    weights, card = WeightFiles(out, FORMAT).load()
    assert card == json.loads((out / CARD_NAME).read_text()) and card["steps"] == 3 and card["pieces"] == 20
    assert weights["last.weight"].shape[0] == N_ABOVE


def test_what_cannot_be_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SettingError, match=r"share=2.0 must be in 0..1"):
        HighsSettings(share=2.0)
    assert main(["educate", "-o", str(tmp_path), "--network", "highs", "--without", "typing"]) != 0
    assert "--without is for --network band" in capsys.readouterr().err
