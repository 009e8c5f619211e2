"""Inpaint and superres, from recording to table: what is made, compared, chosen, resumed and refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from recordings import read, snapshot, sound, write

from dap_stream.apps.study import experiment
from dap_stream.apps.study.damage import Holes
from dap_stream.apps.study.excerpt import Excerpt
from dap_stream.apps.study.results import StudyResult
from dap_stream.apps.study.run import StudyStopped, run_study
from dap_stream.apps.study.settings import StudySettings
from dap_stream.apps.study.subject import Filling
from dap_stream.dsp.metrics import log_spectral_distance_db
from dap_stream.dsp.stft import StftSpec
from dap_stream.errors import InputError, OutputError, SettingError

RATE = 16000
INPAINT = StudySettings(iterations=30, window=6, device="cpu", task="inpaint", samples=(5, 10, 30))
SUPERRES = replace(INPAINT, task="superres")
BOTH = pytest.mark.parametrize("settings", [INPAINT, SUPERRES], ids=["inpaint", "superres"])
PARTS = ("filled_error_db", "made_error_db", "made_known_error_db")


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("a.wav"), sound(1.5))
    monkeypatch.setattr(
        experiment, "find_spec", lambda name: None if name == "matplotlib" else find_spec(name)
    )


def facts(result: StudyResult) -> object:
    return [replace(row, seconds=0.0) for row in result.rows], result.stops, result.trace


def sounds(folder: str) -> dict[str, bytes]:
    return {path.name: read(path).tobytes() for path in Path(folder).glob("*.wav")}


@BOTH
def test_sounds_figures_and_tables(settings: StudySettings) -> None:
    result = run_study("a.wav", "s", settings=settings)
    samples = [f"i{sample:05d}_{way}.wav" for sample in (5, 10, 30) for way in ("filled", "made")]
    assert set(snapshot(Path("s"))) == {
        *samples,
        *("damaged.wav", "reference.wav", "plain.wav", "stop_holdout.wav", "stop_variance.wav"),
        *("curve.csv", "stops.csv", "study.json", "resume.pt"),
    }
    np.testing.assert_array_equal(read(Path("s/reference.wav")), read(Path("a.wav")))
    with Path("s/curve.csv").open() as file:
        curve = list(csv.DictReader(file))
    assert [int(line["iteration"]) for line in curve] == [0, 5, 10, 30]
    errors = np.array([[float(line[name]) for name in PARTS] for line in curve])
    assert np.isfinite(errors).all() and (errors[1:] > 1.0).all()
    assert errors[0, 2] < 0.5 < errors[-1, 2] < errors[1, 2], (
        "outside: the plain fill leaves all, a fit comes nearer"
    )
    assert result.best_by == "error_db"
    filled = {row.iteration: row.score("filled", "error_db") for row in result.samples}
    assert filled[result.best] == min(filled.values())  # type: ignore[type-var, index]
    summary = json.loads(Path("s/study.json").read_text())
    assert summary["settings"]["task"] == settings.task
    for stop in summary["stops"]:
        assert stop["best_filled_error_db"] == min(filled.values())  # type: ignore[type-var]
        cost = stop["filled_error_db"] - stop["best_filled_error_db"]
        assert stop["cost_filled_error_db"] == pytest.approx(cost, abs=1e-9)


@pytest.mark.parametrize("generator", ["dcgan", "skip", "decoder"])
def test_known_samples_stay_bit_for_bit_and_holes_are_filled(generator: str) -> None:
    settings = replace(INPAINT, generator=generator, iterations=5, samples=(5,), holes=((0.5, 0.75),))
    run_study("a.wav", "s", settings=settings)
    whole = read(Path("a.wav"))[0]
    for name in ("damaged", "plain", "i00005_filled"):
        made = read(Path(f"s/{name}.wav"))[0]
        same = made == whole
        assert same[:8000].all() and same[12000:].all()
        assert np.std(made[8000:12000]) > 0.02 or name == "damaged"


@pytest.mark.parametrize("generator", ["dcgan", "skip", "decoder"])
def test_the_upper_band_is_made_and_the_lower_stays(generator: str) -> None:
    run_study("a.wav", "s", settings=replace(SUPERRES, generator=generator, iterations=5, samples=(5,)))
    damaged, made = (np.fft.rfft(read(Path(f"s/{name}.wav"))[0]) for name in ("damaged", "i00005_filled"))
    whole, frequencies = np.fft.rfft(read(Path("a.wav"))[0]), np.fft.rfftfreq(24000, 1.0 / RATE)
    low, high = frequencies < 3500.0, frequencies > 4000.0
    assert np.linalg.norm((made - damaged)[low]) < 0.02 * np.linalg.norm(damaged[low])
    assert np.linalg.norm(damaged[high]) < 1e-3 * np.linalg.norm(whole[high])
    assert np.linalg.norm(made[high]) > 0.2 * np.linalg.norm(whole[high])


@BOTH
def test_stopped_and_gone_on_as_if_never_stopped(settings: StudySettings) -> None:
    whole = run_study("a.wav", "whole", settings=settings)

    def stop(done: int, total: int) -> None:
        if done == 17:
            raise KeyboardInterrupt

    with pytest.raises(StudyStopped):
        run_study("a.wav", "parts", settings=settings, progress=stop)
    parts = run_study("a.wav", "parts", settings=settings)
    assert any("going on after 10 of 30" in note for note in parts.notes)
    assert facts(parts) == facts(whole) and sounds("parts") == sounds("whole")
    other = run_study("a.wav", "other", settings=replace(settings, seed=1))
    assert facts(other) != facts(whole)


def test_another_damage_is_another_study() -> None:
    quick = replace(INPAINT, iterations=1, samples=(1,))
    run_study("a.wav", "s", settings=quick)
    for other in (
        replace(quick, holes=((0.5, 0.75),)),
        replace(quick, task="superres"),
        replace(quick, task="denoise"),
    ):
        with pytest.raises(OutputError, match="holds a study of another recording, reference or setting"):
            run_study("a.wav", "s", settings=other)
    default = ((0.3, 0.45), (0.675, 0.825), (1.05, 1.2))
    again = run_study("a.wav", "s", settings=replace(quick, holes=default))
    assert not again.is_new and again.settings.holes == default, "the default, said"
    forced = run_study("a.wav", "s", settings=replace(quick, task="denoise"), force=True)
    assert forced.is_new and not list(Path("s").glob("*filled*")) and not Path("s/damaged.wav").exists()


def test_the_fit_knows_nothing_of_what_was_taken_away() -> None:
    """Another sound in the hole, or above the limit, and the same is made."""
    audio = sound(1.5)
    other = audio.copy()
    other[0, 8000:12000] = np.random.default_rng(5).standard_normal(4000) * 0.3
    high = np.fft.irfft(np.fft.rfft(audio) * (np.fft.rfftfreq(24000, 1.0 / RATE) < 4000.0))
    for name, sound_ in (("a", audio), ("b", other), ("c", high)):
        write(Path(f"{name}.wav"), sound_, subtype="DOUBLE")
    quick = replace(INPAINT, iterations=5, samples=(5,), holes=((0.5, 0.75),))
    one, two = (run_study(f"{name}.wav", name, settings=quick) for name in ("a", "b"))
    np.testing.assert_array_equal(read(Path("a/i00005_filled.wav")), read(Path("b/i00005_filled.wav")))
    assert one.rows[1].score("filled", "error_db") != two.rows[1].score("filled", "error_db")
    limited = replace(quick, task="superres", holes=None)
    for name in ("a", "c"):
        run_study(f"{name}.wav", f"{name}2", settings=limited)
    made, wanted = (read(Path(f"{name}2/i00005_filled.wav")) for name in ("a", "c"))
    # The files differ in their last digits only.
    assert np.linalg.norm(made - wanted) < 0.02 * np.linalg.norm(wanted)


def test_a_damaged_recording_is_compared_with_what_it_was() -> None:
    audio = sound(1.5)
    muted = audio.copy()
    muted[:, 8000:12000] = 0.0
    write(Path("muted.wav"), muted)
    quick = replace(INPAINT, iterations=1, samples=(1,), holes=((0.5, 0.75),))
    alone = run_study("muted.wav", "alone", settings=quick)
    assert any(
        "muted.wav: has nothing where sound is made, so that is not compared" in note for note in alone.notes
    )
    assert alone.best is None and alone.rows[1].score("filled", "error_db") is None
    assert alone.rows[1].score("made", "known_error_db") is not None
    compared = run_study("muted.wav", "compared", "a.wav", quick)
    whole = run_study("a.wav", "whole", settings=quick)
    assert not any("compared" in note for note in (*compared.notes, *whole.notes))
    assert compared.rows[1].scores == whole.rows[1].scores


@BOTH
def test_loud_sound_in_deep_silence_is_learned_as_loud_as_it_is(settings: StudySettings) -> None:
    """Its floor is so low that what stands out would be clipped: 100 dB, and 60 are kept."""
    audio = sound(1.5) * 1e-5
    audio[0, 2000:7000] = 0.5 * np.random.default_rng(1).standard_normal(5000)
    write(Path("b.wav"), audio, subtype="DOUBLE")
    result = run_study("b.wav", "s", settings=replace(settings, iterations=1, samples=(1,)))
    outside = result.rows[0].score("made", "known_error_db")
    assert outside is not None and outside < 3.0


def test_sound_in_the_hole_only_teaches_nothing() -> None:
    audio = sound(1.5)
    audio[0, :9000] = audio[0, 11000:] = 0.0
    write(Path("b.wav"), audio)
    with pytest.raises(
        InputError, match=r"b.wav: nothing to learn from: 0 s to 1.5 s is silent but for what is"
    ):
        run_study("b.wav", "s", settings=replace(INPAINT, holes=((0.5, 0.75),)))
    assert not Path("s").exists()


def test_the_error_is_a_log_spectral_distance() -> None:
    """A factor in the hole is so many decibels off; and it is the metric of the bench, nearly."""
    spec, audio = StftSpec(768), sound(1.5)[0].astype(np.float32)
    damage = Holes(spec, len(audio), [(8000, 16000)])
    excerpt = Excerpt.of_sound(damage.damaged(audio), RATE, is_known=damage.is_known)
    subject = Filling(excerpt, damage, audio, seed=0)
    louder = {"filled": audio * np.float32(2.0), "made": audio}
    image = np.zeros(excerpt.spectrum.shape, np.float32)
    assert subject.scores(image, louder)["filled"]["error_db"] == pytest.approx(
        20.0 * np.log10(2.0), abs=1e-3
    )
    assert subject.scores(image, {**louder, "filled": audio})["filled"]["error_db"] == pytest.approx(
        0.0, abs=1e-3
    )
    other = np.where(np.arange(len(audio)) // 8000 == 1, sound(1.5, seed=3)[0], audio).astype(np.float32)
    error = subject.scores(image, {**louder, "filled": other})["filled"]["error_db"]
    wanted = log_spectral_distance_db(other[8000:16000], audio[8000:16000], RATE)
    assert error == pytest.approx(wanted, abs=1.0)


def test_a_tone_goes_through_a_short_hole() -> None:
    """Made better than silence by far: what is held is seen on both sides of the hole."""
    tone = 0.2 * np.sin(2.0 * np.pi * 1000.0 * np.arange(24000) / RATE)
    write(Path("tone.wav"), tone[None] + 0.002 * sound(1.5, seed=2))
    settings = replace(INPAINT, iterations=200, samples=(200,), holes=((0.7, 0.76),))
    run_study("tone.wav", "s", settings=settings)
    hole = read(Path("s/i00200_filled.wav"))[0][11200:12160]
    spectrum = np.abs(np.fft.rfft(hole * np.hanning(len(hole)))) ** 2
    assert (
        spectrum[np.abs(np.fft.rfftfreq(len(hole), 1.0 / RATE) - 1000.0) < 50.0].sum() > 0.9 * spectrum.sum()
    )


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (
            {"task": "inpant"},
            "task='inpant' must be one of denoise, inpaint, superres; did you mean 'inpaint'",
        ),
        (
            {"task": "denoise", "holes": ((0.5, 0.7),)},
            "holes are for task=inpaint only, not for task=denoise",
        ),
        (
            {"task": "superres", "holes": ((0.5, 0.7),)},
            "holes are for task=inpaint only, not for task=superres",
        ),
        ({"limit_hz": 4000.0}, "limit_hz is for task=superres only, not for task=inpaint"),
        ({"holes": ()}, "must have at least one hole"),
        ({"holes": ((0.5, 0.5),)}, "hole 0.5-0.5 s must end at least 0.02 s after it begins"),
        ({"holes": ((0.7, 0.5),)}, "hole 0.7-0.5 s must end at least"),
        ({"holes": ((float("nan"), 0.5),)}, "hole nan-0.5 s must end at least"),
        ({"holes": ((0.5, 1.6),)}, "hole 0.5-1.6 s must lie in the excerpt, 0-1.5 s; choose another hole or"),
        ({"holes": ((9.0, 9.2),)}, "hole 9-9.2 s must lie in the excerpt"),
        ({"start_s": 0.5, "holes": ((0.4, 0.6),)}, "hole 0.4-0.6 s must lie in the excerpt, 0.5-1.5 s"),
        ({"holes": ((0.0, 0.5), (0.4, 1.0))}, "holes of 1 s must be at most 0.75 s, half of the excerpt"),
        (
            {"task": "superres", "limit_hz": 8000.0},
            "limit_hz=8000 must be at most 7200 Hz in a recording of 16000",
        ),
        ({"task": "superres", "limit_hz": 100.0}, "limit_hz=100 must be at least 500 Hz"),
        ({"task": "superres", "limit_hz": float("nan")}, "limit_hz=nan must be at least 500 Hz"),
    ],
)
def test_damages_that_cannot_be(values: dict[str, object], text: str) -> None:
    with pytest.raises(SettingError, match=text.replace("(", r"\(").replace(")", r"\)")):
        run_study("a.wav", "s", settings=replace(INPAINT, **values))  # type: ignore[arg-type]
    assert not Path("s").exists()


@pytest.mark.parametrize(
    "make",
    [
        lambda: sound(0.5, 8000),
        lambda: sound(0.5, 8000, channels=3),
        lambda: np.full((1, 8000), 0.25),
        lambda: np.concatenate((sound(0.5, 8000), np.zeros((1, 8000))), axis=1),
        lambda: 1e-6 * sound(1.0, 8000),
    ],
    ids=["short", "channels", "offset", "half silent", "quiet"],
)
@BOTH
def test_odd_recordings(
    settings: StudySettings, make: Callable[[], np.ndarray[tuple[int, int], np.dtype[np.float64]]]
) -> None:
    write(Path("b.wav"), make(), 8000, "DOUBLE")
    result = run_study("b.wav", "s", settings=replace(settings, iterations=2, samples=(2,)))
    assert result.settings.limit_hz in (None, 2000.0)
    for path in Path("s").glob("*.wav"):
        assert np.isfinite(read(path)).all()
    assert np.abs(read(Path("s/i00002_filled.wav"))).max() < 4.0
