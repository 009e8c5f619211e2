"""The state of a study on the disk: what the same command goes on from."""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from dap_stream.apps.study.excerpt import Excerpt
from dap_stream.apps.study.output_folder import write_bytes
from dap_stream.apps.study.settings import StudySettings
from dap_stream.core.array_types import F32
from dap_stream.errors import OutputError

FORMAT = "dap_stream study 2"
SETTINGS = (
    "task",
    "holes",
    "limit_hz",
    "generator",
    "seed",
    "window",
    "patience",
)  # with others it is another study
# What torch and the standard library raise over broken bytes.
_BROKEN = (
    *(RuntimeError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError),
    *(OverflowError, MemoryError, NotImplementedError, AssertionError, pickle.UnpicklingError),
)


def fingerprint(excerpt: Excerpt, reference: F32 | None, settings: StudySettings, device: str) -> str:
    """The same for two runs if one can go on where the other ended."""
    digest = hashlib.sha256()
    chosen = {name: getattr(settings, name) for name in SETTINGS} | {"device": device}
    facts = (FORMAT, chosen, asdict(excerpt.denoise), excerpt.sample_rate, excerpt.n_samples)
    digest.update(repr(facts).encode())
    for audio in (excerpt.audio, reference):
        digest.update(b"none" if audio is None else audio.tobytes())
    return digest.hexdigest()


def save_checkpoint(path: Path, content: Mapping[str, Any]) -> None:
    """Tensors, numbers and text in dicts and lists; all or nothing."""
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, **content}, buffer)
    write_bytes(path, buffer.getvalue())


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Content of a checkpoint; OutputError for anything else. Never runs code that is in it."""
    try:
        content: dict[str, Any] = torch.load(
            io.BytesIO(path.read_bytes()), map_location="cpu", weights_only=True
        )
        if content["format"] != FORMAT:
            raise ValueError(content["format"])
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be read ({error.strerror}); choose another folder, "
            "or say force=True to start anew"
        ) from error
    except _BROKEN as error:
        raise damaged(path) from error
    return content


def damaged(path: Path) -> OutputError:
    """Something in it is not as it was written."""
    return OutputError(
        f"{path}: damaged, or of another version; say force=True to start anew, "
        "or choose another folder with -o"
    )
