"""The shipped JSON Schema, and a check of parameters against the part of it that lists them.

What each method takes is written down once, in ``schema.json``. It uses a few keywords only, so that no
package is needed to check a request.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from dap_stream.apps.bridge.protocol import BAD_PARAMS, NO_METHOD, BridgeError
from dap_stream.core.settings import nearest

PARAMS = "_params"  # ending of the definitions of what methods take

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
_WORDS = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list of texts",
    "object": "an object",
}


def schema_text() -> str:
    """The file as it is shipped."""
    return Path(__file__).with_name("schema.json").read_text(encoding="utf-8")


@cache
def _params_of() -> dict[str, Mapping[str, Any]]:
    """Method -> schema of its parameters."""
    definitions = json.loads(schema_text())["$defs"]
    return {name.removesuffix(PARAMS): rule for name, rule in definitions.items() if name.endswith(PARAMS)}


def methods() -> list[str]:
    """Names of all methods."""
    return list(_params_of())


def check_params(method: str, params: object) -> dict[str, Any]:
    """The parameters of a request; BridgeError, with the nearest name, for all that is not in the schema."""
    if method not in _params_of():
        known = methods()
        raise BridgeError(
            "protocol",
            f"no method {_shown(method)}{nearest(method, known)}; known: {', '.join(known)}",
            NO_METHOD,
        )
    if not isinstance(params, dict):
        raise _bad(f"{method}: params must be an object of fields, not {_shown(params)}")
    rule = _params_of()[method]
    fields = rule["properties"]
    for name in params:
        if name not in fields:
            known_fields = ", ".join(fields) or "none"
            raise _bad(
                f"{method}: unknown field {_shown(name)}{nearest(name, fields)}; known: {known_fields}"
            )
    for name in rule.get("required", ()):
        if name not in params:
            raise _bad(f"{method}: the field {name} is missing ({fields[name]['description']})")
    for name, value in params.items():
        _check_value(f"{method}: {name}", value, fields[name])
    return params


def _check_value(where: str, value: object, rule: Mapping[str, Any]) -> None:
    kinds = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
    is_right = any(isinstance(value, _TYPES[kind]) for kind in kinds)
    if not is_right or (isinstance(value, bool) and "boolean" not in kinds):
        raise _bad(f"{where}={_shown(value)} must be {' or '.join(_WORDS[kind] for kind in kinds)}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        least, most = rule.get("minimum", -math.inf), rule.get("maximum", math.inf)
        if not least <= value <= most:
            raise _bad(f"{where}={_shown(value)} must be in {least:g}..{most:g}")
    if isinstance(value, list):
        for each in value:
            _check_value(where, each, rule["items"])
    if isinstance(value, str | list | dict):
        _check_size(where, value, rule)


def _check_size(where: str, value: str | list[Any] | dict[str, Any], rule: Mapping[str, Any]) -> None:
    least = rule.get("minLength", 0)
    most = rule.get("maxLength", rule.get("maxItems", rule.get("maxProperties", math.inf)))
    if len(value) < least:
        raise _bad(f"{where} is empty; give it a value, or leave it out")
    if len(value) > most:
        raise BridgeError("limit", f"{where} has {len(value)} entries or characters; at most {most} may be")


def _bad(text: str) -> BridgeError:
    return BridgeError("protocol", text, BAD_PARAMS)


def _shown(value: object) -> str:
    try:
        text = json.dumps(value)
    except (ValueError, RecursionError):  # thousands of digits, or lists in lists
        text = f"a {type(value).__name__}"
    return text if len(text) <= 120 else f"{text[:60]}...{text[-30:]}"
