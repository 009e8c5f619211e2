"""Helpers to call libsndfile from here."""

from __future__ import annotations

import os
from pathlib import Path

import soundfile


def library_name(path: Path) -> str | bytes:
    """Name for libsndfile: names of files need not be text where the system keeps them as bytes."""
    return os.fsencode(path) if os.name == "posix" else str(path)


def library_version() -> str:
    """Version of libsndfile."""
    return str(soundfile.__libsndfile_version__)
