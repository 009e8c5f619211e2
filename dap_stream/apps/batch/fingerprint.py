"""Fingerprint of all that a result depends on besides its recording: what has another one is made anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from dap_stream.apps.batch.journal import FileState
from dap_stream.core.version import __version__
from dap_stream.errors import InputError
from dap_stream.models.band.educated import FOLDER as BAND
from dap_stream.models.highs.predictor import FOLDER as HIGHS
from dap_stream.models.weight_files import CARD_NAME, WEIGHTS_NAME
from dap_stream.processors.chain_settings import ChainSettings

_FORMAT = 1


def digest(values: Mapping[str, object]) -> str:
    """Short text that equal values share."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=repr).encode("ascii")).hexdigest()[:32]


@cache
def file_digest(path: str) -> str:
    """Of the content of a small file, a profile or recording of noise; InputError if it cannot be read."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:32]
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check its name") from error


@cache
def _weights() -> str:
    """The weights that come along: educated anew, they are others under the same version."""
    return "".join(
        file_digest(str(folder / name)) for folder in (BAND, HIGHS) for name in (WEIGHTS_NAME, CARD_NAME)
    )


def fingerprint(chain: ChainSettings, profile: str | None, noise: str | None) -> str:
    """Of a chain, and of the files of its profile and its noise."""
    return digest(
        {
            "format": _FORMAT,
            "version": __version__,
            "weights": _weights(),
            "names": chain.names,
            "settings": chain.as_dict(),
            "profile": None if profile is None else file_digest(profile),
            "noise": None if noise is None else file_digest(noise),
        }
    )


def group_fingerprint(own: str, members: Iterable[tuple[str, FileState | None]]) -> str:
    """Of recordings that one profile is learned from, each with its place in the tree."""
    return digest({"own": own, "members": sorted(members, key=lambda member: member[0])})
