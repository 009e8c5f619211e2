"""The pure parts of the bench: how mixes and long recordings are made, and the identities of its metrics."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

soundfile = pytest.importorskip("soundfile")
pytest.importorskip("soxr", reason="needs the extra 'bench'")

from bench import (  # noqa: E402  after the skips
    audio,
    kernels,
    learning,
    long,
    metrics,
    quality_tables,
    results,
    study,
    study_fills,
    warm_start,
)

RATE = 16000


def write(path: Path, samples: np.ndarray, sample_rate: int = RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, sample_rate, subtype="DOUBLE", format="WAV")


def test_active_power_is_that_of_the_louder_half_of_the_frames() -> None:
    frame = RATE // 50
    signal = np.repeat([0.1, 0.5, 0.1, 0.5], frame)
    signal = np.append(signal, np.full(frame - 1, 0.9))  # incomplete: dropped
    assert audio.active_power(signal, RATE) == pytest.approx(0.25)


def test_mix_has_the_snr_asked_for_and_no_mean(rng: np.random.Generator) -> None:
    clean, noise = 0.1 * rng.standard_normal((2, RATE))
    got, noisy = audio.mix(clean + 0.3, noise - 0.2, snr_db=7.0, sample_rate=RATE)
    np.testing.assert_allclose(got, clean - clean.mean(), atol=1e-12)
    snr = audio.active_power(got, RATE) / np.mean((noisy - got) ** 2)
    assert 10 * np.log10(snr) == pytest.approx(7.0)
    assert noisy.mean() == pytest.approx(0.0, abs=1e-12)


def test_loud_mix_is_scaled_to_a_peak_of_0_99_together_with_its_signal(rng: np.random.Generator) -> None:
    clean, noise = rng.standard_normal((2, RATE))
    got, noisy = audio.mix(clean, noise, snr_db=5.0, sample_rate=RATE)
    assert np.max(np.abs(noisy)) == pytest.approx(0.99)
    snr = audio.active_power(got, RATE) / np.mean((noisy - got) ** 2)
    assert 10 * np.log10(snr) == pytest.approx(5.0)


def test_noise_goes_on_at_its_beginning() -> None:
    np.testing.assert_array_equal(audio.repeated(np.arange(5.0), 3, 8), [3, 4, 0, 1, 2, 3, 4, 0])


def test_make_mix_reads_averages_cuts_and_offsets(tmp_path: Path, rng: np.random.Generator) -> None:
    signal, noise = 0.1 * rng.standard_normal((2, RATE)), 0.1 * rng.standard_normal(RATE // 2)
    write(tmp_path / "signal.wav", signal.T)
    write(tmp_path / "noise.wav", noise)
    row = audio.MixRow("x1", "signal.wav", "noise.wav", 0.25, 10.0, "speech", 0.75, RATE)
    example = audio.make_mix(tmp_path, row)
    clean = signal.mean(axis=0)[: RATE * 3 // 4]
    np.testing.assert_allclose(example.clean, clean - clean.mean(), atol=1e-12)
    added = example.noisy - example.clean
    expected = np.concatenate([noise[RATE // 4 :], noise])
    expected -= expected.mean()
    np.testing.assert_allclose(added / added.std(), expected / expected.std(), atol=1e-9)


def test_missing_audio_folder_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAP_BENCH_AUDIO", raising=False)
    with pytest.raises(SystemExit, match="DAP_BENCH_AUDIO"):
        audio.audio_folder(None)
    with pytest.raises(SystemExit, match=r"no mixes\.tsv"):
        audio.audio_folder(tmp_path)
    (tmp_path / "mixes.tsv").touch()
    monkeypatch.setenv("DAP_BENCH_AUDIO", str(tmp_path))
    assert audio.audio_folder(None) == tmp_path


@pytest.fixture
def long_folder(tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A long recording of 4 s: one voice, two noises that overlap by 1 s."""
    for name in ("voice", "first", "second"):
        write(tmp_path / f"{name}.wav", 0.1 * rng.standard_normal(RATE))
    lines = [
        "recording\ttrack\tstart_s\tseconds\tpath\toffset_s\tsnr_db",
        "long10\tspeech\t0.70\t1.0\tvoice.wav\t0\t",
        "long10\tnoise\t0.00\t2.5\tfirst.wav\t0.5\t10",
        "long10\tnoise\t1.50\t2.5\tsecond.wav\t0\t5",
    ]
    (tmp_path / "long.tsv").write_text("\n".join(lines) + "\n")
    monkeypatch.setitem(long.LONG_SECONDS, "long10", 4)
    return tmp_path


def test_long_recording_is_the_sum_of_its_pieces(long_folder: Path) -> None:
    tracks = {
        t: np.concatenate(list(long.long_blocks(long_folder, "long10", t, block_s=1))) for t in long.TRACKS
    }
    np.testing.assert_allclose(tracks["mix"], tracks["speech"] + tracks["noise"], atol=1e-12)
    assert len(tracks["mix"]) == 4 * RATE
    start = round(0.7 * RATE)
    assert np.count_nonzero(tracks["speech"]) == RATE
    voice = tracks["speech"][start : start + RATE]
    assert 10 * np.log10(audio.active_power(voice, RATE)) == pytest.approx(-26.0)
    first = tracks["noise"][: RATE * 3 // 2]  # before the overlap
    assert 10 * np.log10(np.mean(first**2)) == pytest.approx(-36.0, abs=0.3)
    last = tracks["noise"][RATE * 5 // 2 :]
    assert 10 * np.log10(np.mean(last**2)) == pytest.approx(-31.0, abs=0.3)


def test_overlapping_noises_are_faded(long_folder: Path) -> None:
    rows = [row for row in long.long_rows(long_folder, "long10") if row.track == "noise"]
    pieces = [long.long_piece(long_folder, row) for row in rows]
    assert pieces[1][0] == 0.0
    assert abs(pieces[0][0]) > 0.0
    assert pieces[0][-1] == 0.0
    assert abs(pieces[1][-1]) > 0.0


@pytest.mark.parametrize("block_s", [1, 3, 10])
def test_long_recording_does_not_depend_on_the_block(long_folder: Path, block_s: int) -> None:
    blocks = np.concatenate(list(long.long_blocks(long_folder, "long10", block_s=block_s)))
    np.testing.assert_array_equal(
        blocks, np.concatenate(list(long.long_blocks(long_folder, "long10", block_s=2)))
    )


@pytest.mark.parametrize(
    ("sample_rate", "minutes", "seconds"), [(16000, None, 4), (48000, None, 4), (48000, 0.05, 3)]
)
def test_write_long_has_the_length_asked_for(
    long_folder: Path, sample_rate: int, minutes: float | None, seconds: float
) -> None:
    out = long_folder / "out.wav"
    long.write_long(long_folder, "long10", out, sample_rate, minutes)
    info = soundfile.info(out)
    assert (info.samplerate, info.frames, info.subtype) == (sample_rate, seconds * sample_rate, "PCM_16")


def test_si_sdr_is_the_ratio_to_orthogonal_noise(rng: np.random.Generator) -> None:
    clean, noise = rng.standard_normal((2, RATE))
    clean -= clean.mean()
    noise -= noise.mean()
    noise -= clean * (noise @ clean) / (clean @ clean)
    noise *= np.sqrt((clean @ clean) / (noise @ noise)) * 10 ** (-12 / 20)
    assert metrics.si_sdr_db(clean, clean + noise) == pytest.approx(12.0)
    assert metrics.si_sdr_db(clean, -3.0 * (clean + noise) + 0.5) == pytest.approx(12.0)  # scale, sign, mean
    assert metrics.si_sdr_db(clean, 2.0 * clean) > 250.0


def test_log_spectral_distance_of_a_gain_is_the_gain(rng: np.random.Generator) -> None:
    clean = rng.standard_normal(RATE)
    assert metrics.log_spectral_distance_db(clean, clean, RATE) == 0.0
    assert metrics.log_spectral_distance_db(clean, 0.5 * clean, RATE) == pytest.approx(6.02, abs=0.01)
    assert metrics.log_spectral_distance_db(0.5 * clean, clean, RATE) == pytest.approx(6.02, abs=0.01)


def test_log_spectral_distance_of_silence_is_limited(rng: np.random.Generator) -> None:
    distance = metrics.log_spectral_distance_db(rng.standard_normal(RATE), np.zeros(RATE), RATE)
    assert 40.0 < distance < 80.0


def test_a_section_is_replaced_and_the_others_stay() -> None:
    text = results.replaced(results.replaced("# Results\n", "one", "old"), "two", "kept")
    again = results.replaced(text, "one", "new")
    assert "old" not in again
    assert again == text.replace("old", "new")
    with pytest.raises(SystemExit, match="marks of the section 'one'"):
        results.replaced("<!-- begin one -->", "one", "body")


def test_the_command_in_the_results_has_no_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["x", "--audio", "/some/where", "--rows=/some/file", "--runs", "3"])
    assert results.command().endswith("--audio PATH --rows=PATH --runs 3")


def test_tables_name_the_mix_that_loses_most() -> None:
    def row(mix_id: str, method: str, si_sdr: float) -> quality_tables.Row:
        return quality_tables.Row(mix_id, "animal", "rain", method, {"SI-SDR": si_sdr, "LSD": 1.0})

    rows = [
        row("a1", "noisy", 5.0),
        row("a2", "noisy", 8.0),
        row("a1", "context", 9.0),
        row("a2", "context", 7.5),
    ]
    text = quality_tables.body(rows, ["noisy", "context"])
    assert "\u22120.5 (a2)" in text
    assert "| rain (a1, a2) | 6.5 | 8.2 |" in text


def test_readers_heard_in_both_halves_are_paired() -> None:
    def row(start_s: float, path: str) -> long.LongRow:
        return long.LongRow("speech", start_s, 10.0, path, 0.0, None, False, False)

    rows = [row(5.0, "a"), row(50.0, "b"), row(295.0, "c"), row(310.0, "c"), row(400.0, "a"), row(500.0, "a")]
    assert learning.repeated_readers(rows) == [(rows[0], rows[4])]


def test_parity_error_sees_results_and_arguments_written_to(rng: np.random.Generator) -> None:
    def arguments(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        return (rng.standard_normal(8),)

    def double(x: np.ndarray) -> None:
        x *= 2.0

    def slightly_more(x: np.ndarray) -> None:
        x *= 2.0 * (1.0 + 1e-3)

    assert kernels.parity_error(kernels.Kernel("same", double, double, arguments), arguments(rng)) == 0.0
    wrong = kernels.Kernel("wrong", slightly_more, double, arguments)
    assert kernels.parity_error(wrong, arguments(rng)) == pytest.approx(1e-3)
    assert kernels.parity_error(kernels.Kernel("sum", np.sum, np.sum, arguments), arguments(rng)) == 0.0


def points(generator: str, mode: str, estoi: dict[int, float]) -> list[warm_start.Point]:
    """A step costs .01."""
    return [
        warm_start.Point(generator, mode, steps, 0.01 * steps, {"PESQ": 1.0, "ESTOI": value, "SI-SDR": 0.0})
        for steps, value in estoi.items()
    ]


def test_what_a_warm_start_saves_is_told_at_the_same_estoi() -> None:
    cold = points("x", "cold", {1: 0.5, 50: 0.68, 100: 0.699, 500: 0.7})
    warm = points("x", "warm", {0: 0.4, 2: 0.676, 4: 0.69})
    text = warm_start.claim_table([*cold, *warm], ["x"])
    assert "as best cold fit | 0.695 | 100 steps, 1.0000 |  | not reached |" in text
    assert "as cold, 50 steps | 0.675 | 50 steps, 0.5000 | 2 steps, 0.0200 | 25 times |" in text


def test_studies_are_counted_by_how_near_their_stop_is_to_the_best() -> None:
    def made(generator: str, stop: float) -> study.Study:
        at_stop: tuple[int | None, tuple[float, ...]] = (9, (stop, 0.6, 5.0))
        stops = dict.fromkeys(study.RULES, at_stop)
        task = study.Task(Path(), "s01", generator, 10)
        return study.Study(
            task, (1.1, 0.5, 1.0), (1.2, 0.5, 1.0), (1.5, 0.7, 6.0), 70, (1.0, 0.4, 0.0), stops, 0.1, 500
        )

    text = study.body([made("dcgan", 1.41), made("dcgan", 1.39), made("skip", 1.5)])
    assert (
        "| 1 / 1 / 1 | 0.100 | 500 |" in text
        and "9: 1.39 / 0.600 / 5.0 | 9: 1.39 / 0.600 / 5.0 | \u22120.11 |" in text
    )
    assert "**dcgan**, 10 iterations: better than noisy in PESQ and in ESTOI on 2 of 2." in text


def test_fills_are_told_with_what_no_network_does() -> None:
    def made(recording: str, error: float) -> study_fills.Fill:
        rows = [
            {"iteration": i, "filled_error_db": error + d}
            for i, d in ((0, 3.0), (1, 2.0), (50, 0.0), (500, 1.0))
        ]
        stop = {"iteration": 90, "filled_error_db": error + 0.5, "made_known_error_db": 5.0}
        return study_fills.Fill("inpaint", "dcgan", recording, rows, {"holdout": stop})

    silent = {"iteration": None, "filled_error_db": None, "made_known_error_db": None}
    text = study_fills.body([made("voice", 10.0), made("bird", 12.0)])
    assert "| dcgan, voice | 13.0 | 12.0 | 10.0 (50) | 10.5 (90) | 11.0 | 5.0 |" in text
    assert "| dcgan, mean | 14.0 | 13.0 | 11.0 | 11.5 | 12.0 | 5.0 |" in text
    text = study_fills.body([replace(made("voice", 10.0), stops={"holdout": silent})])
    assert "10.0 (50) |  (nowhere) | 11.0 |  |" in text
