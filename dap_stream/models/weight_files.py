"""Weights that come with dap_stream, in a file of arrays, and the card that says what they were made from."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.errors import ProfileError

# What numpy and zipfile raise over bytes that are no archive of arrays.
_BROKEN = (ValueError, TypeError, AttributeError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)
WEIGHTS_NAME, CARD_NAME = "educated.npz", "educated.json"


@dataclass(frozen=True)
class WeightFiles:
    """Weights and card of one network.

    Parameters
    ----------
    folder
        Where `WEIGHTS_NAME` and `CARD_NAME` are.
    format
        Of features, layers and file together: what does not match is refused.
    """

    folder: Path
    format: str

    def save(self, weights: Mapping[str, F32], card: Mapping[str, Any]) -> None:
        """Write weights as 16-bit floats and their card, which gets format and checksum.

        Parameters
        ----------
        weights
            Arrays by name.
        card
            What they were made from, as JSON.
        """
        buffer = io.BytesIO()
        arrays = {name: np.asarray(value, np.float16) for name, value in weights.items()}
        np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]  # NumPy 2 knows another keyword
        data = buffer.getvalue()
        whole = {
            "format": self.format,
            "sha256": hashlib.sha256(data).hexdigest(),
            "bytes": len(data),
            **card,
        }
        (self.folder / WEIGHTS_NAME).write_bytes(data)
        (self.folder / CARD_NAME).write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")

    def load(self) -> tuple[dict[str, F32], dict[str, Any]]:
        """Read weights and card; nothing in them is run.

        Returns
        -------
        tuple of dict
            Arrays by name, and the card.

        Raises
        ------
        ProfileError
            If they are missing, damaged, or of another version.
        """
        folder = self.folder
        try:
            card: dict[str, Any] = dict(json.loads((folder / CARD_NAME).read_text(encoding="utf-8")))
            data = (folder / WEIGHTS_NAME).read_bytes()
        except (OSError, ValueError, TypeError) as error:
            raise ProfileError(
                f"the educated weights in {folder} cannot be read ({error}); install dap_stream again"
            ) from error
        if card.get("format") != self.format:
            raise ProfileError(
                f"the educated weights in {folder} are of {card.get('format')!r}, not {self.format!r}; "
                f"install dap_stream again, or educate anew"
            )
        if hashlib.sha256(data).hexdigest() != card.get("sha256"):
            raise ProfileError(f"{folder / WEIGHTS_NAME} is damaged (checksum); install dap_stream again")
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                return {name: np.asarray(archive[name], np.float32) for name in archive.files}, card
        except _BROKEN as error:
            raise ProfileError(
                f"{folder / WEIGHTS_NAME} holds no weights; install dap_stream again"
            ) from error
