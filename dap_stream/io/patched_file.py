"""A file of which a few bytes read differently, so that a decoder finds the right length in it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

Patch: TypeAlias = tuple[int, bytes]
"""Where, and what stands there in the place of what is in the file."""


class PatchedFile(io.FileIO):
    """For reading only; the file itself stays as it is."""

    def __init__(self, path: Path, patches: Sequence[Patch]) -> None:
        super().__init__(path, "rb")
        self._patches = patches

    def readinto(self, buffer: Any, /) -> int | None:
        begin = self.tell()
        n_read = super().readinto(buffer) or 0
        for position, patch in self._patches:
            for place, byte in enumerate(patch, position - begin):
                if 0 <= place < n_read:
                    memoryview(buffer).cast("B")[place] = byte
        return n_read
