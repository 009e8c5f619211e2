"""JSON as the standard has it: null where a number is not finite, which JSON cannot say."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def json_line(values: Mapping[str, object]) -> str:
    """``values`` as one line; NaN and infinity become null at any depth.

    >>> json_line({"a": [1.5, float("inf")]})
    '{"a": [1.5, null]}'
    """
    return json.dumps(plain(values), allow_nan=False)


def json_page(values: Mapping[str, object]) -> str:
    """The same as a file for readers: indented, with a line break at its end."""
    return json.dumps(plain(values), allow_nan=False, indent=1) + "\n"


def plain(value: Any) -> Any:
    """The same with None for every float that is not finite; tuples become lists."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
