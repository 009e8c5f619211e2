"""`dap-stream denoise` with what was taught beforehand: what is kept, how long it is fitted, shown noise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recordings import FAST, read, snapshot, sound, write

from dap_stream import load_profile
from dap_stream.cli.main import main
from dap_stream.core.profile import Profile
from dap_stream.dsp.bands import N_BANDS
from dap_stream.io.profile_file import save_profile
from dap_stream.models.band.layout import LOOKAHEADS, N_OUTPUTS
from dap_stream.models.band.predictor import BandPredictor
from dap_stream.processors.denoise import settings as settings_module

QUICK = ("--quality", "fast", "--steps", "3")


@pytest.fixture(autouse=True)
def _prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("a.wav"), sound(3.0))


def says_voice(monkeypatch: pytest.MonkeyPatch, probability: float) -> None:
    """The network hears a voice everywhere, or nowhere; of noise it is never sure."""

    def logits(self: BandPredictor, features: Any, state: Any) -> Any:
        out = np.zeros((len(features), len(LOOKAHEADS), N_OUTPUTS), np.float32)
        out[..., N_BANDS] = np.log(probability / (1.0 - probability))
        return out.reshape(len(features), -1)

    monkeypatch.setattr(BandPredictor, "logits", logits)


def denoise_json(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    assert main(["denoise", "a.wav", "--force", "--json", *options]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


# ---------------------------------------------------------------- what is kept


@pytest.mark.parametrize(
    ("probability", "options", "text"),
    [
        (0.9, (), "keeps voices (voice in 100 % of the time)"),
        (0.1, (), "keeps any sound (voice in 0 % of the time)"),
        (0.9, ("--keep", "any"), "keeps any sound"),
        (0.1, ("--keep", "voice"), "keeps voices"),
        (0.1, ("--preset", "podcast"), "keeps voices"),
        (0.9, ("--preset", "music"), "keeps any sound"),
        (0.9, ("--preset", "field", "--passes", "1"), "keeps any sound"),
        (0.9, ("--passes", "1"), "keeps voices (voice in 100 % of the time)"),
    ],
)
def test_what_was_kept_is_told_in_the_line_and_in_json(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    probability: float,
    options: tuple[str, ...],
    text: str,
) -> None:
    says_voice(monkeypatch, probability)
    assert main(["denoise", "a.wav", *QUICK, *options]) == 0
    line = capsys.readouterr().out
    assert f" pass; {text}; " in line or f" passes; {text}; " in line
    assert denoise_json(capsys, *QUICK, *options)["remarks"] == [text]


def test_what_is_kept_changes_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    for keep in ("voice", "any"):
        assert main(["denoise", "a.wav", "-o", f"{keep}.wav", "--keep", keep, *QUICK]) == 0
    assert np.abs(read(Path("voice.wav")) - read(Path("any.wav"))).max() > 1e-4


@pytest.mark.parametrize("generator", ["context", "classical"])
def test_other_generators_have_nothing_to_remark(capsys: pytest.CaptureFixture[str], generator: str) -> None:
    told = denoise_json(capsys, "--generator", generator, "--steps", "2")
    assert told["remarks"] == []
    assert main(["denoise", "a.wav", "--force", "--generator", generator, "--steps", "2"]) == 0
    assert "keeps" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("preset", "keep"), [("podcast", "voice"), ("field", "any"), ("music", "any"), ("gentle", "auto")]
)
def test_presets_say_what_is_kept(capsys: pytest.CaptureFixture[str], preset: str, keep: str) -> None:
    assert main(["denoise", "a.wav", "--dry-run", "--json", "--preset", preset]) == 0
    assert json.loads(capsys.readouterr().out)["settings"]["denoise"]["keep"] == keep
    other = "any" if keep == "voice" else "voice"
    assert main(["denoise", "a.wav", "--dry-run", "--json", "--preset", preset, "--keep", other]) == 0
    assert json.loads(capsys.readouterr().out)["settings"]["denoise"]["keep"] == other


# ---------------------------------------------------------------- how long is fitted


def test_how_much_is_fitted_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whether a fit is used is not asked here: that is for the recording to say."""
    monkeypatch.setattr(settings_module, "BAND_STEPS", {"fast": 0, "standard": 1, "best": 2})
    write(Path("a.wav"), sound(9.0))
    assert len(denoise_json(capsys, "--quality", "fast", "--steps", "24")["remarks"]) == 1
    for quality in ((), ("--quality", "best")):
        first, second = denoise_json(capsys, *quality, "--steps", "24")["remarks"]
        assert first.startswith("keeps ")
        assert second.startswith(("fitted to this recording (", "not fitted to this recording (no"))


def test_better_quality_takes_more_steps() -> None:
    steps = settings_module.BAND_STEPS
    assert 0 == steps["fast"] < steps["standard"] < steps["best"]
    chosen = settings_module.DenoiseSettings
    assert chosen(quality="best").band_steps == steps["best"]
    assert chosen(quality="best", steps=0).band_steps == 0
    assert chosen(quality="best", generator="context").band_steps == 0


# ---------------------------------------------------------------- noise that is shown


def test_shown_noise_changes_the_result_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    hiss = 0.3 * np.random.default_rng(1).standard_normal((1, 16_000))
    write(Path("hiss.wav"), hiss)
    write(Path("hiss48.flac"), 0.3 * np.random.default_rng(1).standard_normal((2, 48_000)), 48_000)
    results = []
    for i, options in enumerate(
        ((), ("--noise", "0:00-0:02.5"), ("--noise-file", "hiss.wav"), ("--noise-file", "hiss48.flac"))
    ):
        for passes in ("1", "2"):
            name = f"{i}_{passes}.wav"
            assert main(["denoise", "a.wav", "-o", name, "--passes", passes, *QUICK, *options]) == 0
            results.append(read(Path(name)))
        assert capsys.readouterr().err == ""
    for with_noise in results[2:]:
        assert with_noise.shape == results[0].shape
    for first in (0, 1):
        quieter = [result.std() for result in results[first::2]]
        assert quieter[2] < quieter[0] and quieter[3] < quieter[0]


def test_a_stretch_is_one_of_each_recording(capsys: pytest.CaptureFixture[str]) -> None:
    """One that is too short for it does not stop the others."""
    write(Path("b.wav"), sound(1.0))
    assert main(["denoise", "a.wav", "b.wav", "--noise", "0.5-2", *QUICK]) == 1
    err = capsys.readouterr().err
    assert "b.wav" in err and "the noise from 0.5 to 2 s is not in b.wav, which has 1.0 s" in err
    assert set(snapshot(Path())) == {"a.wav", "b.wav", "a_clean.wav"}


def test_a_pipe_may_be_shown_the_noise_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys

    from dap_stream.apps.files import job_ends

    write(Path("hiss.wav"), 0.3 * np.random.default_rng(1).standard_normal((1, 16_000)))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    for name, options in (("plain.wav", ()), ("shown.wav", ("--noise-file", "hiss.wav"))):
        monkeypatch.setattr(job_ends, "standard_input", lambda: io.BytesIO(Path("a.wav").read_bytes()))
        assert main(["denoise", "-", "-o", name, *QUICK, *options]) == 0
    assert read(Path("shown.wav")).std() < read(Path("plain.wav")).std()


def test_a_voice_in_it_is_warned_of_even_when_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    says_voice(monkeypatch, 0.9)
    assert main(["denoise", "a.wav", "-q", "--noise", "0-1", *QUICK]) == 0
    out = capsys.readouterr()
    assert out.out == "" and out.err.count("\n") == 1
    assert out.err.startswith(
        "dap-stream: warning: a.wav: the noise that is shown seems to hold a voice (100 %"
    )
    (note,) = denoise_json(capsys, "--noise", "0-1", *QUICK)["notes"]
    assert "seems to hold a voice" in note


BAD_NOISE = [
    ("a.wav --noise 0:00-0:02 --noise-file b.wav", 2, "--noise and --noise-file both show noise; keep one"),
    ("- -o b.wav --noise 0-1", 2, "--noise is a stretch of a file, and a pipe is heard only once"),
    ("a.wav --noise 0:02", 2, "--noise: '0:02' must look like 0:00-0:02.5"),
    ("a.wav --noise start-end", 2, "--noise: time 'start' must look like 90, 90.5, 1:30"),
    ("a.wav --noise 0:01-", 2, "--noise: time '' must look like"),
    ("a.wav --noise 0-1-2", 2, "--noise: time '1-2' must look like"),
    ("a.wav --noise 0:00-0:99", 2, "--noise: time '0:99' has minutes or seconds of 60 or more"),
    ("a.wav --noise 2-1", 2, "--noise 2-1 must end later than it starts"),
    ("a.wav --noise 1-1", 2, "--noise 1-1 must end later than it starts"),
    ("a.wav --noise 2-4", 2, "the noise from 2 to 4 s is not in a.wav, which has 3.0 s; choose a"),
    ("a.wav --noise 5-6", 2, "the noise from 5 to 6 s is not in a.wav"),
    ("a.wav --noise 0-0.05", 2, "the noise that is shown has 0.05 s and needs"),
    ("a.wav --noise-file missing.wav", 1, "missing.wav: no such file"),
    ("a.wav --noise-file text.wav", 1, "text.wav: not an audio file"),
    ("a.wav --noise-file silent.wav", 2, "the noise that is shown is silent"),
    ("a.wav --noise 0-1 --generator classical", 2, "of no use: nothing in the chain (denoise) learns it"),
    ("a.wav --noise 0-1 --chain gain", 2, "noise is of no use: nothing in the chain (gain) learns it"),
    ("a.wav --keep music", 2, "keep='music' must be one of auto, voice, any"),
    ("a.wav --keep voice --set keep=any", 2, "--keep voice and --set keep=any are the same setting"),
    ("a.wav --quality good", 2, "quality='good' must be one of fast, standard, best"),
]  # fmt: skip


@pytest.mark.parametrize(("argv", "status", "text"), BAD_NOISE, ids=[each[0] for each in BAD_NOISE])
def test_one_line_and_nothing_touched(
    argv: str, status: int, text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("text.wav").write_text("no sound")
    write(Path("silent.wav"), np.zeros((1, 16_000)))
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    before = snapshot(Path())
    assert main(["denoise", *argv.split()]) == status
    out = capsys.readouterr()
    assert out.out == "" and out.err.startswith("dap-stream: error: ") and out.err.count("\n") == 1
    assert text in out.err
    assert snapshot(Path()) == before


def test_noise_comes_to_the_denoiser_through_what_stands_before_it() -> None:
    """A gain makes the shown noise louder as it makes that in the recording, whatever its channels."""
    write(Path("two.wav"), sound(2.0, channels=2) * 0.1)
    hiss = 0.005 * np.random.default_rng(1).standard_normal((1, 16_000))
    write(Path("mono.wav"), hiss, subtype="FLOAT")
    write(Path("stereo.wav"), np.concatenate((hiss, hiss)), subtype="FLOAT")
    for name in ("mono", "stereo"):
        argv = [
            "denoise",
            "two.wav",
            "-o",
            f"by_{name}.wav",
            "--chain",
            "gain,denoise",
            "--set",
            "gain_db=20",
        ]
        assert main([*argv, "--noise-file", f"{name}.wav", *QUICK]) == 0
    np.testing.assert_allclose(read(Path("by_mono.wav")), read(Path("by_stereo.wav")), atol=1e-4)


# ---------------------------------------------------------------- profiles


def test_a_profile_keeps_both_networks(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("b.wav"), sound(2.0, seed=1))
    assert main(["denoise", "a.wav", *QUICK, "--save-profile", "p.npz"]) == 0
    profile = load_profile("p.npz")
    assert profile.generator == "band"
    of_bands = {name for name in profile.weights if name.startswith("band.")}
    assert "band.last.weight" in of_bands and set(profile.weights) - of_bands
    options = ["--profile", "p.npz", "--steps", "0"]
    assert main(["denoise", "b.wav", "-o", "kept.wav", *options]) == 0
    changed = {name: value * 1.5 if name in of_bands else value for name, value in profile.weights.items()}
    save_profile("p.npz", Profile(profile.generator, profile.window_ms, profile.lookahead, changed))
    assert main(["denoise", "b.wav", "-o", "other.wav", *options]) == 0
    assert np.abs(read(Path("kept.wav")) - read(Path("other.wav"))).max() > 1e-4, "they are used"


@pytest.mark.parametrize("damage", ["missing", "shape", "nan", "none"])
def test_a_profile_with_weights_of_another_band_network_is_refused(
    damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["denoise", "a.wav", *QUICK, "--save-profile", "p.npz"]) == 0
    profile = load_profile("p.npz")
    weights = dict(profile.weights)
    if damage == "none":
        weights = {name: value for name, value in weights.items() if not name.startswith("band.")}
    elif damage == "missing":
        del weights["band.last.bias"]
    elif damage == "shape":
        weights["band.last.bias"] = weights["band.last.bias"][:-1]
    else:
        weights["band.last.bias"] = weights["band.last.bias"] * np.nan
    save_profile("p.npz", Profile("band", profile.window_ms, profile.lookahead, weights))
    capsys.readouterr()
    assert main(["denoise", "a.wav", "-o", "b.wav", *QUICK, "--profile", "p.npz"]) == 1
    err = capsys.readouterr().err
    assert "the learned weights do not fit the band network; learn a new profile" in err
    assert err.count("\n") == 1 and not Path("b.wav").exists()


def test_a_profile_of_context_is_none_for_band_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["denoise", "a.wav", *QUICK, "--generator", "context", "--save-profile", "p.npz"]) == 0
    capsys.readouterr()
    assert main(["denoise", "a.wav", "-o", "b.wav", *QUICK, "--profile", "p.npz"]) == 1
    err = capsys.readouterr().err
    assert "the profile is for generator=context, the settings say generator=band; use the same" in err


def test_fast_options_are_as_fast_as_they_say(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a network nothing of this takes part."""
    assert denoise_json(capsys, *FAST)["remarks"] == []
