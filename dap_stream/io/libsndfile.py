"""Helpers to call libsndfile from here."""

from __future__ import annotations

import os
from pathlib import Path


def library_name(path: Path) -> str | bytes:
    """Name for libsndfile: names of files need not be text where the system keeps them as bytes."""
    return os.fsencode(path) if os.name == "posix" else str(path)
