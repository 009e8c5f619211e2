"""Bad input: one clear line, the right exit status, and nothing touched."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from recordings import FAST, read, snapshot, sound, write

from dap_stream.cli.main import main
from dap_stream.core.profile import Profile
from dap_stream.io.profile_file import save_profile
from dap_stream.processors.denoise.settings import WINDOW_MS


def nothing() -> None:
    pass


@dataclass(frozen=True)
class Bad:
    """``argv`` after `denoise`, the exit status, a part of the one line, and what is prepared before."""

    argv: str
    status: int
    text: str
    prepare: Callable[[], object] = nothing

    def __str__(self) -> str:
        return self.argv


def truncated() -> None:
    write(Path("t.wav"))
    Path("t.wav").write_bytes(Path("t.wav").read_bytes()[:20000])


def no_samples() -> None:
    write(Path("n.wav"), np.zeros((1, 0)))


def slow() -> None:
    write(Path("s.wav"), sound(1.0, 7999), 7999)


def wide() -> None:
    write(Path("w.wav"), np.zeros((65, 100)))


def linked() -> None:
    Path("soft.wav").symlink_to("a.wav")
    Path("hard.wav").hardlink_to("a.wav")
    Path("dangling.wav").symlink_to("nowhere.wav")


def profiles() -> None:
    save_profile("other.npz", Profile("gan", WINDOW_MS, 1, {}))
    save_profile("window.npz", Profile("band", 99.0, 1, {}))
    for name, generator in (("weights.npz", "context"), ("bands.npz", "band")):
        save_profile(name, Profile(generator, WINDOW_MS, 1, {"x": np.zeros(3, np.float32)}))
    Path("broken.npz").write_bytes(Path("weights.npz").read_bytes()[:200])
    Path("toy.toml").write_text("wett = 1")


def linked_profile() -> None:
    profiles()
    Path("two.npz").hardlink_to("window.npz")


# Every case has a good a.wav and b.wav, a file old.wav that is no recording, and a folder `folder`.
CASES = [
    # recordings that cannot be read
    Bad("missing.wav", 1, "missing.wav: no such file"),
    Bad("empty.wav", 1, "empty.wav: is empty (0 bytes)", lambda: Path("empty.wav").touch()),
    Bad("t.wav", 1, "t.wav: truncated: 0:00.624 of 0:01.000 are there", truncated),
    Bad("old.wav", 1, "old.wav: not an audio file"),
    Bad("folder", 1, "folder: is a folder"),
    Bad("fifo", 1, "fifo: is not a regular file; use - to read from a pipe", lambda: os.mkfifo("fifo")),
    Bad("n.wav", 1, "n.wav: holds no samples", no_samples),
    Bad("x.raw", 1, "--raw", lambda: Path("x.raw").write_bytes(bytes(100))),
    Bad("s.wav", 2, "s.wav: sample_rate=7999 Hz must be in 8000..384000", slow),
    Bad("w.wav", 2, "w.wav: channels=65 must be in 1..64", wide),
    # results that cannot be written
    Bad("a.wav -o missing/b.wav", 1, "there is no folder"),
    Bad("a.wav -o missing/", 1, "there is no folder"),
    Bad("a.wav --removed missing/b.wav", 1, "there is no folder"),
    Bad("a.wav --save-profile missing/p.npz", 1, "there is no folder"),
    Bad("a.wav --save-profile folder", 1, "is a folder"),
    Bad("a.wav -o old.wav", 1, "old.wav: exists already; choose another name with -o, or say --force"),
    Bad("a.wav --removed old.wav", 1, "old.wav: exists already"),
    Bad("a.wav -o dangling.wav", 1, "exists already", linked),
    Bad("a.wav -o b.xyz", 2, "extension .xyz is not known"),
    Bad("w.wav -o w.flac", 2, "FLAC cannot hold 65 channels; choose .wav", wide),
    # results that would destroy something
    Bad("a.wav -o a.wav", 2, "a.wav: is the recording itself; say --in-place"),
    Bad("a.wav -o a.wav --force", 2, "a.wav: is the recording itself; say --in-place"),
    Bad("a.wav -o folder/../a.wav", 2, "is the recording itself"),
    Bad("a.wav -o soft.wav --force", 2, "soft.wav: is the recording itself", linked),
    Bad("soft.wav -o a.wav --force", 2, "a.wav: is the recording itself", linked),
    Bad("a.wav -o hard.wav --force", 2, "hard.wav: is the recording itself", linked),
    Bad("a.wav --removed a.wav --force", 2, "a.wav: is the recording itself; --removed must be another"),
    Bad("a.wav --in-place --removed a.wav", 2, "must be two files"),
    Bad("a.wav -o c.wav --removed c.wav", 2, "must be two files"),
    Bad("a.wav -o c.wav --removed folder/../c.wav", 2, "must be two files"),
    Bad("a.wav --save-profile a.wav", 2, "is one of the recordings"),
    Bad("a.wav -o c.wav --save-profile c.wav", 2, "is one of the recordings"),
    Bad("a.wav --save-profile old.wav", 2, "exists and is no profile"),
    # what replacing would part is refused before anything is computed: a dry run says it too
    Bad("a.wav --in-place --dry-run", 1, "a.wav: is one file with 2 names (hard links)", linked),
    Bad(
        "a.wav --save-profile two.npz --dry-run",
        1,
        "two.npz: is one file with 2 names (hard links)",
        linked_profile,
    ),
    Bad("a.wav --in-place -o c.wav", 2, "--in-place"),
    Bad("a.wav --in-place --start 0.1", 2, "would cut the recording"),
    # several
    Bad("a.wav b.wav -o c.wav", 2, "c.wav must be an existing folder for 2 recordings"),
    Bad("a.wav b.wav -o missing", 2, "must be an existing folder"),
    Bad("a.wav b.wav -o folder --removed r.wav", 2, "--removed r.wav must be an existing folder"),
    Bad("a.wav b.wav --save-profile p.npz", 2, "keeps what was learned from one recording"),
    # usage
    Bad("", 2, "the following arguments are required: IN"),
    Bad("a.wav --wat", 2, "unrecognized arguments: --wat"),
    Bad("a.wav --reduct 3", 2, "unrecognized arguments"),
    Bad("a.wav --preset", 2, "expected one argument"),
    Bad("a.wav --preset podcats", 2, "preset 'podcats' does not exist; did you mean 'podcast'?"),
    Bad("a.wav --preset toy.toml", 2, "unknown key 'wett'; did you mean 'wet'?", profiles),
    Bad("a.wav --preset missing.toml", 2, "missing.toml cannot be read"),
    Bad("a.wav --set reductoin_db=3", 2, "unknown key 'reductoin_db'; did you mean 'reduction_db'?"),
    Bad("a.wav --set wet", 2, "'wet' must look like key=value"),
    Bad("a.wav --set wet=1 --wet 0.5", 2, "--wet 0.5 and --set wet=1 are the same setting"),
    Bad("a.wav --reduction loud", 2, "reduction_db='loud' must be a number"),
    Bad("a.wav --reduction -3", 2, "reduction_db=-3.0 must be a number in 0..60 dB"),
    Bad("a.wav --reduction 61", 2, "reduction_db=61.0 must be a number in 0..60 dB"),
    Bad("a.wav --reduction nan", 2, "reduction_db=nan"),
    Bad("a.wav --wet 1.5", 2, "wet=1.5 must be a number in 0..1"),
    Bad("a.wav --passes 3", 2, "passes=3 must be one of 1, 2"),
    Bad("a.wav --steps -1", 2, "steps=-1 must be a whole number in 0.."),
    Bad("a.wav --seed 0.5", 2, "seed='0.5' must be a whole number"),
    Bad("a.wav --device gpu", 2, "device='gpu' must be one of auto, cpu, cuda"),
    Bad("a.wav --start noon", 2, "--start: time 'noon' must look like"),
    Bad("a.wav --start 1", 2, "start=1.000 s must be in 0 s .. 1.000 s, end excluded"),
    Bad("a.wav --start 1:30", 2, "start=90.000 s"),
    Bad("a.wav --start 0.5 --end 0.5", 2, "--end 0.5 must be later than --start 0.5"),
    Bad("a.wav --end 0", 2, "--end 0 must be later than --start 0"),
    Bad("a.wav --raw f32le:48000:2", 2, "--raw is for pipes"),
    # profiles
    Bad("a.wav --profile missing.npz", 1, "cannot read profile missing.npz"),
    Bad("a.wav --profile old.wav", 1, "old.wav: not a dap_stream profile"),
    Bad("a.wav --profile broken.npz", 1, "broken.npz: not a dap_stream profile, or damaged", profiles),
    Bad("a.wav --profile other.npz", 1, "the profile is for generator=gan", profiles),
    Bad("a.wav --profile window.npz", 1, "window_ms=99", profiles),
    Bad("a.wav --profile weights.npz --generator context", 1, "do not fit the context generator", profiles),
    Bad("a.wav --profile weights.npz", 1, "for generator=context, the settings say generator=band", profiles),
    Bad("a.wav --profile bands.npz", 1, "do not fit the band network", profiles),
    Bad("a.wav --profile weights.npz --set generator=classical", 2, "--profile is of no use", profiles),
    Bad("a.wav --save-profile p.npz --set generator=classical", 2, "--save-profile is of no use"),
    # pipes
    Bad("- a.wav", 2, "- (standard input) must be the only input"),
    Bad("- - --passes 2", 2, "passes=2 needs a file, since standard input can be read only once"),
    Bad("- - --set passes=2", 2, "passes=2 needs a file"),
    Bad("- --start 1 -o b.wav", 2, "--start and --end need a file"),
    Bad("- --in-place", 2, "--in-place"),
    Bad("- -o folder", 2, "folder is a folder; name a file in it"),
    Bad("- - --raw f32", 2, "raw='f32' must be ENCODING:RATE:CHANNELS"),
    Bad("a.wav - -o c.wav", 2, "are two outputs"),
    Bad("a.wav b.wav -", 2, "2 recordings do not fit into one standard output"),
    Bad("a.wav --removed -", 2, "--removed must be a file"),
    Bad("a.wav - --raw f32le:48000:2", 2, "does not fit a.wav, which has 16000 Hz and 1"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("a.wav"))
    write(Path("b.wav"))
    Path("old.wav").write_text("not a recording, and dear to somebody")
    Path("folder").mkdir()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_line_and_nothing_touched(case: Bad, capsys: pytest.CaptureFixture[str]) -> None:
    case.prepare()
    before = snapshot(Path())
    assert main(["denoise", *case.argv.split()]) == case.status
    out = capsys.readouterr()
    assert out.out == ""
    assert out.err.startswith("dap-stream: error: ") and out.err.count("\n") == 1
    assert case.text in out.err
    assert snapshot(Path()) == before


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        ([], "required: COMMAND"),
        (["denois"], "denois"),
        (["presets", "musik"], "did you mean 'music'"),
        (["info", "missing.wav"], "no such file"),
        (["info", "old.wav"], "not an audio file"),
        (["demo", "-o", "old.wav/x"], "cannot be made"),
    ],
)
def test_other_commands(argv: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = snapshot(Path())
    assert main(argv) in (1, 2)
    err = capsys.readouterr().err
    assert text in err and err.count("\n") == 1 and snapshot(Path()) == before


def test_unreadable(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.wav").chmod(0)
    if os.geteuid() == 0:  # root may read everything
        opened = Path.open

        def refuse(self: Path, *args: object, **kwargs: object) -> object:
            if self.name == "a.wav":
                raise PermissionError(13, "Permission denied")
            return opened(self, *args, **kwargs)  # type: ignore[call-overload]

        monkeypatch.setattr(Path, "open", refuse)
    assert main(["denoise", "a.wav"]) == 1
    assert "a.wav: cannot be read (Permission denied); check its permissions" in capsys.readouterr().err


def test_read_only_folder(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    Path("folder").chmod(0o555)
    if os.geteuid() == 0:  # root may write everywhere
        monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert main(["denoise", "a.wav", "-o", "folder"]) == 1
    assert "folder is read-only; choose another one" in capsys.readouterr().err
    assert not list(Path("folder").iterdir())


def test_no_room_is_known_before_the_work(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    full = os.statvfs_result((4096, 4096, 1000, 3, 3, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda path: full)
    assert main(["denoise", "a.wav"]) == 1
    assert "needs 0.0 MB, and the disk has 0.0 MB left; free some space" in capsys.readouterr().err


def test_cuda_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA GPU")
    before = snapshot(Path())
    assert main(["denoise", "a.wav", "--device", "cuda"]) == 1
    assert "a.wav: device=cuda was asked for, but there is no CUDA GPU here" in capsys.readouterr().err
    assert snapshot(Path()) == before


def test_one_bad_file_does_not_stop_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["denoise", "a.wav", "missing.wav", "old.wav", "b.wav", *FAST]) == 1
    out = capsys.readouterr()
    assert len(out.out.splitlines()) == 2
    assert out.err.splitlines()[-1] == "dap-stream: 2 of 4 recordings done; failed: missing.wav, old.wav"
    for name in ("a_clean.wav", "b_clean.wav"):
        assert read(Path(name)).shape == (1, 16000)


def test_a_file_that_breaks_on_the_way_does_not_stop_the_rest(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dap_stream.apps.files import clean
    from dap_stream.core.render import render

    def fail_once(source: object, *args: object, **kwargs: object) -> object:
        monkeypatch.setattr(clean, "render", render)
        raise RuntimeError("a fault\nof ours")

    monkeypatch.setattr(clean, "render", fail_once)
    assert main(["denoise", "a.wav", "b.wav", *FAST]) == 1
    err = capsys.readouterr().err
    assert "Traceback" in err and "error: a.wav: RuntimeError: a fault of ours; please report this" in err
    assert set(snapshot(Path())) == {"a.wav", "b.wav", "b_clean.wav", "folder", "old.wav"}


def test_results_of_two_recordings_in_one_file(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("folder/a.wav"))
    Path("out").mkdir()
    assert main(["denoise", "a.wav", "folder/a.wav", "b.wav", "-o", "out", *FAST]) == 1
    assert "would be the result of" in capsys.readouterr().err
    assert set(snapshot(Path("out"))) == {"b_clean.wav"}


def test_a_result_never_replaces_another_recording(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("a_clean.wav"), sound(0.5))
    before = Path("a_clean.wav").read_bytes()
    assert main(["denoise", "a.wav", "a_clean.wav", "--force", *FAST]) == 1
    assert "a_clean.wav: is one of the recordings to be read" in capsys.readouterr().err
    assert Path("a_clean.wav").read_bytes() == before and Path("a_clean_clean.wav").exists()


def test_the_same_recording_twice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["denoise", "a.wav", "folder/../a.wav", *FAST]) == 1
    assert "would be the result of" in capsys.readouterr().err
    assert not Path("a_clean.wav").exists()
