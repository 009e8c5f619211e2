"""`dap-stream denoise` on good recordings, in this process: what comes out, and what is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from recorder_files import RECORDERS
from recordings import FAST, read, snapshot, sound, write

from dap_stream import __version__, load_profile
from dap_stream.cli.main import main
from dap_stream.core.units import gain_to_db
from dap_stream.io import file_source
from dap_stream.processors.denoise.settings import DenoiseSettings

LEARN_A_LITTLE = ("--steps", "6")


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("options", [FAST, LEARN_A_LITTLE, (*LEARN_A_LITTLE, "--passes", "1")])
def test_default_name_same_shape_less_noise(
    options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    write(Path("talk.wav"), sound(3.0))
    assert main(["denoise", "talk.wav", *options]) == 0
    noisy, clean = read(Path("talk.wav")), read(Path("talk_clean.wav"))
    assert clean.shape == noisy.shape
    quiet = np.sin(2.0 * np.pi * 1.7 * np.arange(48000) / 16000) < -0.2  # where there is no tone
    assert clean[:, quiet].std() < 0.5 * noisy[:, quiet].std()
    assert np.corrcoef(clean[0, ~quiet], noisy[0, ~quiet])[0, 1] > 0.9, "the tone stays, and in its place"
    out = capsys.readouterr()
    assert (
        out.out.startswith("talk.wav -> talk_clean.wav: 0:03 at 16000 Hz, 1 channel, ")
        and out.out.count("\n") == 1
    )


@pytest.mark.parametrize(
    ("name", "subtype", "channels", "sample_rate"),
    [
        ("a.wav", "PCM_16", 2, 44100),
        ("a.wav", "PCM_24", 1, 11025),
        ("a.wav", "PCM_32", 3, 37800),
        ("a.wav", "FLOAT", 1, 8000),
        ("a.wav", "DOUBLE", 1, 22050),
        ("a.wav", "PCM_U8", 1, 16000),
        ("a.flac", "PCM_24", 2, 96000),
        ("a.aiff", "PCM_16", 1, 48000),
        ("a.caf", "PCM_24", 64, 8000),
        ("a.ogg", "VORBIS", 2, 48000),
        ("a.mp3", "MPEG_LAYER_III", 1, 44100),
        ("a.wav", "PCM_16", 1, 384000),
    ],
)
def test_format_stays(name: str, subtype: str, channels: int, sample_rate: int) -> None:
    audio = sound(0.3, sample_rate, channels)
    soundfile.write(name, audio.T, sample_rate, subtype)
    assert main(["denoise", name, "-o", f"b{name}", *FAST]) == 0
    before, after = soundfile.info(name), soundfile.info(f"b{name}")
    for field in ("samplerate", "channels", "subtype", "format", "frames"):
        assert getattr(before, field) == getattr(after, field), field


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("wet", ["1", "0.37"])
def test_result_and_removed_add_up(subtype: str, wet: str) -> None:
    write(Path("a.wav"), sound(1.0, 16000, 2), subtype=subtype)
    assert main(["denoise", "a.wav", "--removed", "r.wav", "--wet", wet, *FAST]) == 0
    whole = read(Path("a_clean.wav")) + read(Path("r.wav"))
    tolerance = 0.0 if subtype.startswith("PCM") else 2.0**-53
    np.testing.assert_allclose(whole, read(Path("a.wav")), rtol=0.0, atol=tolerance)
    assert np.abs(read(Path("r.wav"))).max() > 0.01


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_wet_0_is_the_recording_bit_for_bit(subtype: str) -> None:
    write(Path("a.wav"), subtype=subtype)
    assert main(["denoise", "a.wav", "--wet", "0", *FAST]) == 0
    np.testing.assert_array_equal(read(Path("a_clean.wav")), read(Path("a.wav")))


def test_two_runs_give_the_same_file() -> None:
    write(Path("a.wav"), sound(2.0))
    for name in ("b.wav", "c.wav"):
        assert main(["denoise", "a.wav", "-o", name, *LEARN_A_LITTLE]) == 0
    assert Path("b.wav").read_bytes() == Path("c.wav").read_bytes()
    assert main(["denoise", "a.wav", "-o", "d.wav", *LEARN_A_LITTLE, "--seed", "1"]) == 0
    assert Path("d.wav").read_bytes() != Path("c.wav").read_bytes(), "the seed has an effect"


def test_part_of_a_recording() -> None:
    audio = sound(3.0)
    write(Path("a.wav"), audio)
    assert main(["denoise", "a.wav", "--start", "0:01", "--end", "2.5", "--wet", "0", *FAST]) == 0
    np.testing.assert_array_equal(read(Path("a_clean.wav")), read(Path("a.wav"))[:, 16000:40000])
    assert main(["denoise", "a.wav", "-o", "b.wav", "--start", "2.5", "--end", "99", *FAST]) == 0
    assert read(Path("b.wav")).shape == (1, 8000), "an end beyond the end is the end"


def test_in_place_and_force() -> None:
    write(Path("a.wav"))
    before = Path("a.wav").read_bytes()
    assert main(["denoise", "a.wav", "--in-place", *FAST]) == 0
    after = Path("a.wav").read_bytes()
    assert after != before and list(snapshot(Path())) == ["a.wav"]
    Path("b.wav").write_text("old")
    assert main(["denoise", "a.wav", "-o", "b.wav", "--force", *FAST]) == 0
    assert read(Path("b.wav")).shape == (1, 16000)


def test_several_into_a_folder() -> None:
    Path("out").mkdir()
    for name in ("a.wav", "b.flac"):
        write(Path(name))
    assert main(["denoise", "a.wav", "b.flac", "-o", "out", "--removed", "out/", *FAST]) == 0
    assert set(snapshot(Path("out"))) == {"a_clean.wav", "a_removed.wav", "b_clean.flac", "b_removed.flac"}


def test_json_says_everything(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("a.wav"), sound(2.0, 22050, 2), 22050)
    argv = ["denoise", "a.wav", "--json", "--preset", "gentle", "--set", "noise_s=3", "--end", "1.5"]
    assert main([*argv, "--removed", "r.wav", *FAST]) == 0
    out = capsys.readouterr()
    told = json.loads(out.out)
    assert out.err == "" and out.out.count("\n") == 1
    expected = {
        "input": "a.wav", "output": "a_clean.wav", "removed": "r.wav", "start_s": 0.0, "end_s": 1.5,
        "container": "WAV", "subtype": "PCM_16", "sample_rate": 22050, "channels": 2, "seconds": 1.5,
        "n_samples": 33075, "clipped": 0, "non_finite": 0, "notes": [], "version": __version__,
    }  # fmt: skip
    assert {key: told[key] for key in expected} == expected
    assert (
        told["settings"]["denoise"]["reduction_db"] == 9.0 and told["settings"]["denoise"]["noise_s"] == 3.0
    )
    assert told["peak_memory_mb"] > 20 and told["total_s"] > 0 and told["reduction_db"] > 0


def test_json_of_failures(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("a.wav"))
    assert main(["denoise", "a.wav", "missing.wav", "--json", "-q", *FAST]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["input"]: line.get("exit_status") for line in lines} == {"a.wav": None, "missing.wav": 1}


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("a.wav"))
    assert main(["denoise", "a.wav", "-q", *FAST]) == 0
    assert capsys.readouterr() == ("", "")


def test_dry_run_touches_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("a.wav"), sound(2.0))
    before = snapshot(Path())
    argv = ["denoise", "a.wav", "-o", "b.flac", "--removed", "r.wav", "--save-profile", "p.npz", "--dry-run"]
    assert main([*argv, "--reduction", "12"]) == 0
    text = capsys.readouterr().out
    for part in (
        "a.wav -> b.flac",
        "16000 Hz, 1 channel, 0:02",
        "reduction_db=12.0*",
        "latency",
        "MB of memory",
    ):
        assert part in text
    assert main([*argv, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["dry_run"] and told["seconds"] == 2.0 and told["memory_mb"] > 100 and told["compute_s"] > 0
    assert snapshot(Path()) == before


def test_estimates_grow_with_what_they_depend_on(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("short.wav"), sound(1.0))
    write(Path("long.wav"), sound(60.0))
    write(Path("wide.wav"), sound(1.0, channels=32))

    def plan(name: str, *options: str) -> dict[str, float]:
        assert main(["denoise", name, "--dry-run", "--json", *options]) == 0
        told: dict[str, float] = json.loads(capsys.readouterr().out)
        return told

    short, long, wide = plan("short.wav"), plan("long.wav"), plan("wide.wav")
    assert long["compute_s"] > short["compute_s"] and long["memory_mb"] == short["memory_mb"]
    assert wide["memory_mb"] > short["memory_mb"]
    assert plan("short.wav", *FAST)["compute_s"] < short["compute_s"]
    assert plan("long.wav", "--steps", "0")["compute_s"] < long["compute_s"]


def test_profile_is_kept_and_used() -> None:
    write(Path("a.wav"), sound(3.0))
    first = ["denoise", "a.wav", "-o", "b.wav", "--save-profile", "p.npz"]
    assert main([*first, *LEARN_A_LITTLE]) == 0
    assert load_profile("p.npz").generator == "band"
    assert main(["denoise", "a.wav", "-o", "c.wav", "--profile", "p.npz", "--steps", "0"]) == 0
    assert Path("b.wav").read_bytes() == Path("c.wav").read_bytes(), (
        "no further step: the same weights predict"
    )
    assert (
        main(
            [
                "denoise",
                "a.wav",
                "-o",
                "d.wav",
                "--profile",
                "p.npz",
                "--save-profile",
                "p.npz",
                *LEARN_A_LITTLE,
            ]
        )
        == 0
    )
    assert Path("d.wav").read_bytes() != Path("c.wav").read_bytes()


def test_profile_of_a_single_pass_is_what_was_learned() -> None:
    write(Path("a.wav"), sound(3.0))
    for steps in ("0", "4"):
        argv = ["denoise", "a.wav", "--force", "--passes", "1", "--steps", steps]
        assert main([*argv, "--save-profile", f"p{steps}.npz"]) == 0
    untrained, trained = (load_profile(f"p{steps}.npz").weights for steps in ("0", "4"))
    assert any(not np.array_equal(trained[name], untrained[name]) for name in trained)


# ---------------------------------------------------------------- what is strange but works


def test_not_a_number_is_silence_and_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    audio = sound(2.0)
    audio[0, 20000:20003] = [np.nan, np.inf, -np.inf]
    write(Path("a.wav"), audio, subtype="FLOAT")
    assert main(["denoise", "a.wav", *FAST]) == 0
    assert np.isfinite(read(Path("a_clean.wav"))).all()
    err = capsys.readouterr().err
    assert (
        "3 samples are no sound (NaN, infinite or beyond 1e+30), the first at 0:01.250" in err
        and err.count("\n") == 1
    )


@pytest.mark.parametrize("n_samples", [1, 10, 400])
@pytest.mark.parametrize("options", [FAST, LEARN_A_LITTLE])
def test_shorter_than_a_window(
    n_samples: int, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    write(Path("a.wav"), sound(1.0)[:, :n_samples])
    assert main(["denoise", "a.wav", *options]) == 0
    assert read(Path("a_clean.wav")).shape == (1, n_samples)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("options", [FAST, LEARN_A_LITTLE, (*LEARN_A_LITTLE, "--passes", "1")])
def test_silence_stays_silence(options: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("a.wav"), np.zeros((2, 40000)))
    assert main(["denoise", "a.wav", *options]) == 0
    assert not read(Path("a_clean.wav")).any()
    assert capsys.readouterr().err == ""


def test_offset_and_full_scale(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("a.wav"), np.clip(8.0 * sound(2.0), -1.0, 1.0))
    write(Path("b.wav"), sound(2.0) + 0.5)
    assert main(["denoise", "a.wav", "b.wav", *FAST]) == 0
    assert abs(read(Path("b_clean.wav")).mean()) < 0.1, "the low cut takes the offset away"
    assert np.abs(read(Path("a_clean.wav"))).max() <= 1.0


def test_clipping_is_told_once_with_the_peak(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, subtype in (("a.wav", "PCM_24"), ("b.wav", "FLOAT")):
        write(Path(name), sound(1.0) * 2.0, subtype=subtype)
        assert main(["denoise", name, "--chain", "gain", "--set", "gain_db=6"]) == 0
    err = capsys.readouterr().err
    peak = gain_to_db(float(np.abs(read(Path("b_clean.wav"))).max()))
    assert err.count("\n") == 1, "float does not clip"
    assert (
        "a.wav: " in err and f"(peak {peak:+.1f} dB) and were clipped, since PCM_24" in err and "--wet" in err
    )
    assert np.abs(read(Path("b_clean.wav"))).max() > 1.0


def test_length_not_known_means_one_pass(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:

    write(Path("a.wav"))
    monkeypatch.setattr(file_source, "is_length_known", lambda path, container: False)
    assert main(["denoise", "a.wav", *LEARN_A_LITTLE, "--json"]) == 0
    out = capsys.readouterr()
    assert "a.wav: does not say its length, so it is cleaned in a single pass" in out.err
    assert json.loads(out.out)["settings"]["denoise"]["passes"] == 1


# ---------------------------------------------------------------- info, presets


def test_info(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("a.wav"), sound(1.5, channels=2), subtype="PCM_24")
    assert main(["info", "a.wav"]) == 0
    assert "a.wav: WAV PCM_24, 16000 Hz, 2 channels, 0:01.500, 0.1 MB" in capsys.readouterr().out
    assert main(["info", "--json", "a.wav", "missing.wav"]) == 1
    out = capsys.readouterr()
    assert json.loads(out.out)["n_samples"] == 24000
    assert out.err == "dap-stream: error: missing.wav: no such file; check the name and the folder\n"


def test_info_lists_metadata(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.wav").write_bytes(RECORDERS["tascam"]())
    Path("b.wav").write_bytes(RECORDERS["audacity"]().replace(b"2024", b"2\x1b[4"))
    assert main(["info", "a.wav", "b.wav"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (
        lines[1]
        == "  bext: TASCAM DR-100mkIII, 2024-05-17 06:30:00, starts at 6:30:00.000 (sample 1123200000)"
    )
    assert lines[3:5] == ["  3 cues", "  around the samples: bext cue LIST adtl"]
    assert lines[6] == "  tags: title=Wald, artist=Ä. Specht, date=2?[4"
    assert main(["info", "--json", "a.wav"]) == 0
    around = json.loads(capsys.readouterr().out)["around"]
    assert around["bext"]["time_reference"] == 1_123_200_000 and around["cues"] == 3


def test_info_of_a_profile(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("a.wav"))
    assert main(["denoise", "a.wav", "-q", "--steps", "1", "--save-profile", "p.npz"]) == 0
    assert main(["info", "p.npz"]) == 0
    expected = "p.npz: profile of the band generator, window_ms=48, lookahead=1, "
    assert capsys.readouterr().out.startswith(expected)


def test_presets(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["presets"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "field",
        "gentle",
        "music",
        "podcast",
    ]
    assert main(["presets", "music"]) == 0
    Path("mine.toml").write_text(capsys.readouterr().out)
    write(Path("a.wav"))
    assert main(["denoise", "a.wav", "--dry-run", "--preset", "mine.toml"]) == 0
    assert "window_ms=64.0*" in capsys.readouterr().out
    assert main(["denoise", "a.wav", "--dry-run"]) == 0
    assert "*" not in capsys.readouterr().out.replace("(* not the default)", ""), "all is the default"
    assert main(["presets", "--keys"]) == 0
    expected = f"\n  reduction_db = {DenoiseSettings().reduction_db}  (0..60 dB)  largest attenuation"
    assert expected in capsys.readouterr().out


def test_a_chain_is_in_the_help_in_the_keys_in_set_and_in_the_result(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What a processor in the registry gets for its one line there; live use is in test_live_chain.py."""
    with pytest.raises(SystemExit, match="0"):
        main(["denoise", "--help"])
    assert "gain: makes the sound louder or softer" in " ".join(capsys.readouterr().out.split())
    assert main(["presets", "--keys"]) == 0
    assert "gain: makes the sound louder or softer\n  gain_db = 0.0  (-60..60 dB)" in capsys.readouterr().out
    write(Path("a.wav"), subtype="DOUBLE")
    Path("loud.toml").write_text('chain = ["denoise", "gain"]\ngain.gain_db = 6\ngenerator = "classical"\n')
    plain = ["denoise", "a.wav", "--set", "generator=classical", "-o", "plain.wav"]
    assert main(plain) == 0
    assert main(["denoise", "a.wav", "--preset", "loud.toml", "-o", "loud.wav", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(told["settings"]) == ["denoise", "gain"] and told["settings"]["gain"] == {"gain_db": 6.0}
    np.testing.assert_allclose(read(Path("loud.wav")), 10**0.3 * read(Path("plain.wav")), atol=1e-7)
    assert (
        main(["denoise", "a.wav", "--chain", "gain,denoise", "--set", "gain.gain_db=-6", *LEARN_A_LITTLE])
        == 0
    )
    assert ", gain -6 dB, 2 passes; " in capsys.readouterr().out
    for options, text in (
        (["--chain", "gain", "--reduction", "3"], "denoise is not in the chain (gain)"),
        (["--chain", "gain", "--save-profile", "p.npz"], "--save-profile is of no use where nothing learns"),
        (["--chain", "gian"], "no processor 'gian'; did you mean 'gain'"),
        (["--chain", ""], "chain is empty; give it a value, or leave it out"),
        (
            ["--set", "denoise.wet=1", "--wet", "0.5"],
            "--wet 0.5 and --set denoise.wet=1 are the same setting",
        ),
    ):
        assert main(["denoise", "a.wav", "-o", "no.wav", *options]) == 2
        assert text in capsys.readouterr().err and not Path("no.wav").exists()


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"dap-stream {__version__}\n"
