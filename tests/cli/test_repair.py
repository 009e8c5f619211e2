"""`dap-stream repair`: what is found, what is told of it, what is changed and what is not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from fake_repairs import fake_repair, silent_repair
from recordings import FAST, read, snapshot, sound, write

from dap_stream.cli.main import main
from dap_stream.processors.inpaint.settings import InpaintSettings
from dap_stream.processors.repairs import USUAL

RATE = 16000
CLICKS = (4000, 4003, 20000)  # the first two are one: see `damaged`


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clicks are what is loud, and nothing else is damage."""
    silent_repair(monkeypatch, *USUAL)
    fake_repair(monkeypatch, "clicks")


def damaged(seconds: float = 2.0) -> npt.NDArray[np.float64]:
    """Two channels; a click of 4 samples in the first at 0.25 s, one of 2 in the second at 1.25 s."""
    audio = sound(seconds, RATE, 2)
    audio[0, 4000:4004] = 0.98
    audio[1, 20000:20002] = -0.97
    return audio


def repaired(audio: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(np.abs(audio) > 0.9, audio / 2.0, audio)


# ---------------------------------------------------------------- repaired


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_only_damage_is_changed(fake: None, subtype: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("tape.wav"), damaged(), subtype=subtype)
    before = read(Path("tape.wav"))
    assert main(["repair", "tape.wav", "--removed", "damage.wav"]) == 0
    after = read(Path("tape_repaired.wav"))
    np.testing.assert_array_equal(after[before == repaired(before)], before[before == repaired(before)])
    np.testing.assert_allclose(after, repaired(before), rtol=0.0, atol=2.0**-15)
    np.testing.assert_array_equal(after + read(Path("damage.wav")), before)
    assert np.count_nonzero(read(Path("damage.wav"))) == 6
    out = capsys.readouterr()
    assert out.out.startswith(
        "tape.wav -> tape_repaired.wav: 0:02 at 16000 Hz, 2 channels; clicks: 2, 0.375 ms in all; took "
    )
    assert [line for line in out.err.splitlines() if "compiling kernels" not in line] == []  # a first run


def test_json_has_all_findings(fake: None, capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("tape.wav"), damaged())
    assert main(["repair", "tape.wav", "--json", "--start", "0.125"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["found"]["clicks"] == {"count": 2, "seconds": 6 / RATE}
    assert told["found"]["hum"] == {"count": 0, "seconds": 0.0}
    assert told["findings"] == [
        {
            "kind": "clicks", "start_s": start_s, "seconds": n / RATE,
            "channel": channel, "text": f"{n} loud samples", "count": 1,
        }
        for start_s, n, channel in ((0.25, 4, 1), (1.25, 2, 2))
    ]  # fmt: skip
    assert list(told["settings"]) == ["declip", "inpaint", "declick", "dehum"]


@pytest.mark.parametrize(
    ("options", "processors"),
    [
        ([], ["declip", "inpaint", "declick", "dehum"]),
        (["--hum", "--clipping"], ["declip", "dehum"]),
        (["--bandwidth", "--gaps"], ["inpaint", "bandwidth"]),
    ],
)
def test_kinds_have_a_fixed_order_and_what_is_made_up_is_asked_for(
    options: list[str], processors: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write(Path("a.wav"))
    assert main(["repair", "a.wav", "--detect", "--json", *options]) == 0
    assert list(json.loads(capsys.readouterr().out)["settings"]) == processors


def test_loudness_comes_last_and_the_removed_part_is_the_damage_alone(
    fake: None, capsys: pytest.CaptureFixture[str]
) -> None:
    write(Path("tape.wav"), damaged(), subtype="FLOAT")
    assert main(["repair", "tape.wav", "--clicks", "--loudness", "-30", "--removed", "r.wav", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)["settings"]) == ["declick", "loudness"]
    assert np.count_nonzero(read(Path("r.wav"))) == 6
    assert (
        main(["denoise", "tape.wav", "--repair", "hum,bandwidth", "--loudness", "-30", "--dry-run", "--json"])
        == 0
    )
    settings = json.loads(capsys.readouterr().out)["settings"]
    assert list(settings) == ["dehum", "denoise", "bandwidth", "loudness"]
    assert main(["repair", "tape.wav", "--detect", "--loudness", "-30"]) == 2
    assert "--loudness is about one" in capsys.readouterr().err


def test_what_a_first_pass_told_is_known_from_the_first_sample_on(capsys: pytest.CaptureFixture[str]) -> None:
    time_s = np.arange(12 * RATE) / RATE
    hum = sum(0.02 * np.sin(2.0 * np.pi * 50.0 * k * time_s + k) for k in range(1, 12))
    write(Path("hum.wav"), (sound(12.0, RATE, 1)[0] * 0.3 + hum)[None], subtype="FLOAT")
    assert main(["repair", "hum.wav", "--hum", "--json", "--removed", "r.wav"]) == 0
    told = json.loads(capsys.readouterr().out)["findings"]
    assert [(each["start_s"], each["seconds"]) for each in told] == [(0.0, 12.0)]
    assert np.sqrt(np.mean(read(Path("r.wav"))[0, :RATE] ** 2)) > 0.02  # in a pipe it takes 8 s to be sure


def test_nothing_found_is_the_same_recording(fake: None, capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("a.wav"), sound(2.0, 44100, 2), 44100, "PCM_24")
    before = Path("a.wav").read_bytes()
    assert main(["repair", "a.wav"]) == 0
    assert Path("a_repaired.wav").read_bytes() == before
    assert "; nothing found (clipping, gaps, clicks, hum); took" in capsys.readouterr().out
    assert main(["repair", "a.wav", "--in-place"]) == 0
    assert Path("a.wav").read_bytes() == before


def test_in_place_and_several(fake: None) -> None:
    for name in ("a.wav", "b.wav"):
        write(Path(name), damaged())
    before = read(Path("a.wav"))
    assert main(["repair", "a.wav", "b.wav", "--in-place"]) == 0
    for name in ("a.wav", "b.wav"):
        np.testing.assert_allclose(read(Path(name)), repaired(before), rtol=0.0, atol=2.0**-15)
    assert set(snapshot(Path())) == {"a.wav", "b.wav"}


def test_dry_run_touches_nothing(fake: None, capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("a.wav"), damaged())
    before = snapshot(Path())
    assert main(["repair", "a.wav", "--hum", "--clicks", "--dry-run"]) == 0
    text = capsys.readouterr().out
    assert "a.wav -> a_repaired.wav (dry run: nothing is written)" in text
    assert text.index("declick: ") < text.index("dehum: ") and "denoise" not in text and "estimate: " in text
    assert snapshot(Path()) == before


# ---------------------------------------------------------------- only looked at


def test_detect_writes_nothing_and_tells_a_table(fake: None, capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("tape.wav"), damaged())
    before = snapshot(Path())
    assert main(["repair", "tape.wav", "--detect"]) == 0
    assert snapshot(Path()) == before
    assert capsys.readouterr().out.splitlines() == [
        "tape.wav: 0:02 at 16000 Hz, 2 channels; clicks: 2, 0.375 ms in all",
        "  kind       start    length  channel  what",
        "  clicks  0:00.250  0.250 ms  1        4 loud samples",
        "  clicks  0:01.250  0.125 ms  2        2 loud samples",
    ]


def test_detect_tells_what_would_be_repaired(fake: None, capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("tape.wav"), damaged())
    told = []
    for options in (["--detect"], []):
        assert main(["repair", "tape.wav", "--json", *options]) == 0
        told.append(json.loads(capsys.readouterr().out))
    assert told[0]["findings"] == told[1]["findings"] and told[0]["found"] == told[1]["found"]
    assert (told[0]["output"], told[1]["output"]) == (None, "tape_repaired.wav")


def test_a_long_table_is_cut(fake: None, capsys: pytest.CaptureFixture[str]) -> None:
    audio = sound(2.0, RATE)
    audio[0, 100::200] = 0.99
    write(Path("a.wav"), audio)
    assert main(["repair", "a.wav", "--detect", "--labels", "all.txt"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("clicks: 160, 10.0 ms in all") and len(lines) == 53
    assert lines[-1] == "  and 110 more of clicks; --json and --labels have them all"
    assert len(Path("all.txt").read_text().splitlines()) == 160


# ---------------------------------------------------------------- labels


def test_labels_are_what_audacity_imports(fake: None, capsys: pytest.CaptureFixture[str]) -> None:
    """Start, end and text, with tabs between: https://manual.audacityteam.org/man/importing_and_exporting_labels.html"""
    write(Path("tape.wav"), damaged())
    assert main(["repair", "tape.wav", "--labels", "l.txt"]) == 0
    assert "labels in l.txt" in capsys.readouterr().out
    assert Path("l.txt").read_text() == (
        "0.250000\t0.250250\tclicks (1): 4 loud samples\n1.250000\t1.250125\tclicks (2): 2 loud samples\n"
    )


def test_labels_belong_to_what_is_looked_at_beside_them(fake: None) -> None:
    """The result begins at ``--start``; the recording that was only looked at does not."""
    write(Path("tape.wav"), damaged())
    assert main(["repair", "tape.wav", "--start", "1", "--labels", "result.txt", "-q"]) == 0
    assert main(["repair", "tape.wav", "--start", "1", "--labels", "tape.txt", "--detect"]) == 0
    assert Path("result.txt").read_text().startswith("0.250000\t")
    assert Path("tape.txt").read_text().startswith("1.250000\t")


def test_labels_of_several_go_into_a_folder(fake: None) -> None:
    Path("labels").mkdir()
    for name in ("a.wav", "b.flac"):
        write(Path(name), damaged())
    assert main(["repair", "a.wav", "b.flac", "--detect", "--labels", "labels", "-q"]) == 0
    assert set(snapshot(Path("labels"))) == {"a_labels.txt", "b_labels.txt"}
    assert main(["repair", "a.wav", "b.flac", "--detect", "--labels", "labels", "-q"]) == 1, "they are there"
    assert main(["repair", "a.wav", "b.flac", "--detect", "--labels", "labels", "-q", "--force"]) == 0


@pytest.mark.skipif("marks" not in InpaintSettings.__dataclass_fields__, reason="gaps cannot be marked yet")
def test_marked_stretches_are_gaps_too(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("a.wav"), sound(3.0))
    Path("m.txt").write_text("0.500000\t0.510000\tbefore\n2.000000\t2.020000\tthis one\n")
    options = ["--gaps", "--marks", "m.txt", "--set", "inpaint.find=false", "--json"]
    assert main(["repair", "a.wav", "--start", "1", *options]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [round(each["start_s"], 3) for each in told["findings"]] == [2.0]
    before, after = read(Path("a.wav"))[0, 16000:], read(Path("a_repaired.wav"))[0]
    changed = np.flatnonzero(before != after)
    assert changed.min() >= 16000 and changed.max() < 16000 + 320 and len(changed) > 200


# ---------------------------------------------------------------- in other commands


def test_denoise_repairs_first(fake: None, capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("tape.wav"), damaged())
    options = ["--repair", "bandwidth,clicks", "--json", "--chain", "denoise,gain"]
    assert main(["denoise", "tape.wav", *options, *FAST]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told["settings"]) == ["declick", "denoise", "bandwidth", "gain"]
    assert told["found"]["clicks"]["count"] == 2
    assert main(["denoise", "tape.wav", "--repair", "clicks", "--force", *FAST]) == 0
    assert "; clicks: 2, 0.375 ms in all; " in capsys.readouterr().out
    assert main(["denoise", "tape.wav", "-o", "plain.wav", *FAST]) == 0
    assert np.abs(read(Path("tape_clean.wav"))).max() < np.abs(read(Path("plain.wav"))).max()


def test_edit_repairs_in_place(fake: None) -> None:
    write(Path("tape.wav"), damaged())
    options = ["--chain", "gain", "--repair", "clicks", "-q"]
    before = read(Path("tape.wav"))
    assert main(["edit", "tape.wav", *options]) == 0
    np.testing.assert_allclose(read(Path("tape.wav")), repaired(before), rtol=0.0, atol=2.0**-15)


def test_batch_repairs_first_and_tells_it_in_its_table(fake: None) -> None:
    """In processes of their own, where there is no fake: the table says what was looked for."""
    Path("in").mkdir()
    write(Path("in/tape.wav"), damaged())
    options = [
        "--repair",
        "clicks",
        "--jobs",
        "1",
        "--table",
        "t.jsonl",
        "-q",
        "--set",
        "generator=classical",
    ]
    assert main(["batch", "in", "-o", "out", *options]) == 0
    (told,) = [json.loads(line) for line in Path("t.jsonl").read_text().splitlines()]
    assert any("clicks" in note for note in told["notes"])


def test_a_preset_is_for_more_chains_than_one(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.toml").write_text(
        'reduction_db = 12\nkeep = "any"\n[declick]\nsensitivity = 2\n[denoise]\nwet = 0.5\n'
    )
    write(Path("a.wav"))
    assert main(["repair", "a.wav", "--detect", "--json", "--clicks", "--preset", "mine.toml"]) == 0
    settings = json.loads(capsys.readouterr().out)["settings"]
    assert list(settings) == ["declick"] and settings["declick"]["sensitivity"] == 2.0
    assert main(["denoise", "a.wav", "--dry-run", "--json", "--preset", "mine.toml"]) == 0
    assert json.loads(capsys.readouterr().out)["settings"]["denoise"]["reduction_db"] == 12.0


# ---------------------------------------------------------------- what cannot be


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        ("repair a.wav --cliks", "unrecognized arguments: --cliks"),
        ("repair", "the following arguments are required: IN"),
        ("repair a.wav --detect -o b.wav", "--detect writes no recording, and -o is about one"),
        ("repair a.wav - --detect", "--detect writes no recording, and -o is about one"),
        ("repair a.wav --detect --in-place", "and --in-place is about one"),
        ("repair a.wav --detect --removed r.wav", "and --removed is about one"),
        ("repair a.wav --detect --report r.html", "and --report is about one"),
        ("repair a.wav --detect --dry-run", "and --dry-run is about one"),
        ("repair a.wav --detect --force", "and --force is about one"),
        ("repair a.wav --labels -", "--labels must be a file, not standard output"),
        ("repair a.wav --labels a.wav", "a.wav: is the recording itself; --labels must be another file"),
        ("repair a.wav -o b.wav --labels b.wav", "b.wav: output and --labels must be two files"),
        (
            "repair a.wav -o b.wav --removed r.wav --labels b.wav",
            "b.wav: output, --removed and --labels must be three files",
        ),
        ("repair a.wav --marks a.txt --hum", "--marks are gaps to be filled; add --gaps"),
        ("repair a.wav b.wav --marks a.txt", "--marks a.txt is about one recording, and here are 2"),
        ("repair a.wav --marks a.txt --set inpaint.marks=1-2", "are the same setting; keep one"),
        ("repair a.wav --marks a.txt", "the label at 1.5 s has no length; mark a stretch"),
        ("repair a.wav --set wet=1", "wet is a setting of denoise, which is not in the chain"),
        ("repair a.wav --set denoise.wet=1", "denoise is not in the chain"),
        ("repair a.wav --preset typo.toml", "unknown key 'reductoin_db'; did you mean 'reduction_db'?"),
        ("repair a.wav --preset other.toml", "unknown key 'gain'; did you mean 'gain_db'?"),
        ("repair a.wav --preset range.toml", "wet=7.0 must be a number in 0..1"),
        (
            "denoise a.wav --repair clix",
            "--repair clix: no repair of 'clix'; did you mean 'clicks'?; known: ",
        ),
        ("denoise a.wav --repair hum,hum", "--repair hum,hum: repair of hum is asked for twice; keep one"),
        ("denoise a.wav --repair hum,", "no repair of ''; known: "),
        (
            "denoise a.wav --chain declick,denoise --repair clicks",
            "clicks is repaired in the chain already, by declick; leave one of them out",
        ),
        (
            "live --simulate a.wav b.wav --repair gaps",
            "gaps cannot be repaired live, by inpaint; live there are ",
        ),
    ],
)
def test_what_cannot_be_is_one_line(argv: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("a.wav"))
    Path("a.txt").write_text("1.5\t1.5\tpoint\n")
    Path("typo.toml").write_text("reductoin_db = 3")
    Path("other.toml").write_text("[gain]\ngain = 1")
    Path("range.toml").write_text("wet = 7.0")
    before = snapshot(Path())
    assert main(argv.split()) == 2
    out = capsys.readouterr()
    assert text in out.err and out.err.startswith("dap-stream: error: ") and out.err.count("\n") == 1
    assert snapshot(Path()) == before


@pytest.mark.parametrize("argv", ["missing.wav", "missing.wav --detect", "text.wav --detect --labels l.txt"])
def test_recordings_that_cannot_be_read(argv: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("text.wav").write_text("no recording")
    assert main(["repair", *argv.split(), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["exit_status"] == 1 and told["output"] == (
        None if "--detect" in argv else "missing_repaired.wav"
    )
    assert list(snapshot(Path())) == ["text.wav"]


@pytest.mark.parametrize("n_samples", [1, 10, 5000])
def test_short_recordings_pass_every_repair(n_samples: int) -> None:
    kinds = ["--hum", "--clicks", "--clipping", "--gaps", "--bandwidth"]
    write(Path("a.wav"), sound(1.0)[:, :n_samples])
    assert main(["repair", "a.wav", "-q", *kinds]) == 0
    assert read(Path("a_repaired.wav")).shape == (1, n_samples)
