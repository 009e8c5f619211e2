"""Versions, extras, kernels and weights: all that is installed."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from dap_stream.apps.doctor.check import OK, PROBLEM, WARNING, Finding
from dap_stream.core.version import __version__

_NEEDED = ("numpy", "scipy", "numba", "llvmlite", "torch", "soundfile", "sounddevice", "tqdm")
_EXTRAS = {
    "jack": ("jack", "live as a JACK client"),
    "media": ("av", "m4a, mp4, mov, mkv, webm"),
    "osc": ("pythonosc", "control of live by OSC"),
    "ray": ("ray", "archives on many machines"),
    "report": ("matplotlib", "pictures of demo, study and compare"),
}


def versions() -> Iterator[Finding]:
    """This program, Python, the packages that it needs, and libsndfile."""
    yield Finding("versions", "dap_stream", OK, __version__, values={"version": __version__})
    python = platform.python_version()
    is_new = sys.version_info >= (3, 10)
    yield Finding(
        "versions",
        "Python",
        OK if is_new else PROBLEM,
        f"{python} ({platform.system()} {platform.release()}, {platform.machine()})",
        "" if is_new else "install Python 3.10 or newer",
        {"version": python},
    )
    for name in _NEEDED:
        try:
            found = version(name)
        except PackageNotFoundError:
            yield Finding("versions", name, PROBLEM, "not installed", f"pip install {name}")
            continue
        yield Finding("versions", name, OK, found, values={"version": found})
    from dap_stream.io.libsndfile import library_version

    yield Finding("versions", "libsndfile", OK, library_version(), values={"version": library_version()})


def extras() -> Iterator[Finding]:
    """Extras that are there, or how to get them; none is needed."""
    for extra, (module, use) in _EXTRAS.items():
        if find_spec(module) is not None:
            yield Finding("extras", extra, OK, f"there ({use})", values={"installed": True})
        else:
            advice = f"pip install 'dap_stream[{extra}]' if you want it"
            yield Finding("extras", extra, OK, f"not installed ({use})", advice, {"installed": False})
    path = shutil.which("ffmpeg")
    text = "not there (only for pipes from and to other formats)" if path is None else "there"
    yield Finding("extras", "ffmpeg", OK, text, values={"installed": path is not None})


def kernels() -> Iterator[Finding]:
    """Where compiled kernels are kept, whether they can be, and whether they are."""
    from dap_stream.core import jit, kernel_cache
    from dap_stream.dsp.stft_kernels import overlap_add

    problem = kernel_cache.problem()
    if problem is not None:
        advice = "make that folder writable, or name another one in NUMBA_CACHE_DIR"
        text = f"none can be kept ({problem}): each run compiles them anew, some seconds"
        yield Finding("caches", "kernels", WARNING, text, advice, {"writable": False})
        return
    is_warm = jit.is_kept(overlap_add)
    state = "compiled" if is_warm else "empty yet: the first run takes some seconds more"
    text = f"{kernel_cache.folder()}, {state}"
    yield Finding("caches", "kernels", OK, text, values={"writable": True, "warm": is_warm})


def weights() -> Iterator[Finding]:
    """The educated weights, whole and of this version."""
    from dap_stream.errors import ProfileError
    from dap_stream.models.band.educated import load_educated

    try:
        arrays, card = load_educated()
    except ProfileError as error:
        yield Finding("weights", "educated", PROBLEM, str(error), "install dap_stream again")
        return
    n_weights = sum(each.size for each in arrays.values())
    sounds = sum(sum(kinds.values()) for kinds in card.get("made_from", {}).values())
    text = f"{n_weights} weights, made from {sounds} made-up sounds, checksum {card['sha256'][:12]}"
    yield Finding("weights", "educated", OK, text, values={"weights": n_weights, "sha256": card["sha256"]})
