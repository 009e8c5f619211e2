"""Where results go: names made from those of the recordings, and a refusal of all that would destroy one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dap_stream.errors import DapStreamError, OutputError, SettingError

PIPE = "-"
CLEAN, REMOVED = "_clean", "_removed"


@dataclass(frozen=True)
class Names:
    """Files of one recording; ``-`` is standard input or output."""

    source: str
    output: str
    removed: str | None = None
    in_place: bool = False


def make_names(
    sources: Sequence[str], output: str | None, removed: str | None = None, in_place: bool = False
) -> list[Names]:
    """One `Names` for each source. ``output`` and ``removed`` are files, or folders for several sources.

    Without ``output`` the result stands beside the recording: ``talk.wav`` to ``talk_clean.wav``.
    """
    if PIPE in sources and len(sources) > 1:
        raise SettingError("- (standard input) must be the only input; name the output with -o")
    if output == PIPE and len(sources) > 1:
        raise SettingError(f"{len(sources)} recordings do not fit into one standard output; use -o FOLDER")
    if removed == PIPE:
        raise SettingError("--removed must be a file, not standard output")
    if in_place and (output is not None or PIPE in sources):
        raise SettingError("--in-place replaces the recordings themselves; it goes with neither -o nor -")
    found = []
    for source in sources:
        target = source if in_place else _target(source, output, CLEAN, "-o", len(sources))
        rest = None if removed is None else _target(source, removed, REMOVED, "--removed", len(sources))
        found.append(Names(source, target, rest, in_place))
    return found


def _target(source: str, given: str | None, ending: str, option: str, n_sources: int) -> str:
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
    return str(Path(given) / _renamed(Path(source), ending).name)


def _is_folder(given: str) -> bool:
    return given.endswith(("/", os.sep)) or Path(given).is_dir()


def _renamed(source: Path, ending: str) -> Path:
    return source.with_name(f"{source.stem}{ending}{source.suffix}")


def check_names(names: Names, everything: Sequence[Names], force: bool = False) -> None:
    """Refuse a result that would replace a recording, another result, or (without ``force``) any file.

    ``everything`` is all that this run reads and writes, ``names`` included.
    """
    targets = [path for path in (names.output, names.removed) if path not in (None, PIPE)]
    if len({_identity(path) for path in targets if path}) < len(targets):
        raise SettingError(f"{names.output}: output and --removed must be two files")
    for path in targets:
        assert path is not None
        _check_inputs(path, names, everything)
        for other in everything:
            taken = {_identity(each) for each in (other.output, other.removed) if each not in (None, PIPE)}
            if other is not names and _identity(path) in taken:
                raise SettingError(
                    f"{path}: would be the result of {other.source} and of {names.source}; rename one"
                )
        is_own = names.in_place and path == names.output
        if os.path.lexists(path) and not os.path.isdir(path) and not force and not is_own:
            raise OutputError(
                f"{path}: exists already; choose another name with -o, or say --force to replace it"
            )


def _check_inputs(path: str, names: Names, everything: Sequence[Names]) -> None:
    """``path`` must not be one of the recordings, under whatever name."""
    for other in everything:
        if other.source == PIPE or _identity(path) != _identity(other.source):
            continue
        if other is not names:
            raise SettingError(f"{path}: is one of the recordings to be read; choose another name or folder")
        if path == names.removed:
            raise SettingError(f"{path}: is the recording itself; --removed must be another file")
        if not names.in_place:
            raise SettingError(
                f"{path}: is the recording itself; say --in-place to replace it, or choose another name"
            )


def _identity(path: str | None) -> object:
    """Equal for two names of one file, links followed."""
    assert path is not None
    try:
        found = os.stat(path)
        return found.st_dev, found.st_ino
    except OSError:
        return os.path.realpath(path)


def check_folder(path: str) -> None:
    """OutputError unless a file could be made there, before hours are spent on it."""
    if path == PIPE:
        return
    folder = Path(os.path.realpath(path)).parent
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
        raise OutputError(
            f"{folder}: cannot be made ({error.strerror}); choose another folder with -o"
        ) from error


def describe(error: DapStreamError, names: Names) -> str:
    """The message, with the recording it is about."""
    text = str(error)
    return text if names.source == PIPE or names.source in text else f"{names.source}: {text}"
