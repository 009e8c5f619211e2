"""The weights of the band network that come with dap_stream."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from dap_stream.core.array_types import F32
from dap_stream.models.weight_files import WeightFiles

FORMAT = "dap_stream band 1"  # of features, layers and file together: what does not match is refused
FOLDER = Path(__file__).parent


def save_educated(folder: Path, weights: Mapping[str, F32], card: Mapping[str, Any]) -> None:
    """As `WeightFiles.save`."""
    WeightFiles(folder, FORMAT).save(weights, card)


def load_educated(folder: Path = FOLDER) -> tuple[dict[str, F32], dict[str, Any]]:
    """As `WeightFiles.load`."""
    return WeightFiles(folder, FORMAT).load()


@lru_cache(maxsize=1)
def educated_weights() -> Mapping[str, F32]:
    """The weights that come with dap_stream, read once; not to be written to."""
    return load_educated()[0]
