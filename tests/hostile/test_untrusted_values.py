"""Values, names and presets that nobody means: one line that says what is wrong, soon, and no traceback."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from recordings import FAST, write

from dap_stream import DenoiseSettings, FileSource
from dap_stream.cli.main import main
from dap_stream.errors import InputError, SettingError

DIGITS = "9" * 5000
LONG_LINE = 4200
PATIENCE_S = 120


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def in_time() -> Iterator[None]:
    """A guard against what waits for ever."""

    def give_up(number: int, frame: object) -> None:
        pytest.fail("it hangs")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit status and the one line that is said."""
    status = main(argv)
    out, err = capsys.readouterr()
    assert status in (1, 2) and out == ""
    assert err.startswith("dap-stream: error: ") and err.count("\n") == 1 and len(err) < LONG_LINE
    assert "please report" not in err and "Traceback" not in err
    return status, err


@pytest.mark.parametrize(
    "options",
    [
        ("denoise", "-", "-o", "b.wav", "--raw", f"s16le:{DIGITS}:1"),
        ("denoise", "-", "-o", "b.wav", "--raw", f"s16le:16000:{DIGITS}"),
        ("denoise", "a.wav", "--start", DIGITS),
        ("denoise", "a.wav", "--end", f"1:{DIGITS}"),
        ("denoise", "a.wav", "--seed", DIGITS),
        ("denoise", "a.wav", "--set", f"wet={DIGITS}"),
        ("denoise", "a.wav", "--set", f"{DIGITS}=1"),
        ("denoise", "a.wav", "--generator", "x" * 100_000),
        ("denoise", "a.wav", "--chain", "denoise," * 5000),
        ("live", "--blocksize", "999999999999"),
        ("live", "--margin", "999999999999"),
        ("live", "--channels", DIGITS),
        ("live", "--rate", "999999999999"),
        ("live", "--simulate", "a.wav", "b.wav", "--duration", DIGITS),
        ("study", "a.wav", "--iterations", DIGITS),
        ("study", "a.wav", "--samples", f"1,{DIGITS}"),
    ],
)
def test_numbers_and_words_of_any_length(
    options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    write(Path("a.wav"))
    status, _ = refused(list(options), capsys)
    assert status == 2 and os.listdir() == ["a.wav"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"seed = {DIGITS}", "is not TOML: "),
        (f"seed = {'9' * 4000}", "seed="),
        (f"wet = {'[' * 5000}", "nested too deeply"),
        (f"generator = '{'x' * 100_000}'", "generator='xxx"),
        (f"a{'.a' * 3000} = 1", "no processor 'a'"),
        (f"wet = [{'1,' * 100_000}]", "wet=[1, 1"),
        ("#" * 2**21, "is larger than 1048576 bytes"),
    ],
)
def test_presets(text: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("p.toml").write_text(text)
    assert says in refused(["denoise", "a.wav", "--preset", "p.toml"], capsys)[1]


def test_presets_that_are_no_files(capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo("p.toml")
    Path("q.toml").mkdir()
    for name in ("p.toml", "/dev/zero"):
        assert "is no regular file" in refused(["denoise", "a.wav", "--preset", name], capsys)[1]
    assert "is a folder" in refused(["denoise", "a.wav", "--preset", "./q.toml"], capsys)[1]


def make_socket(name: str) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)


KINDS: dict[str, Callable[[str], object]] = {
    "named pipe": os.mkfifo,
    "socket": make_socket,
    "device": lambda name: Path(name).symlink_to("/dev/zero"),
    "folder": os.mkdir,
    "link to itself": lambda name: Path(name).symlink_to(name),
}


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(
    "command",
    [
        "denoise x",
        "denoise x --in-place",
        "denoise a.wav --profile x",
        "denoise a.wav --preset ./x",
        "denoise a.wav --noise-file x",
        "denoise a.wav --save-profile x",
        "denoise a.wav --save-profile x --force",
        "live --simulate x b.wav",
        "live --simulate a.wav b.wav --profile x",
        "live --simulate a.wav b.wav --preset ./x",
        "live --simulate a.wav b.wav --save-profile x",
        "live --simulate a.wav b.wav --record x",
        "study x",
        "study a.wav --clean x",
        "info x",
        "presets ./x",
    ],
)
def test_what_is_no_file_in_the_place_of_one(
    command: str, make: Callable[[str], object], capsys: pytest.CaptureFixture[str], in_time: None
) -> None:
    """Nobody waits for a writer, or reads without end; and all of it stays as it is."""
    write(Path("a.wav"))
    make("x")
    before = os.lstat("x")
    _, text = refused(command.split(), capsys)
    assert "No such device" not in text
    assert os.path.samestat(before, os.lstat("x")) and sorted(os.listdir()) == ["a.wav", "x"]


@pytest.mark.parametrize("make", [KINDS[name] for name in KINDS if name != "folder"])
@pytest.mark.parametrize("command", ["study a.wav -o x", "demo -o x", "educate -o x"])
def test_what_is_no_folder_in_the_place_of_one(
    command: str, make: Callable[[str], object], capsys: pytest.CaptureFixture[str], in_time: None
) -> None:
    write(Path("a.wav"))
    make("x")
    assert "x: cannot be made (File exists); choose another folder" in refused(command.split(), capsys)[1]


@pytest.mark.parametrize("name", [".", "..", "/", "./"])
def test_folders_in_the_place_of_recordings(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is a folder, not an audio file" in refused(["denoise", name], capsys)[1]


@pytest.mark.parametrize(
    "argv",
    [
        ["denoise", ""],
        ["denoise", "a.wav", ""],
        ["denoise", "a.wav", "-o", ""],
        ["denoise", "a.wav", "--removed", ""],
        ["denoise", "a.wav", "--profile", ""],
        ["denoise", "a.wav", "--preset", ""],
        ["live", "--simulate", "a.wav", ""],
        ["live", "--record", ""],
        ["study", ""],
        ["info", ""],
        ["demo", "-o", ""],
    ],
)
def test_empty_words(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("a.wav"))
    status, text = refused(argv, capsys)
    assert status == 2 and "is empty; give it a value, or leave it out" in text


@pytest.mark.parametrize("name", ["n" * 245 + ".wav", "é" * 120 + ".wav"])
def test_long_names_that_a_disk_takes(name: str) -> None:
    write(Path("a.wav")).rename(name)
    assert main(["denoise", name, "-o", "b.wav", *FAST]) == 0
    assert main(["denoise", "b.wav", "-o", name, "--force", *FAST]) == 0
    assert sorted(os.listdir()) == sorted(["b.wav", name])


def test_names_that_no_disk_takes(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("a.wav"))
    long = "n" * 300 + ".wav"
    for argv in (
        ["denoise", long],
        ["denoise", "a.wav", "-o", long],
        ["denoise", "a.wav", "--removed", long],
    ):
        refused(argv, capsys)
    write(Path("b.wav")).rename("n" * 248 + ".wav")  # with _clean it is too long
    assert "at most 255 bytes" in refused(["denoise", "n" * 248 + ".wav"], capsys)[1]
    refused(["denoise", "a.wav", "--preset", long], capsys)
    refused(["denoise", "a.wav", "--profile", long], capsys)


def test_the_same_from_python() -> None:
    with pytest.raises(SettingError, match=r"seed=a int too long to show must be a whole number"):
        DenoiseSettings(seed=10**5000)
    with pytest.raises(InputError, match="cannot be the name of a file"):
        FileSource("a\0b.wav")
