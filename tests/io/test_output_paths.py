"""Names of results, and the refusal of all that would destroy something."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from recordings import write

from dap_stream.cli.main import main
from dap_stream.errors import DapStreamError, OutputError, SettingError
from dap_stream.io.output_paths import (
    Names,
    OutputCheck,
    check_free,
    check_free_in,
    check_names,
    exists_already,
    holds_already,
    make_names,
)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def count_look_ups(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How often a file was looked up since the last call."""
    count = 0

    def counted(look_up: Callable[..., object]) -> Callable[..., object]:
        def look_up_counted(*arguments: object, **options: object) -> object:
            nonlocal count
            count += 1
            return look_up(*arguments, **options)

        return look_up_counted

    for module, name in ((os, "stat"), (os, "lstat"), (os.path, "realpath"), (os.path, "lexists")):
        monkeypatch.setattr(module, name, counted(getattr(module, name)))

    def since_last_call() -> int:
        nonlocal count
        counted_so_far, count = count, 0
        return counted_so_far

    return since_last_call


def test_twice_as_many_names_take_twice_as_many_look_ups(count_look_ups: Callable[[], int]) -> None:
    def look_ups(n_names: int) -> int:
        names = [Names(f"in{i}.wav", f"out{i}.wav", f"rest{i}.wav") for i in range(n_names)]
        count_look_ups()
        check = OutputCheck(names)
        for name in names:
            check.check(name)
        return count_look_ups()

    few, many = look_ups(100), look_ups(800)
    assert many <= 8.5 * few


def test_a_command_looks_up_each_recording_a_few_times(
    count_look_ups: Callable[[], int], capsys: pytest.CaptureFixture[str]
) -> None:
    """None of them is there, so that nothing else takes time."""

    def look_ups(n_names: int) -> int:
        count_look_ups()
        assert main(["denoise", *(f"in{i}.wav" for i in range(n_names)), "-q"]) == 1
        assert capsys.readouterr().err.count("no such file") == n_names
        return count_look_ups()

    look_ups(1)  # what is imported then is looked up too
    few, many = look_ups(20), look_ups(160)
    assert many <= 8.5 * few


def own_result() -> list[Names]:
    return [Names("a.wav", "a.wav")]


def linked_result() -> list[Names]:
    Path("link.wav").symlink_to("a.wav")
    return [Names("a.wav", "link.wav")]


def hard_linked_result() -> list[Names]:
    os.link("a.wav", "hard.wav")
    return [Names("a.wav", "hard.wav")]


def through_a_linked_folder() -> list[Names]:
    Path("real").mkdir()
    Path("linked").symlink_to("real")
    return [Names("a.wav", "real/new.wav"), Names("b.wav", "linked/new.wav")]


REFUSED: dict[str, tuple[Callable[[], list[Names]], str]] = {
    "itself": (
        own_result,
        "a.wav: is the recording itself; say in_place=True to replace it, or choose another name",
    ),
    "itself, by a link": (
        linked_result,
        "link.wav: is the recording itself; say in_place=True to replace it, or choose another name",
    ),
    "itself, by a hard link": (
        hard_linked_result,
        "hard.wav: is the recording itself; say in_place=True to replace it, or choose another name",
    ),
    "itself as what is removed": (
        lambda: [Names("a.wav", "x.wav", "a.wav")],
        "a.wav: is the recording itself; removed must be another file",
    ),
    "itself as what is removed, in place": (
        lambda: [Names("a.wav", "a.wav", "./a.wav", in_place=True)],
        "a.wav: output and removed must be two files",
    ),
    "two results of one": (
        lambda: [Names("a.wav", "x.wav", "./x.wav")],
        "x.wav: output and removed must be two files",
    ),
    "another recording": (
        lambda: [Names("a.wav", "b.wav"), Names("b.wav", "x.wav")],
        "b.wav: is one of the recordings to be read; choose another name or folder",
    ),
    "another recording as what is removed": (
        lambda: [Names("a.wav", "x.wav", "b.wav"), Names("b.wav", "y.wav")],
        "b.wav: is one of the recordings to be read; choose another name or folder",
    ),
    "the same result": (
        lambda: [Names("a.wav", "x.wav"), Names("b.wav", "./x.wav")],
        "x.wav: would be the result of b.wav and of a.wav; rename one",
    ),
    "the same result, by a linked folder": (
        through_a_linked_folder,
        "real/new.wav: would be the result of b.wav and of a.wav; rename one",
    ),
    "what is removed as another result": (
        lambda: [Names("a.wav", "x.wav", "y.wav"), Names("b.wav", "y.wav")],
        "y.wav: would be the result of b.wav and of a.wav; rename one",
    ),
    "one recording twice": (
        lambda: [Names("a.wav", "x.wav"), Names("a.wav", "x.wav")],
        "x.wav: would be the result of a.wav and of a.wav; rename one",
    ),
    "one recording twice, in place": (
        lambda: [Names("a.wav", "a.wav", in_place=True), Names("./a.wav", "./a.wav", in_place=True)],
        "a.wav: is one of the recordings to be read; choose another name or folder",
    ),
}


@pytest.mark.parametrize(("make", "text"), REFUSED.values(), ids=REFUSED)
def test_what_would_destroy_something_is_refused_with_force_too(
    make: Callable[[], list[Names]], text: str
) -> None:
    for name in ("a.wav", "b.wav"):
        write(Path(name))
    names = make()
    for force in (False, True):
        with pytest.raises(SettingError) as caught:
            check_names(names[0], names, force)
        assert str(caught.value) == text
        with pytest.raises(SettingError) as caught:
            OutputCheck(names, force).check(names[0])
        assert str(caught.value) == text


def test_all_the_rest_may_be_written() -> None:
    for name in ("a.wav", "b.wav"):
        write(Path(name))
    names = [
        Names("a.wav", "a.wav", "rest.wav", in_place=True),
        Names("b.wav", "-"),
        Names("-", "c.wav"),
        Names("-", "-"),
    ]
    check = OutputCheck(names)
    for names_of_one in names:
        check.check(names_of_one)


@pytest.mark.parametrize("kind", ["file", "dangling link"])
def test_what_exists_needs_force(kind: str) -> None:
    write(Path("a.wav"))
    if kind == "file":
        Path("old.wav").write_text("dear")
    else:
        Path("old.wav").symlink_to("nowhere.wav")
    text = "old.wav: exists already; choose another output, or say force=True to replace it"
    for names in (Names("a.wav", "old.wav"), Names("a.wav", "new.wav", "old.wav")):
        with pytest.raises(OutputError) as caught:
            OutputCheck([names]).check(names)
        assert str(caught.value) == text
        OutputCheck([names], force=True).check(names)
    in_place = Names("a.wav", "a.wav", "old.wav", in_place=True)
    with pytest.raises(OutputError, match=r"old\.wav: exists already"):
        OutputCheck([in_place]).check(in_place)


def test_there_is_one_protection_for_files_and_one_for_folders() -> None:
    folder = Path("folder")
    folder.mkdir()
    check_free("new.wav", force=False, other="another name")
    check_free(folder, force=False, other="another name")  # a folder has another error, later
    check_free_in(folder, ["a.wav", "b.wav"], force=False, other="another folder")
    (folder / "b.wav").symlink_to("nowhere.wav")
    cases: list[tuple[Callable[[bool], None], DapStreamError]] = [
        (
            lambda force: check_free(folder / "b.wav", force, "another OUT"),
            exists_already(folder / "b.wav", "another OUT"),
        ),
        (
            lambda force: check_free_in(folder, ["a.wav", "b.wav"], force, "another folder"),
            holds_already(folder, "b.wav", "another folder"),
        ),
    ]
    for check, error in cases:
        with pytest.raises(OutputError) as caught:
            check(False)
        assert str(caught.value) == str(error)
        check(True)
    assert str(cases[0][1]) == (
        "folder/b.wav: exists already; choose another OUT, or say force=True to replace it"
    )
    assert str(cases[1][1]) == "folder: has a b.wav already; choose another folder, or say force=True"


def test_names_beside_the_recording_and_in_folders() -> None:
    Path("out").mkdir()
    assert make_names(["a/x.wav"], None) == [Names("a/x.wav", "a/x_clean.wav")]
    assert make_names(["a/x.wav", "y.flac"], "out", "out") == [
        Names("a/x.wav", "out/x_clean.wav", "out/x_removed.wav"),
        Names("y.flac", "out/y_clean.flac", "out/y_removed.flac"),
    ]
    assert make_names(["x.wav"], None, in_place=True) == [Names("x.wav", "x.wav", in_place=True)]
    assert make_names(["-"], None) == [Names("-", "-")]
