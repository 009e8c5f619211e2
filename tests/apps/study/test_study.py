"""The study: what it keeps, that it goes on as if it had never been stopped, and what it refuses."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from recordings import read, snapshot, sound, write

from dap_stream.apps.study import experiment, output_folder
from dap_stream.apps.study.checkpoint import load_checkpoint, save_checkpoint
from dap_stream.apps.study.excerpt import Excerpt, read_excerpt
from dap_stream.apps.study.fit import Fit
from dap_stream.apps.study.results import Row, Stop, StudyResult
from dap_stream.apps.study.run import StudyStopped, run_study
from dap_stream.apps.study.settings import StudySettings, default_samples
from dap_stream.core.array_types import F32
from dap_stream.dsp import metrics
from dap_stream.dsp.features import TINY
from dap_stream.errors import InputError, OutputError, SettingError

RATE = 16000
SETTINGS = StudySettings(iterations=30, window=6, device="cpu")
SAMPLES = (1, 2, 5, 10, 20, 30)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("a.wav"), sound(1.5))
    monkeypatch.setattr(
        experiment, "find_spec", lambda name: None if name == "matplotlib" else find_spec(name)
    )


def stop_at(iteration: int) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        if done == iteration:
            raise KeyboardInterrupt

    return progress


def facts(result: StudyResult) -> tuple[list[Row], tuple[Stop, ...], object]:
    """All that must be the same in every run."""
    return [replace(row, seconds=0.0) for row in result.rows], result.stops, result.trace


def sounds(folder: str) -> dict[str, bytes]:
    """The samples alone: WAVs of floats say when they were written."""
    return {path.name: read(path).tobytes() for path in Path(folder).glob("*.wav")}


def excerpt() -> Excerpt:
    return Excerpt.of_sound(sound(1.5)[0].astype(np.float32), RATE)


def test_samples_stops_and_tables() -> None:
    progress: list[tuple[int, int]] = []
    result = run_study("a.wav", "s", settings=SETTINGS, progress=lambda *now: progress.append(now))
    assert progress == [(done, 30) for done in range(30)]
    assert [row.iteration for row in result.rows] == [0, *SAMPLES]
    assert result.is_complete and result.is_new and result.best is None
    losses = [row.train_loss for row in result.samples]
    assert None not in losses and losses[-1] < losses[0]  # type: ignore[operator]
    assert [row.moving_variance is None for row in result.samples] == [True, True, True, False, False, False]
    assert [stop.rule for stop in result.stops] == ["holdout", "variance", "last"]
    assert set(snapshot(Path("s"))) == {
        *(f"i{sample:05d}_{way}.wav" for sample in SAMPLES for way in ("gain", "magnitude")),
        *("noisy.wav", "stop_holdout.wav", "stop_variance.wav"),
        *("curve.csv", "stops.csv", "study.json", "resume.pt"),
    }
    assert all(read(path).shape == (1, 24000) for path in Path("s").glob("*.wav"))
    np.testing.assert_array_equal(read(Path("s/noisy.wav")), read(Path("a.wav")))
    with Path("s/curve.csv").open() as file:
        curve = list(csv.DictReader(file))
    assert [int(line["iteration"]) for line in curve] == [0, *SAMPLES]
    assert curve[0]["train_loss"] == curve[-1]["gain_si_sdr_db"] == ""
    assert float(curve[-1]["heldout_loss"]) == pytest.approx(result.rows[-1].heldout_loss, rel=1e-5)
    summary = json.loads(Path("s/study.json").read_text())
    assert summary["settings"]["samples"] == list(SAMPLES)
    assert summary["stops"][0]["iteration"] == result.stops[0].iteration


def test_scores_say_which_sample_is_best_and_what_a_stop_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "find_spec", lambda name: None)
    clean = sound(1.5, seed=1) - 0.05 * np.random.default_rng(1).standard_normal((1, 24000))
    write(Path("clean.wav"), clean, subtype="DOUBLE")
    result = run_study("a.wav", "s", "clean.wav", SETTINGS)
    assert result.best_by == "si_sdr_db"
    noisy = result.rows[0].scores["gain"]["si_sdr_db"]
    assert noisy == pytest.approx(metrics.si_sdr_db(read(Path("a.wav"))[0], clean[0]), abs=1e-3)
    values = {row.iteration: row.score("gain", "si_sdr_db") for row in result.samples}
    assert all(value is not None for value in values.values())
    assert result.best == max(values, key=lambda iteration: values[iteration] or -math.inf)
    for iteration, value in values.items():
        heard = read(Path(f"s/i{iteration:05d}_gain.wav"))[0]
        assert value == pytest.approx(metrics.si_sdr_db(heard, clean[0]), abs=1e-3)
    with Path("s/stops.csv").open() as file:
        for line in csv.DictReader(file):
            score, best = float(line["gain_si_sdr_db"]), float(line["best_gain_si_sdr_db"])
            assert best == pytest.approx(values[result.best], rel=1e-5)
            assert float(line["cost_gain_si_sdr_db"]) == pytest.approx(best - score, abs=1e-4)
            heard = line["rule"] != "last" and read(Path(f"s/stop_{line['rule']}.wav"))[0]
            assert heard is False or score == pytest.approx(metrics.si_sdr_db(heard, clean[0]), abs=1e-3)
    assert any("no scores of pesq and pystoi" in note and "[bench]" in note for note in result.notes)


@pytest.mark.parametrize("rule", ["holdout", "variance"])
def test_the_sound_at_a_stop_is_that_of_its_very_iteration(rule: str) -> None:
    settings = replace(SETTINGS, iterations=100 if rule == "holdout" else 30)
    result = run_study("a.wav", "s", settings=settings)
    stop = result.stop(rule)
    assert stop is not None and stop.iteration is not None
    assert stop.iteration < 100, "there are later weights that could be mistaken for these"
    studied = Excerpt.of_sound(*read_excerpt("a.wav", settings)[:2])
    fit = Fit(studied, settings, "cpu")
    fit.advance(stop.iteration)
    wanted = studied.gain_sound(fit.image())
    np.testing.assert_allclose(read(Path(f"s/stop_{rule}.wav"))[0], wanted, atol=2.0**-23)
    fit.advance(stop.iteration + 3)
    assert np.abs(studied.gain_sound(fit.image()) - wanted).max() > 1e-4, "other iterations are told apart"


def test_the_rules_see_what_they_should() -> None:
    """Held-out loss: of cells that were never fitted. Variance: of the raw images."""
    settings = replace(SETTINGS, iterations=150, samples=(150,))
    result = run_study("a.wav", "s", settings=settings)
    row, trace = result.rows[-1], {point[0]: point for point in result.trace}
    assert row.train_loss is not None and row.heldout_loss is not None
    assert row.heldout_loss > 1.2 * row.train_loss, (
        "a network that has learned its noise, not that of the holes"
    )
    best = min(trace.values(), key=lambda point: point[2])
    stop = result.stop("holdout")
    assert stop is not None
    before = [point[2] for point in result.trace if point[0] <= (stop.decided_at or 150)]
    assert stop.iteration is not None and trace[stop.iteration][2] == min(before) >= best[2]


@pytest.mark.parametrize("generator", ["dcgan", "skip", "decoder"])
def test_stopped_and_gone_on_as_if_never_stopped(generator: str) -> None:
    # No sample from 5 to 30: the mean loss goes over an interruption.
    settings = replace(SETTINGS, generator=generator, samples=(1, 2, 5, 30))
    whole = run_study("a.wav", "whole", settings=settings)
    for iteration in (3, 17, 29):
        with pytest.raises(StudyStopped) as caught:
            run_study("a.wav", "parts", settings=settings, progress=stop_at(iteration))
        part = caught.value.result
        assert part.iterations == max(sample for sample in SAMPLES if sample <= iteration)
        if iteration == 17:
            short = run_study("a.wav", "short", settings=replace(settings, iterations=10, samples=(1, 2, 5)))
            assert facts(part) == facts(short), "nothing is kept of what came after the last safe state"
        assert not part.is_complete and caught.value.exit_status == 130
        found = list(csv.DictReader(Path("parts/curve.csv").read_text().splitlines()))
        assert int(found[-1]["iteration"]) == part.rows[-1].iteration <= part.iterations
    parts = run_study("a.wav", "parts", settings=settings)
    assert any("going on after 20 of 30" in note for note in parts.notes)
    assert facts(parts) == facts(whole)
    assert sounds("parts") == sounds("whole")
    assert [row.seconds for row in parts.rows] == sorted(row.seconds for row in parts.rows)


@pytest.mark.parametrize("when", ["before", "after"])
def test_stopped_while_a_sample_is_made(when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run_study("a.wav", "whole", settings=SETTINGS)
    write_sound, keep = output_folder.write_sound, experiment.Experiment._keep

    def stop_writing(path: Path, audio: F32, sample_rate: int) -> None:
        if path.name == "i00020_magnitude.wav":
            raise KeyboardInterrupt
        write_sound(path, audio, sample_rate)

    def stop_keeping(self: experiment.Experiment) -> None:
        if self._rows[-1].iteration == 20:
            raise KeyboardInterrupt
        keep(self)

    with monkeypatch.context() as patch:
        if when == "before":
            patch.setattr(output_folder, "write_sound", stop_writing)
        else:
            patch.setattr(experiment.Experiment, "_keep", stop_keeping)
        with pytest.raises(StudyStopped) as caught:
            run_study("a.wav", "parts", settings=SETTINGS)
    assert (caught.value.result.iterations, caught.value.result.rows[-1].iteration) == (10, 10)
    assert facts(run_study("a.wav", "parts", settings=SETTINGS)) == facts(whole)
    assert sounds("parts") == sounds("whole")


def test_killed_it_goes_on_from_the_last_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run_study("a.wav", "whole", settings=SETTINGS)
    monkeypatch.setattr(experiment, "SAVE_EVERY_S", 0.0)

    def fail(done: int, total: int) -> None:
        if done == 25:
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        run_study("a.wav", "parts", settings=SETTINGS, progress=fail)
    assert load_checkpoint(Path("parts/resume.pt"))["fit"]["iteration"] == 20
    assert facts(run_study("a.wav", "parts", settings=SETTINGS)) == facts(whole)


def test_more_iterations_go_on() -> None:
    whole = run_study("a.wav", "whole", settings=SETTINGS)
    run_study("a.wav", "parts", settings=replace(SETTINGS, iterations=10))
    more = run_study("a.wav", "parts", settings=SETTINGS)
    assert facts(more) == facts(whole) and sounds("parts") == sounds("whole")


def test_a_finished_study_is_only_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = run_study("a.wav", "s", settings=SETTINGS)
    before = sounds("s")
    for name in ("curve.csv", "stop_holdout.wav"):
        (Path("s") / name).unlink()
    monkeypatch.setattr(Fit, "_iterate", None)
    again = run_study("a.wav", "s", settings=SETTINGS)
    assert facts(again) == facts(first) and not again.is_new and sounds("s") == before
    assert Path("s/curve.csv").exists() and any("was done already" in note for note in again.notes)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (replace(SETTINGS, seed=1), "holds a study of another recording, reference or setting"),
        (replace(SETTINGS, generator="skip"), "holds a study of another"),
        (replace(SETTINGS, end_s=1.0), "holds a study of another"),
        (replace(SETTINGS, iterations=20), "has gone to 30 iterations already"),
        (replace(SETTINGS, samples=(7, 30)), "has passed iteration 7 and kept no sample"),
    ],
)
def test_another_study_is_spared(settings: StudySettings, text: str) -> None:
    run_study("a.wav", "s", settings=SETTINGS)
    before = snapshot(Path())
    with pytest.raises(OutputError, match=text):
        run_study("a.wav", "s", settings=settings)
    assert snapshot(Path()) == before
    forced = run_study("a.wav", "s", settings=settings, force=True)
    names = {f"s/{output_folder.sample_name(sample, 'gain')}" for sample in settings.kept}
    assert {name for name in snapshot(Path()) if name.endswith("_gain.wav")} == names, (
        "nothing is left of the old"
    )
    assert [row.iteration for row in forced.samples] == list(settings.kept)


def test_files_of_others_are_spared() -> None:
    Path("s").mkdir()
    Path("s/noisy.wav").write_text("dear")
    Path("s/other.wav").write_text("also dear")
    before = snapshot(Path())
    for force in (False, True):
        with pytest.raises(OutputError, match=r"s: has a noisy.wav but no study; choose another folder with"):
            run_study("a.wav", "s", settings=SETTINGS, force=force)
    with pytest.raises(SettingError, match="is in the folder of the study"):
        run_study("a.wav", ".", settings=SETTINGS, force=True)
    assert snapshot(Path()) == before


class _Code:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("ran"),))  # type: ignore[return-value]


def _damage(content: object) -> Callable[[Path], object]:
    return lambda path: torch.save(content, path)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("not one"),
    "code": _damage(_Code()),
    "other": _damage({"format": "other"}),
    "list": _damage([1]),
    "no key": lambda path: save_checkpoint(path, {"rows": []}),
    "no fit": lambda path: save_checkpoint(path, {**load_checkpoint(path), "fit": {}}),
    "bad rows": lambda path: save_checkpoint(path, {**load_checkpoint(path), "rows": [{"x": 1}]}),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_checkpoint_is_one_line(damage: Callable[[Path], object]) -> None:
    settings = replace(SETTINGS, iterations=2)
    run_study("a.wav", "s", settings=settings)
    damage(Path("s/resume.pt"))
    with pytest.raises(OutputError, match=r"resume.pt: damaged, or of another version; say force=True"):
        run_study("a.wav", "s", settings=settings)
    assert not Path("ran").exists()
    assert run_study("a.wav", "s", settings=settings, force=True).is_complete


def test_a_missing_sample_is_an_error() -> None:
    run_study("a.wav", "s", settings=SETTINGS)
    Path("s/i00010_gain.wav").unlink()
    with pytest.raises(OutputError, match=r"i00010_gain.wav: is missing from the study"):
        run_study("a.wav", "s", settings=SETTINGS)


def test_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(
        OutputError, match=r"resume.pt: writing failed \(No space left on device\); free space"
    ):
        run_study("a.wav", "s", settings=SETTINGS)
    assert not list(Path("s").glob(".*"))


def test_force_on_a_full_disk_spares_the_earlier_study(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    run_study("a.wav", "s", settings=SETTINGS)
    before = snapshot(Path("s"))
    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OutputError, match="writing failed"):
        run_study("a.wav", "s", settings=replace(SETTINGS, seed=1), force=True)
    assert snapshot(Path("s")) == before


def test_the_magnitude_of_the_input_gives_the_input() -> None:
    studied = excerpt()
    image = (np.log(np.abs(studied.spectrum) ** 2 + TINY) - studied.log_floor).astype(np.float32)
    np.testing.assert_allclose(studied.magnitude_sound(image), studied.audio, atol=1e-5)


def test_the_gain_leaves_what_stands_out_of_the_image() -> None:
    studied = excerpt()
    image = np.zeros(studied.spectrum.shape, np.float32)
    tone = np.abs(studied.spec.frequencies_hz(RATE) - 440.0) < 60.0
    image[: len(image) // 2, tone] = 6.0
    left = studied.gain_sound(image)
    spectrum = np.abs(np.fft.rfft(left)) ** 2
    frequencies = np.fft.rfftfreq(len(left), 1.0 / RATE)
    assert spectrum[np.abs(frequencies - 440.0) < 60.0].sum() > 0.9 * spectrum.sum()


def test_channels_are_averaged_and_the_excerpt_is_where_it_should_be() -> None:
    audio = sound(12.0, channels=2)
    write(Path("long.wav"), audio, subtype="DOUBLE")
    studied, rate, note = read_excerpt("long.wav", StudySettings())
    assert rate == RATE
    assert note == "long.wav: only its first 8 s are studied; choose others with --start and --end"
    np.testing.assert_array_equal(studied, audio.mean(axis=0)[: 8 * RATE].astype(np.float32))
    studied, _, note = read_excerpt("long.wav", StudySettings(start_s=2.5, end_s=4.0))
    assert note is None
    np.testing.assert_array_equal(
        studied, audio.mean(axis=0)[round(2.5 * RATE) : 4 * RATE].astype(np.float32)
    )
    assert len(read_excerpt("long.wav", StudySettings(start_s=10.0))[0]) == 2 * RATE


def _nan() -> None:
    audio = sound(1.5)
    audio[0, 4000] = np.nan
    write(Path("b.wav"), audio, subtype="FLOAT")


@pytest.mark.parametrize(
    ("prepare", "text"),
    [
        (
            lambda: write(Path("b.wav"), np.zeros((1, RATE))),
            "b.wav: nothing to learn from: 0 s to 1 s is silent",
        ),
        (lambda: write(Path("b.wav"), sound(0.4)), "b.wav: 0.40 s from 0 s on are too short to learn from"),
        (_nan, "b.wav: holds samples that are no sound .*, the first at 0.250 s"),
        (lambda: write(Path("b.wav"), sound(1.0, 7000), 7000), "sample_rate=7000 Hz must be in 8000"),
        (lambda: None, "b.wav: no such file"),
    ],
)
def test_recordings_that_cannot_be_studied(prepare: Callable[[], object], text: str) -> None:
    prepare()
    with pytest.raises(InputError, match=text):
        run_study("b.wav", "s", settings=SETTINGS)
    assert not Path("s").exists()


@pytest.mark.parametrize(
    ("audio", "sample_rate", "text"),
    [
        (sound(1.5, 8000), 8000, "ref.wav: has 8000 Hz, and the recording 16000 Hz; resample it first"),
        (sound(1.2), RATE, "ref.wav: ends after 1.20 s before the excerpt does, at 1.50 s"),
        (np.zeros((1, 24000)), RATE, "ref.wav: is silent in the excerpt"),
    ],
)
def test_references_that_cannot_be_used(
    audio: np.ndarray[tuple[int, int], np.dtype[np.float64]], sample_rate: int, text: str
) -> None:
    write(Path("ref.wav"), audio, sample_rate)
    with pytest.raises(InputError, match=text):
        run_study("a.wav", "s", "ref.wav", SETTINGS)
    assert not Path("s").exists()


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (
            {"generator": "dcgam"},
            "generator='dcgam' must be one of dcgan, skip, decoder; did you mean 'dcgan'",
        ),
        ({"iterations": 0}, "iterations=0 must be in 1.."),
        ({"iterations": 10, "samples": (5, 11)}, "samples=11 must be in 1..10"),
        ({"samples": (0,)}, "samples=0 must be in 1.."),
        ({"device": "gpu"}, "device='gpu' must be one of"),
        ({"seed": -1}, "seed=-1 must be in 0.."),
        ({"end_s": 61.0}, "an excerpt of 61 s must be 0.5 to 60 s long"),
        ({"start_s": 1.0, "end_s": 1.4}, "an excerpt of 0.4 s must be 0.5 to 60 s long"),
    ],
)
def test_settings_that_make_no_sense(values: dict[str, object], text: str) -> None:
    with pytest.raises(SettingError, match=text):
        StudySettings(**values)  # type: ignore[arg-type]


def test_default_samples() -> None:
    assert default_samples(1) == (1,)
    assert default_samples(2000) == (
        *(1, 2, 5, 10, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000),
    )  # fmt: skip
    assert default_samples(1234)[-2:] == (1000, 1234)


def test_force_spares_the_folder_of_something_else() -> None:
    Path("usr").mkdir()
    for name in ("stop_sign.wav", "i20240101.wav", "clean.wav", "i00001_gain.wav"):
        Path("usr", name).write_text("mine")
    before = snapshot(Path("usr"))
    with pytest.raises(OutputError, match=r"usr: has a clean\.wav but no study; choose another folder"):
        run_study("a.wav", "usr", settings=SETTINGS, force=True)
    assert snapshot(Path("usr")) == before
    run_study("a.wav", "s", settings=SETTINGS)
    Path("s", "stop_sign.wav").write_text("mine")
    run_study("a.wav", "s", settings=replace(SETTINGS, seed=1), force=True)
    assert Path("s", "stop_sign.wav").read_text() == "mine"


def test_stopped_before_the_first_iteration_the_same_command_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(path: Path, audio: F32, sample_rate: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(output_folder, "write_sound", stop)
        with pytest.raises(KeyboardInterrupt):
            run_study("a.wav", "s", "a.wav", SETTINGS)
    result = run_study("a.wav", "s", "a.wav", SETTINGS)
    assert result.is_complete and {"noisy.wav", "clean.wav"} <= set(sounds("s"))


def test_what_lies_above_full_scale_is_kept() -> None:
    write(Path("loud.wav"), 8.0 * sound(1.5), subtype="FLOAT")
    run_study("loud.wav", "s", settings=replace(SETTINGS, iterations=1))
    np.testing.assert_array_equal(read(Path("s/noisy.wav")), read(Path("loud.wav")))


def test_the_trace_does_not_depend_on_the_samples() -> None:
    one = run_study("a.wav", "one", settings=replace(SETTINGS, samples=(30,)))
    two = run_study("a.wav", "two", settings=replace(SETTINGS, samples=(3, 14, 25, 30)))
    assert one.trace == two.trace


def test_too_much_at_once_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dap_stream.apps.study.excerpt.MOST_SAMPLES", RATE)
    with pytest.raises(
        InputError, match=r"1\.5 s at 16000 Hz are more than can be studied at once.* at most 1 s"
    ):
        run_study("a.wav", "s", settings=SETTINGS)
