"""What takes the place of what: kinds of files, targets that appear, owners and rights, leftovers."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from recordings import snapshot

from dap_stream.core.interrupts import Stopped, stop_on_signals
from dap_stream.errors import OutputError
from dap_stream.io.atomic_file import HiddenFile
from dap_stream.io.file_set import replace_together, write_whole
from dap_stream.io.part_files import OLD, PLAN, hidden_path, kind_of

needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away"
)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def staged(name: str, text: str = "new", force: bool = True) -> HiddenFile:
    hidden = HiddenFile(name, force)
    hidden.create().write_text(text)
    hidden.settle()
    return hidden


# ---------------------------------------------------------------- kinds


def make_socket(name: str) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)


KINDS: dict[str, tuple[Callable[[], object], str]] = {
    "named pipe": (lambda: os.mkfifo("x"), "a named pipe"),
    "link to a device": (lambda: Path("x").symlink_to("/dev/null"), "a device"),
    "socket": (lambda: make_socket("x"), "a socket"),
    "link to itself": (lambda: Path("x").symlink_to("x"), "a link in a circle"),
}


@pytest.mark.parametrize(("make", "kind"), KINDS.values(), ids=KINDS)
def test_only_files_are_replaced(make: Callable[[], object], kind: str) -> None:
    make()
    before = os.lstat("x"), os.stat("/dev/null").st_rdev
    for force in (False, True):
        with pytest.raises(OutputError) as caught:
            HiddenFile("x", force).create()
        assert str(caught.value) == (
            f"x: is {kind}, which no file replaces; choose another name, "
            "or send the result to - (standard output)"
        )
    assert (os.lstat("x"), os.stat("/dev/null").st_rdev) == before and os.listdir() == ["x"]


def test_the_file_behind_a_link_is_replaced_and_the_link_stays() -> None:
    Path("folder").mkdir()
    Path("folder/real").write_text("old")
    Path("link").symlink_to("folder/real")
    Path("dangling").symlink_to("folder/soon")
    for name in ("link", "dangling"):
        write_whole(Path(name), b"new")
        assert Path(name).is_symlink() and Path(name).read_text() == "new"
    assert sorted(os.listdir("folder")) == ["real", "soon"]


def test_a_file_with_several_names_is_refused() -> None:
    Path("a").write_text("old")
    os.link("a", "b")
    with pytest.raises(
        OutputError, match=r"^a: is one file with 2 names \(hard links\), .*choose another name$"
    ):
        HiddenFile("a").create()
    assert snapshot(Path()) == {"a": b"old", "b": b"old"}


# ---------------------------------------------------------------- what appears meanwhile


def test_what_appears_meanwhile_is_not_replaced() -> None:
    one, other = staged("a", "one", force=False), staged("a", "other", force=False)
    replace_together([one])
    with pytest.raises(OutputError) as caught:
        replace_together([other])
    other.remove()
    assert str(caught.value) == (
        "a: has appeared meanwhile; choose another name, or say force=True to replace it"
    )
    assert snapshot(Path()) == {"a": b"one"}


def test_a_link_that_appears_meanwhile_is_not_replaced() -> None:
    hidden = staged("a", force=False)
    Path("a").symlink_to("nowhere")
    with pytest.raises(OutputError, match="has appeared meanwhile"):
        replace_together([hidden])
    hidden.remove()
    assert os.listdir() == ["a"] and os.readlink("a") == "nowhere"


@pytest.mark.parametrize("exists", [False, True])
def test_where_there_are_no_links(exists: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*arguments: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    hidden = staged("a", force=False)
    if exists:
        Path("a").write_text("old")
        with pytest.raises(OutputError, match="has appeared meanwhile"):
            replace_together([hidden])
    else:
        replace_together([hidden])
    hidden.remove()
    assert snapshot(Path()) == {"a": b"old" if exists else b"new"}
    Path("b").write_text("old")
    write_whole(Path("a"), b"old")
    last = staged("c", force=True)
    Path("c").mkdir()  # cannot be replaced by a file
    with pytest.raises(OutputError, match=r"c: cannot take its place"):
        replace_together([staged("a"), staged("b"), last])
    last.remove()
    assert snapshot(Path()) == {"a": b"old", "b": b"old", "c": None}


# ---------------------------------------------------------------- sets


@pytest.mark.parametrize("force", [False, True])
def test_one_that_fails_takes_the_others_back(force: bool) -> None:
    if force:
        Path("a").write_text("old a")
    files = [staged("a", force=force), staged("b", force=force), staged("c", force=force)]
    before = {"a": b"old a"} if force else {}
    Path("c").mkdir()
    with pytest.raises(OutputError, match=r"^c: "):
        replace_together(files)
    for file in files:
        file.remove()
    assert snapshot(Path()) == {**before, "c": None}


def test_what_cannot_be_taken_back_is_said() -> None:
    Path("a").write_text("old")
    files = [staged("a"), staged("b")]
    Path("b").mkdir()
    really_place = files[1].place

    def place() -> None:
        for path in Path().glob(".a.*.old.part"):  # somebody removes what it would be taken back from
            path.unlink()
        really_place()

    files[1].place = place  # type: ignore[method-assign]
    with pytest.raises(OutputError, match=r"^b: cannot take.*; a: new, and could not be put back$"):
        replace_together(files)
    files[1].remove()
    assert Path("a").read_text() == "new"


def test_signals_wait_until_all_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        Path(name).write_text("old")
    files = [staged("a"), staged("b"), staged("c", force=False)]
    really_replace = os.replace

    def replace(*names: str) -> None:
        signal.raise_signal(signal.SIGINT)
        really_replace(*names)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(os, "replace", replace)
    with stop_on_signals(), pytest.raises(Stopped, match="SIGINT"):
        replace_together(files)
    assert snapshot(Path()) == {"a": b"new", "b": b"new", "c": b"new"}


# ---------------------------------------------------------------- owners and rights


def test_the_part_is_never_more_readable_than_its_target() -> None:
    Path("a").write_text("secret")
    Path("a").chmod(0o600)
    hidden = HiddenFile("a")
    part = hidden.create()
    assert stat.S_IMODE(part.stat().st_mode) == 0o600
    part.write_text("new")
    hidden.settle()
    replace_together([hidden])
    assert stat.S_IMODE(os.stat("a").st_mode) == 0o600


def test_a_new_file_has_the_rights_of_any_new_file() -> None:
    Path("usual").touch()
    for name, force in (("a", True), ("b", False)):
        write_whole(Path(name), b"new", force=force)
        assert os.stat(name).st_mode == os.stat("usual").st_mode


@needs_root
def test_owner_group_and_rights_are_kept() -> None:
    Path("a").write_text("old")
    Path("a").chmod(0o2751)
    os.chown("a", 1234, 4321)
    Path("a").chmod(0o2751)
    before = os.stat("a")
    write_whole(Path("a"), b"new")
    after = os.stat("a")
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, 1234, 4321)


AS_A_STRANGER = """
import os, sys
from pathlib import Path
from dap_stream.io.file_metadata import lost_metadata
from dap_stream.io.file_set import write_whole
os.setgroups([])
os.setgid(1000)
os.setuid(1000)
for text in lost_metadata(Path("a")):
    print(text)
write_whole(Path("a"), b"new")
for text in lost_metadata(Path("a")):
    print(text)
"""


@needs_root
def test_what_was_for_a_group_is_not_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not in the group cannot give the file to it: then his own group may do what everybody may."""
    with tempfile.TemporaryDirectory() as open_to_all:  # the folders of tests are not
        Path(open_to_all).chmod(0o777)
        monkeypatch.chdir(open_to_all)
        _check_another_group()
        monkeypatch.undo()


LOST = "its owner (it will be yours)\nits group (which will have the rights of everybody)\n"


def _check_another_group() -> None:
    Path("a").write_text("old")
    os.chown("a", 1234, 4321)
    Path("a").chmod(0o664)
    run = subprocess.run([sys.executable, "-c", AS_A_STRANGER], check=True, stdout=subprocess.PIPE, text=True)
    assert run.stdout == LOST, "what it will lose is known before, and afterwards there is nothing to lose"
    after = os.stat("a")
    assert (after.st_uid, after.st_gid, stat.S_IMODE(after.st_mode)) == (1000, 1000, 0o644)


def test_attributes_and_access_lists_are_kept() -> None:
    Path("a").write_text("old")
    # Version 2; owner rw, user 1234 r, group none, mask r, others none.
    entries = ((1, 6, 2**32 - 1), (2, 4, 1234), (4, 0, 2**32 - 1), (16, 4, 2**32 - 1), (32, 0, 2**32 - 1))
    access = (2).to_bytes(4, "little") + b"".join(
        tag.to_bytes(2, "little") + rights.to_bytes(2, "little") + who.to_bytes(4, "little")
        for tag, rights, who in entries
    )
    try:
        os.setxattr("a", "user.place", b"studio")
        os.setxattr("a", "system.posix_acl_access", access)
    except (AttributeError, OSError):
        pytest.skip("needs a file system with attributes and access lists")
    before = os.stat("a").st_mode
    write_whole(Path("a"), b"new")
    assert os.getxattr("a", "user.place") == b"studio" and os.stat("a").st_mode == before
    assert os.getxattr("a", "system.posix_acl_access") == access
    # A list that the folder gives to new files is not for a file that had none.
    os.setxattr(".", "system.posix_acl_default", access)
    Path("b").write_text("old")
    os.removexattr("b", "system.posix_acl_access")
    Path("b").chmod(0o640)
    write_whole(Path("b"), b"new")
    assert "system.posix_acl_access" not in os.listxattr("b") and os.stat("b").st_mode & 0o777 == 0o640


# ---------------------------------------------------------------- leftovers

LIVE = """
import sys, time
from dap_stream.io.atomic_file import HiddenFile
HiddenFile("x.wav").create().write_text("from a live run")
print("ready", flush=True)
time.sleep(100)
"""


def test_leftovers_of_dead_runs_are_removed_and_those_of_live_ones_stay() -> None:
    process = subprocess.Popen([sys.executable, "-c", LIVE], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        (part,) = os.listdir()
        write_whole(Path("a"), b"1")
        assert sorted(os.listdir()) == sorted([part, "a"])
        process.kill()
        process.wait()
        assert part in os.listdir()
        write_whole(Path("a"), b"2")
        assert snapshot(Path()) == {"a": b"2"}
    finally:
        process.kill()
        process.communicate()


STRANGERS = [
    "x.part", ".x.part", ".x.wav.1a2b3c4d.part", ".x.dap_0123.part", ".x.dap_0123456789abcdeg.part",
    "x.dap_0123456789abcdef.part", ".x.dap_0123456789abcdef.part.bak", ".x.dap_0123456789abcdef.new.part",
]  # fmt: skip


def test_files_of_strangers_stay() -> None:
    for name in STRANGERS:
        Path(name).write_text("mine")
    folder, link, pipe = (Path(f".{name}.dap_0123456789abcdef.part") for name in ("folder", "link", "pipe"))
    folder.mkdir()
    link.symlink_to("x.part")
    os.mkfifo(pipe)
    write_whole(Path("a"), b"new")
    assert sorted(os.listdir()) == sorted([*STRANGERS, str(folder), str(link), str(pipe), "a"])
    assert Path("x.part").read_text() == "mine"


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": "dap_stream set 1"}', b"[]", b"\xff\x00"])
def test_a_plan_that_was_not_written_to_its_end_is_removed(content: bytes) -> None:
    hidden_path(Path("a"), PLAN).write_bytes(content)
    hidden_path(Path("a"), OLD).write_bytes(b"old")
    hidden_path(Path("a")).write_bytes(b"part")
    for _ in range(2):
        write_whole(Path("a"), b"new")
    assert snapshot(Path()) == {"a": b"new"}


@needs_root
def test_a_plan_of_somebody_else_is_not_followed() -> None:
    part, plan = hidden_path(Path("mine")), hidden_path(Path("a"), PLAN)
    Path("mine").write_text("mine")
    part.write_text("evil")
    done = Path("done")
    done.write_text("x")

    def state(path: Path) -> list[int]:
        status = path.stat()
        return [status.st_ino, status.st_size, status.st_mtime_ns]

    steps = [
        {
            "part": str(hidden_path(done)),
            "target": str(done),
            "backup": None,
            "new": state(done),
            "old": None,
        },
        {"part": str(part), "target": "mine", "backup": None, "new": state(part), "old": state(Path("mine"))},
    ]
    plan.write_text(json.dumps({"format": "dap_stream set 1", "copies": [], "steps": steps}))
    os.chown(plan, 1234, 1234)
    write_whole(Path("a"), b"new")
    assert Path("mine").read_text() == "mine" and plan.exists()
    os.chown(plan, 0, 0)
    write_whole(Path("a"), b"new")
    assert Path("mine").read_text() == "evil", "it would have been followed, had it been ours"


def test_names_are_recognised() -> None:
    for target in (Path("a"), Path("ä" * 120), Path("a\nb"), Path(os.fsdecode(b"\xff.wav"))):
        for kind in ("", OLD, PLAN):
            path = hidden_path(target, kind)
            assert kind_of(path.name) == kind and len(os.fsencode(path.name)) < 255
    assert all(kind_of(name) is None for name in STRANGERS)


def test_many_write_and_tidy_up_at_once() -> None:
    """Nobody takes the file of another one for a leftover while it is made."""
    script = """
import sys
from pathlib import Path
from dap_stream.io.file_set import write_whole
for i in range(60):
    write_whole(Path(sys.argv[1]), str(i).encode())
"""
    runs = [
        subprocess.Popen([sys.executable, "-c", script, f"out{i}"], stderr=subprocess.PIPE) for i in range(4)
    ]
    end = time.monotonic() + 120.0
    errors = [run.communicate(timeout=end - time.monotonic())[1] for run in runs]
    assert errors == [b""] * 4
    assert snapshot(Path()) == {f"out{i}": b"59" for i in range(4)}
