"""JSON that every reader takes: numbers that it cannot say are null, at any depth."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dap_stream.report.json_text import json_line, json_page, plain

Values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


def refuse(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def slow_plain(value: object) -> object:
    """What a strict reader should find."""
    if isinstance(value, float) and (value != value or abs(value) == math.inf):
        return None
    if isinstance(value, dict):
        return {key: slow_plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [slow_plain(inner) for inner in value]
    return value


@pytest.mark.parametrize("write", [json_line, json_page])
@given(values=st.dictionaries(st.text(), Values))
def test_a_strict_reader_finds_what_was_written(
    write: Callable[[Mapping[str, object]], str], values: dict[str, object]
) -> None:
    assert json.loads(write(values), parse_constant=refuse) == slow_plain(values)


def test_a_line_is_one_and_a_page_ends_with_its_last() -> None:
    values = {"a": "two\nlines", "b": [1, {"c": -math.inf}]}
    assert json_line(values) == '{"a": "two\\nlines", "b": [1, {"c": null}]}'
    page = json_page(values)
    assert page.endswith("}\n") and page.count("\n") == len(page.splitlines()) > 5


def test_what_was_handed_over_stays_as_it_is() -> None:
    inner = [math.nan, (1.0, math.inf)]
    values = {"a": inner}
    assert plain(values) == {"a": [None, [1.0, None]]}
    assert values["a"] is inner and math.isnan(inner[0])  # type: ignore[arg-type]


def test_numbers_of_numpy_and_other_mappings() -> None:
    values = MappingProxyType({"a": np.float64("nan"), "b": np.float64(0.5)})
    assert json_line({"c": values}) == '{"c": {"a": null, "b": 0.5}}'
