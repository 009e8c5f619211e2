"""Which recordings a batch has: folders, patterns, names, lists and manifests as one list in order."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dap_stream.apps.batch.journal import FOLDER, read_journals
from dap_stream.apps.batch.manifest import read_list, read_manifest
from dap_stream.errors import InputError
from dap_stream.io.open_audio import READ_EXTENSIONS, is_audio_name


@dataclass(frozen=True)
class Recording:
    """Recording, where it stands in the tree that is mirrored, and what a manifest says of it."""

    source: str
    relative: str
    output: str | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    profile: str | None = None
    group: str | None = None


@dataclass(frozen=True)
class Inputs:
    """Inputs as the command line names them. ``root``: names are mirrored from there on."""

    words: Sequence[str] = ()
    lists: Sequence[str] = ()
    manifests: Sequence[str] = ()
    root: str | None = None


def is_recording(path: str) -> bool:
    """Whether a file in a folder is taken for a recording; what is hidden is not."""
    return not os.path.basename(path).startswith(".") and is_audio_name(path)


class _Finder:
    """Goes through the inputs. ``notes`` say what could not be looked at or was left out."""

    def __init__(self, output: Path, removed: Path | None) -> None:
        self._output = os.path.realpath(output)
        self._not_entered = {self._output} if removed is None else {self._output, os.path.realpath(removed)}
        self._written: set[str] = set()  # results of this batch and of others that are met on the way
        self.notes: list[str] = []
        self._add_results(self._output)

    def _add_results(self, folder: str) -> None:
        for name, entry in read_journals(folder).items():
            self._written |= {os.path.normpath(os.path.join(folder, each)) for each in (name, *entry.beside)}

    def is_result(self, path: str) -> bool:
        """Whether a batch has written it."""
        folder, name = os.path.split(path)
        return bool(self._written) and os.path.join(os.path.realpath(folder), name) in self._written

    def walk(self, root: str) -> Iterator[str]:
        """Recordings below a folder; hidden folders, links to folders and folders of results are left out."""
        for here, folders, names in os.walk(root, onerror=self._cannot_look):
            real = os.path.realpath(here)
            if FOLDER in folders and real != self._output:
                self._add_results(real)
            folders[:] = sorted(
                name
                for name in folders
                if not name.startswith(".") and os.path.join(real, name) not in self._not_entered
            )
            for name in sorted(names):
                if is_recording(os.path.join(here, name)) and os.path.join(real, name) not in self._written:
                    yield os.path.join(here, name)

    def _cannot_look(self, error: OSError) -> None:
        self.notes.append(f"{os.fsdecode(error.filename)}: cannot be read ({error.strerror}); left out")


def find_recordings(
    inputs: Inputs, output: Path, removed: Path | None = None
) -> tuple[list[Recording], list[str]]:
    """All recordings, each once, and notes on what was left out.

    Parameters
    ----------
    inputs
        What was named. A folder is mirrored as it is; of several, each under its own name. Files are mirrored
        from the folder on that they have in common.
    output
        Folder of the results, which are never taken for recordings.
    removed
        Folder of what is taken out, which is none either.

    Raises
    ------
    InputError
        If there is none, or a list cannot be read.
    """
    finder = _Finder(output, removed)
    trees: list[tuple[str, list[str]]] = []
    files: list[str] = []
    for word in inputs.words:
        if word.startswith("@") and not os.path.lexists(word):
            files += read_list(word[1:])
        elif os.path.isdir(word):
            trees.append((word, list(finder.walk(word))))
            if not trees[-1][1]:
                raise InputError(f"{word}: no recordings in this folder; name another one ({_endings()})")
        elif os.path.lexists(word) or not glob.has_magic(word):
            files.append(word)
        else:
            trees.append(_matches(word, finder))
    for path in inputs.lists:
        files += read_list(path)
    kept = [path for path in files if not finder.is_result(path)]
    if len(kept) < len(files):
        finder.notes.append(f"{len(files) - len(kept)} of the files are results of a batch; left out")
    found = [*_of_trees(trees, inputs.root), *_of_files(kept, inputs.root)]
    for path in inputs.manifests:
        lines = read_manifest(path)
        relatives = _relatives([line.source for line in lines], inputs.root)
        found += [
            Recording(line.source, relative, line.output, line.settings, line.profile, line.group)
            for line, relative in zip(lines, relatives, strict=True)
        ]
    if not found:
        raise InputError(f"no recordings to clean; name a folder, files, --list or --manifest ({_endings()})")
    return _each_once(found), finder.notes


def _endings() -> str:
    return f"known endings: {' '.join(READ_EXTENSIONS)}"


def _matches(pattern: str, finder: _Finder) -> tuple[str, list[str]]:
    """The folder before the first wild card, and the files that match."""
    parts = Path(pattern).parts
    n_fixed = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    takes_all = not glob.has_magic(os.path.splitext(pattern)[1]) and os.path.splitext(pattern)[1] != ""
    found = [
        path
        for path in sorted(glob.glob(pattern, recursive=True))
        if os.path.isfile(path) and (takes_all or is_recording(path)) and not finder.is_result(path)
    ]
    if not found:
        raise InputError(f"{pattern}: no recording matches; check the pattern ({_endings()})")
    return str(Path(*parts[:n_fixed])), found


def _of_trees(trees: Sequence[tuple[str, list[str]]], root: str | None) -> Iterator[Recording]:
    for base, paths in trees:
        start = base if root is None else root
        prefix = os.path.basename(os.path.abspath(base)) if len(trees) > 1 and root is None else ""
        for path in paths:
            yield Recording(path, os.path.join(prefix, _below(path, start)))


def _of_files(paths: Sequence[str], root: str | None) -> list[Recording]:
    return [Recording(path, relative) for path, relative in zip(paths, _relatives(paths, root), strict=True)]


def _relatives(paths: Sequence[str], root: str | None) -> list[str]:
    if not paths:
        return []
    start = root or os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in paths])
    return [_below(path, start) for path in paths]


def _below(path: str, start: str) -> str:
    relative = os.path.relpath(os.path.abspath(path), os.path.abspath(start))
    if relative.startswith(os.pardir + os.sep):
        raise InputError(f"{path}: is not below --root {start}; name a folder that holds all of them")
    return relative


def _each_once(found: Iterable[Recording]) -> list[Recording]:
    """Without those that are named a second time, with nothing new said of them."""
    once: dict[tuple[str, str | None], Recording] = {}
    for each in found:
        once.setdefault((os.path.abspath(each.source), each.output), each)
    return list(once.values())
