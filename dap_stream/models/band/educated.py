"""The weights that come with dap_stream, and the card that says what they were made from."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.errors import ProfileError

FORMAT = "dap_stream band 1"  # of features, layers and file together: what does not match is refused
# What numpy and zipfile raise over bytes that are no archive of arrays.
_BROKEN = (ValueError, TypeError, AttributeError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)
FOLDER = Path(__file__).parent
WEIGHTS_NAME, CARD_NAME = "educated.npz", "educated.json"


def save_educated(folder: Path, weights: Mapping[str, F32], card: Mapping[str, Any]) -> None:
    """Write weights as 16-bit floats and their card, which gets format and checksum.

    Parameters
    ----------
    folder
        Where `WEIGHTS_NAME` and `CARD_NAME` are put.
    weights
        Arrays by name.
    card
        What they were made from, as JSON.
    """
    buffer = io.BytesIO()
    arrays = {name: np.asarray(value, np.float16) for name, value in weights.items()}
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]  # NumPy 2 knows another keyword
    data = buffer.getvalue()
    whole = {"format": FORMAT, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), **card}
    (folder / WEIGHTS_NAME).write_bytes(data)
    (folder / CARD_NAME).write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


def load_educated(folder: Path = FOLDER) -> tuple[dict[str, F32], dict[str, Any]]:
    """Read weights and card; nothing in them is run.

    Parameters
    ----------
    folder
        Where they are.

    Returns
    -------
    tuple of dict
        Arrays by name, and the card.

    Raises
    ------
    ProfileError
        If they are missing, damaged, or of another version.
    """
    try:
        card: dict[str, Any] = dict(json.loads((folder / CARD_NAME).read_text(encoding="utf-8")))
        data = (folder / WEIGHTS_NAME).read_bytes()
    except (OSError, ValueError, TypeError) as error:
        raise ProfileError(
            f"the educated weights in {folder} cannot be read ({error}); install dap_stream again"
        ) from error
    if card.get("format") != FORMAT:
        raise ProfileError(
            f"the educated weights in {folder} are of {card.get('format')!r}, not {FORMAT!r}; "
            f"install dap_stream again, or educate anew"
        )
    if hashlib.sha256(data).hexdigest() != card.get("sha256"):
        raise ProfileError(f"{folder / WEIGHTS_NAME} is damaged (checksum); install dap_stream again")
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {name: np.asarray(archive[name], np.float32) for name in archive.files}, card
    except _BROKEN as error:
        raise ProfileError(f"{folder / WEIGHTS_NAME} holds no weights; install dap_stream again") from error


@lru_cache(maxsize=1)
def educated_weights() -> Mapping[str, F32]:
    """The weights that come with dap_stream, read once; not to be written to."""
    return load_educated()[0]
