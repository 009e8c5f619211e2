"""Where results go: names made from those of the recordings, and a refusal of all that would destroy one."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dap_stream.errors import DapStreamError, InputError, OutputError, SettingError

PIPE = "-"
NOWHERE = ""
"""Output of a recording that is only looked at."""


def shown_name(path: str) -> str:
    """Name of an input or output, for people."""
    return "(pipe)" if path == PIPE else path


CLEAN, REMOVED, REPORT, REPAIRED, LABELS = "_clean", "_removed", "_report", "_repaired", "_labels"

_MAX_NAME_BYTES = 255  # of all file systems that matter


@dataclass(frozen=True)
class Names:
    """Files of one recording; ``-`` is standard input or output, no name (`NOWHERE`) no output."""

    source: str
    output: str
    removed: str | None = None
    in_place: bool = False
    report: str | None = None
    labels: str | None = None


def make_names(
    sources: Sequence[str],
    output: str | None,
    removed: str | None = None,
    in_place: bool = False,
    report: str | None = None,
    labels: str | None = None,
    ending: str = CLEAN,
) -> list[Names]:
    """One `Names` for each source. All that is written are files, or folders for several.

    Without ``output`` the result stands beside the recording, with ``ending`` in its name: ``talk.wav`` to
    ``talk_clean.wav``.
    """
    if PIPE in sources and len(sources) > 1:
        raise SettingError("- (standard input) must be the only input; name the output with -o")
    if output == PIPE and len(sources) > 1:
        raise SettingError(f"{len(sources)} recordings do not fit into one standard output; use -o FOLDER")
    for option, path in (("removed", removed), ("labels", labels)):
        if path == PIPE:
            raise SettingError(f"--{option} must be a file, not standard output")
    if in_place and (output is not None or PIPE in sources):
        raise SettingError("--in-place replaces the recordings themselves; it goes with neither -o nor -")
    if report is not None and (PIPE in (report, output) or PIPE in sources):
        raise SettingError(
            "--report reads recording and result again and writes a file, which a pipe does not allow; "
            "name files for all three"
        )
    if report is not None and in_place:
        raise SettingError(
            "--report shows the recording before and after, and in place the first is gone; "
            "write to another file"
        )
    made = []
    for source in sources:
        n = len(sources)
        target = (
            source if in_place else output if output == NOWHERE else _target(source, output, ending, "-o", n)
        )
        rest = None if removed is None else _target(source, removed, REMOVED, "--removed", n)
        page = None if report is None else _target(source, report, REPORT, "--report", n, ".html")
        marks = None if labels is None else _target(source, labels, LABELS, "--labels", n, ".txt")
        made.append(Names(source, target, rest, in_place, page, marks))
    return made


def _target(
    source: str, given: str | None, ending: str, option: str, n_sources: int, suffix: str | None = None
) -> str:
    if given is None:
        return PIPE if source == PIPE else str(_renamed(Path(source), ending))
    if given == PIPE or not _is_folder(given):
        if n_sources > 1:
            raise SettingError(f"{option} {given} must be an existing folder for {n_sources} recordings")
        return given
    if source == PIPE:
        raise SettingError(
            f"{option} {given} is a folder; name a file in it for what comes from standard input"
        )
    name = _renamed(Path(source), ending)
    return str(Path(given) / (name if suffix is None else name.with_suffix(suffix)).name)


def _is_folder(given: str) -> bool:
    return given.endswith(("/", os.sep)) or Path(given).is_dir()


def _renamed(source: Path, ending: str) -> Path:
    if not source.name:
        raise InputError(f"{source}: is a folder, not an audio file; name the files in it")
    return source.with_name(f"{source.stem}{ending}{source.suffix}")


class OutputCheck:
    """Refuses each result that would replace a recording, another result, or (without ``force``) any file.

    ``everything`` is all that a run reads and writes. Each of these names is looked up on the disk once,
    here, so that a thousand recordings take a thousand times as long as one and not a million times.
    """

    def __init__(self, everything: Sequence[Names], force: bool = False) -> None:
        self._force = force
        self._identities: dict[str, object] = {}
        self._readers: dict[object, list[Names]] = {}  # of each file, in the order of ``everything``
        self._writers: dict[object, list[Names]] = {}
        for names in everything:
            if names.source != PIPE:
                self._readers.setdefault(self._identity(names.source), []).append(names)
            for path in _targets(names):
                self._writers.setdefault(self._identity(path), []).append(names)

    def _identity(self, path: str) -> object:
        if path not in self._identities:
            self._identities[path] = _identity(path)
        return self._identities[path]

    def check(self, names: Names) -> None:
        """SettingError or OutputError if ``names``, one of everything, would destroy something."""
        targets = _targets(names)
        if len({self._identity(path) for path in targets}) < len(targets):
            raise SettingError(f"{names.output}: {_listed(names)} must be {_COUNTS[len(targets)]} files")
        for path in targets:
            self._check_recordings(path, names)
            self._check_other_results(path, names)
            is_recording_itself = names.in_place and path == names.output
            if not is_recording_itself:
                check_free(path, self._force, "another output")

    def _check_recordings(self, path: str, names: Names) -> None:
        """``path`` must not be one of the recordings, under whatever name."""
        for reader in self._readers.get(self._identity(path), []):
            if reader is not names:
                raise SettingError(
                    f"{path}: is one of the recordings to be read; choose another name or folder"
                )
            beside = next((part for part in _BESIDE if getattr(names, part) == path), None)
            if beside is not None:
                raise SettingError(f"{path}: is the recording itself; {beside} must be another file")
            if not names.in_place:
                raise SettingError(
                    f"{path}: is the recording itself; say in_place=True to replace it, "
                    "or choose another name"
                )

    def _check_other_results(self, path: str, names: Names) -> None:
        for writer in self._writers.get(self._identity(path), []):
            if writer is not names:
                raise SettingError(
                    f"{path}: would be the result of {writer.source} and of {names.source}; rename one"
                )


def check_names(names: Names, everything: Sequence[Names], force: bool = False) -> None:
    """`OutputCheck` of one among ``everything``; for all of them one check is made once."""
    OutputCheck(everything, force).check(names)


def _targets(names: Names) -> list[str]:
    """Files that are written."""
    written = (names.output, *(getattr(names, part) for part in _BESIDE))
    return [path for path in written if path not in (None, NOWHERE, PIPE)]


_BESIDE = ("removed", "report", "labels")  # fields of `Names`
_COUNTS = {2: "two", 3: "three", 4: "four"}


def _listed(names: Names) -> str:
    """Names of what is written, for a message."""
    parts = ["output", *(part for part in _BESIDE if getattr(names, part) is not None)]
    return " and ".join([", ".join(parts[:-1]), parts[-1]])


def is_same_file(one: str, other: str) -> bool:
    """Whether two names are of one file, links of both kinds followed; of files that will be, too."""
    return _identity(one) == _identity(other)


def _identity(path: str) -> object:
    """Equal for two names of one file, links followed."""
    try:
        status = os.stat(path)
        return status.st_dev, status.st_ino
    except OSError:
        return os.path.realpath(path)


def check_free(path: str | Path, force: bool, other: str) -> None:
    """OutputError if there is a file that nobody has said may be replaced. A folder is another matter.

    ``other`` is what to choose in its place: "another output". ``force`` is for files: see `check_kind`.
    """
    check_kind(path)
    if not force and os.path.lexists(path) and not os.path.isdir(path):
        raise exists_already(path, other)


def exists_already(path: str | Path, other: str) -> OutputError:
    """Error of `check_free`, for whoever finds out by himself, as when he creates the file."""
    return OutputError(f"{path}: exists already; choose {other}, or say force=True to replace it")


_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def check_kind(path: str | Path) -> None:
    """OutputError if there is something, links followed, that is neither a file of one name nor a folder.

    A named pipe or a device is not written to either: results need a place where they can be corrected.
    """
    try:
        status = os.stat(path)
    except OSError:
        kind = "a link in a circle" if os.path.islink(os.path.realpath(path)) else None
    else:
        kind = _KINDS.get(stat.S_IFMT(status.st_mode))
        if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
            raise OutputError(
                f"{path}: is one file with {status.st_nlink} names (hard links), which replacing it would "
                "part; choose another name"
            )
    if kind is not None:
        raise OutputError(
            f"{path}: is {kind}, which no file replaces; choose another name, "
            "or send the result to - (standard output)"
        )


def check_free_in(folder: Path, names: Iterable[str], force: bool, other: str) -> None:
    """OutputError if ``folder`` has a file of one of these names that nobody has said may be replaced."""
    for name in names:
        if not force and os.path.lexists(folder / name):
            raise holds_already(folder, name, other)


def holds_already(folder: Path, name: str, other: str) -> OutputError:
    """Error of `check_free_in`, for whoever knows already what is in the folder."""
    return OutputError(f"{folder}: has a {name} already; choose {other}, or say force=True")


def check_folder(path: str) -> None:
    """OutputError unless a file could be made there, before hours are spent on it."""
    if path == PIPE:
        return
    check_kind(path)
    target = Path(os.path.realpath(path))
    if len(os.fsencode(target.name)) > _MAX_NAME_BYTES:
        raise OutputError(f"{path}: a name has at most {_MAX_NAME_BYTES} bytes; choose a shorter one")
    folder = target.parent
    if not folder.is_dir():
        raise OutputError(f"{path}: there is no folder {folder}; make it first")
    if Path(path).is_dir():
        raise OutputError(f"{path}: is a folder; name a file in it")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{path}: the folder {folder} is read-only; choose another one")


def make_folder(folder: Path) -> None:
    """Have it, with those above it; OutputError if it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror}); choose another folder") from error


def describe(error: DapStreamError, names: Names) -> str:
    """The message, with the recording it is about."""
    text = str(error)
    return text if names.source == PIPE or names.source in text else f"{names.source}: {text}"
