"""The schema that is shipped: valid, complete, and what the code goes by."""

from __future__ import annotations

import json

import jsonschema
import pytest
from bridges import is_as

from dap_stream.apps.bridge.protocol import CODES, BridgeError
from dap_stream.apps.bridge.schema import check_params, methods, schema_text
from dap_stream.cli.main import main

SCHEMA = json.loads(schema_text())


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bridge", "--schema"]) == 0
    assert capsys.readouterr().out == schema_text()


def test_every_method_and_kind_of_error_is_in_it() -> None:
    calls = SCHEMA["$defs"]["call"]["oneOf"]
    assert [each["properties"]["method"]["const"] for each in calls] == methods()
    assert set(SCHEMA["$defs"]["error"]["properties"]["data"]["properties"]["kind"]["enum"]) == set(CODES)


@pytest.mark.parametrize("method", methods())
def test_the_own_check_and_the_schema_agree(method: str) -> None:
    """Each field with a value of each type, and none at all."""
    fields = SCHEMA["$defs"][f"{method}_params"]["properties"]
    required = {
        name: "a" if fields[name]["type"] == "string" else 1
        for name in SCHEMA["$defs"][f"{method}_params"].get("required", ())
    }
    values = [
        "",
        "text",
        0,
        -1,
        1.5,
        10**10,
        True,
        None,
        [],
        ["a"],
        [1],
        {},
        {"a": 1},
        "x" * 3000,
        ["a"] * 101,
    ]
    cases = [{**required, name: value} for name in [*fields, "other"] for value in values]
    cases += [{key: value for key, value in required.items() if key != name} for name in required]
    for params in cases:
        try:
            check_params(method, params)
            is_accepted = True
        except BridgeError:
            is_accepted = False
        assert is_accepted == is_as(f"{method}_params", params), params
