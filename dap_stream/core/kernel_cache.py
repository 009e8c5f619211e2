"""Where compiled kernels are kept between runs: a help, never a need.

Each kernel is a file of its own that appears whole, with a checksum before it: two first runs at once do not
meet, and a damaged file is thrown away and made anew. Where nothing can be kept, kernels live in memory.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import pickle
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache, UserProvidedCacheLocator
from numba.core.serialize import dumps

from dap_stream.core.version import __version__

SUFFIX = ".kernel"
_ROOM_BYTES = 4 * 2**20  # more than all kernels together
_DIGEST_BYTES = hashlib.sha256().digest_size
# A stranger's file would be run as code, hence the folder is nobody else's.
_PRIVATE = 0o700


def chosen_folder() -> str:
    """The user's own folder for all kernels of all programs; empty if there is none."""
    return str(getattr(numba.config, "CACHE_DIR", "") or "")


def folder() -> Path:
    """The folder of this version: in ``$NUMBA_CACHE_DIR``, or where the system wants caches; may not exist.

    RuntimeError if there is no home either.
    """
    chosen = chosen_folder()
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        named, usual = "LOCALAPPDATA", Path("AppData", "Local")
    elif sys.platform == "darwin":
        named, usual = "", Path("Library", "Caches")
    else:
        named, usual = "XDG_CACHE_HOME", Path(".cache")
    base = os.environ.get(named, "")  # one that is not absolute is to be ignored, says the specification
    above = Path(base) if os.path.isabs(base) else Path.home() / usual
    return above / "dap_stream" / __version__


@functools.cache
def problem() -> str | None:
    """Why no kernels can be kept, in a few words; None if they can. Found out once, by trying."""
    try:
        path = folder()
        if not chosen_folder():
            _refuse_strangers(path)
        path.mkdir(_PRIVATE, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as file:
            if not any(path.glob(f"*/*{SUFFIX}")):
                file.write(bytes(_ROOM_BYTES))
                file.flush()
    except OSError as error:
        return f"{path}: {error.strerror or error}"
    except RuntimeError:
        return "there is no home folder"
    return None


def _refuse_strangers(path: Path) -> None:
    """PermissionError if the folder, or the nearest one above it that is there, is another user's.

    Root in a user's home would run what that user left there, and leave files that the user cannot replace.
    """
    if not hasattr(os, "geteuid"):
        return
    there = next(each for each in (path, *path.parents) if each.exists())
    owner = there.stat().st_uid
    if owner != os.geteuid() and (there == path or os.geteuid() == 0):
        raise PermissionError(0, "belongs to another user")


class _Locator(UserProvidedCacheLocator):
    """Tells numba where the kernels of a module are kept."""

    def __init__(self, py_func: Any, py_file: str) -> None:
        self._py_file = py_file
        self._lineno = py_func.__code__.co_firstlineno
        self._cache_path = str(folder() / self.get_suitable_cache_subpath(py_file))  # type: ignore[no-untyped-call]

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> _Locator | None:
        return cls(py_func, py_file) if os.path.exists(py_file) else None


class _Place(CompileResultCacheImpl):
    _locator_classes = [_Locator]  # noqa: RUF012  numba's own name and type


class _KernelFiles:
    """Files of one kernel, one for each kind of arguments, processor and version of what compiles."""

    def __init__(self, path: str, base: str, stamp: object) -> None:
        self._folder, self._base, self._stamp = Path(path), base, stamp

    def _path(self, key: object) -> Path:
        made_by = (numba.__version__, sys.version, self._stamp, key)
        return self._folder / f"{self._base}-{hashlib.sha256(str(made_by).encode()).hexdigest()[:20]}{SUFFIX}"

    def load(self, key: object) -> Any:
        """The value that was saved; None if there is none. ValueError if it is damaged."""
        try:
            content = self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        digest, data = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if hashlib.sha256(data).digest() != digest:
            raise ValueError("damaged")
        return pickle.loads(data)

    def save(self, key: object, value: object) -> None:
        """Keep it; OSError if that cannot be."""
        data: bytes = dumps(value)  # type: ignore[no-untyped-call]
        path = self._path(key)
        path.parent.mkdir(_PRIVATE, exist_ok=True)
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        try:
            part.write_bytes(hashlib.sha256(data).digest() + data)
            os.replace(part, path)
        finally:
            with contextlib.suppress(OSError):
                part.unlink()

    def flush(self) -> None:
        """Throw away all of this kernel."""
        for path in self._folder.glob(f"{self._base}-*{SUFFIX}"):
            with contextlib.suppress(OSError):
                path.unlink()


class KernelCache(FunctionCache):
    """numba's cache of one function, which nothing that happens to files can break."""

    _impl_class = _Place

    def __init__(self, py_func: Any) -> None:
        super().__init__(py_func)  # type: ignore[no-untyped-call]
        place = self._impl
        self._cache_file: Any = _KernelFiles(
            self._cache_path, place.filename_base, place.locator.get_source_stamp()
        )

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The result of an earlier compilation, or None."""
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except Exception:  # noqa: BLE001  whatever broken bytes raise in pickle, numba and LLVM
            self._cache_file.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled, if that can be."""
        with contextlib.suppress(OSError):
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]
