"""Settings of a processor: frozen dataclasses that refuse nonsense when built.

A field is made with `number`, `choice` or `text`; its metadata then says what is allowed, in what unit, and
what it does. The command line, presets and the interface in Python all read it there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from numbers import Integral, Real
from typing import Any, TypeVar, get_type_hints

from dap_stream.errors import SettingError

_Kind = TypeVar("_Kind", bound="Settings")

_MAX_SHOWN = 120
_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def number(default: float | None, low: float, high: float, unit: str, text: str) -> Any:
    """Field for a number from ``low`` to ``high``.

    A whole number if ``default`` is one. With ``default`` None it is left to the method unless given:
    whole if ``low`` is a whole number.
    """
    return field(default=default, metadata={"low": low, "high": high, "unit": unit, "text": text})


def choice(default: Any, allowed: tuple[Any, ...], text: str) -> Any:
    """Field for one of the values ``allowed``, of the same type too."""
    return field(default=default, metadata={"allowed": allowed, "unit": "", "text": text})


def text(default: str, form: str, check: Callable[[str], object], unit: str, meaning: str) -> Any:
    """Field for a text of a ``form`` that is shown in help; ``check`` raises SettingError if it is not."""
    return field(default=default, metadata={"form": form, "check": check, "unit": unit, "text": meaning})


@dataclass(frozen=True)
class Settings:
    """Base of all settings: checks every field when built; SettingError with name, value and limit.

    The docstring of a subclass gets a section on its parameters, from the metadata of its fields.
    """

    def __init_subclass__(cls) -> None:
        lines = [cls.__doc__ or "", "", "    Parameters", "    ----------"]
        for name, item in vars(cls).items():
            if isinstance(item, Field):
                lines += [f"    {name}", f"        {item.metadata['text']} ({limits(item)})."]
        cls.__doc__ = "\n".join(lines)

    def __post_init__(self) -> None:
        for item in fields(self):
            value = _plain(getattr(self, item.name))
            object.__setattr__(self, item.name, value)
            _check(item.name, value, item.default, dict(item.metadata))


def limits(item: Field[Any]) -> str:
    """Values that a field allows, in a few words, with the unit."""
    rule = item.metadata
    if "form" in rule:
        return str(rule["form"]) + (f" {rule['unit']}" if rule["unit"] else "")
    if "allowed" in rule:
        return "|".join(
            str(value).lower() if isinstance(value, bool) else str(value) for value in rule["allowed"]
        )
    return f"{rule['low']:g}..{rule['high']:g}" + (f" {rule['unit']}" if rule["unit"] else "")


def _plain(value: Any) -> Any:
    """A number out of a NumPy array as one of Python's; anything else as it is."""
    if isinstance(value, int | float | bool):
        return value
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else value


def _shown(value: Any) -> str:
    """As Python shows it, as far as it does, and not more than a line has room for."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # thousands of digits, or lists in lists
        text = f"a {type(value).__name__} too long to show"
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN // 2]}...{text[-_MAX_SHOWN // 4 :]}"


def _check(name: str, value: Any, default: Any, rule: dict[str, Any]) -> None:
    if "allowed" in rule:
        # True == 1 in Python: the type has to be the same too.
        if not any(value == each and type(value) is type(each) for each in rule["allowed"]):
            raise SettingError(
                f"{name}={_shown(value)} must be one of {', '.join(map(str, rule['allowed']))}"
            )
        return
    if "form" in rule:
        if not isinstance(value, str):
            raise SettingError(f"{name}={_shown(value)} must be a text like {rule['form']}")
        rule["check"](value)
        return
    if value is None and default is None:
        return
    whole = isinstance(rule["low"] if default is None else default, int)
    is_number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not is_number or not rule["low"] <= value <= rule["high"]:
        unit = f" {rule['unit']}" if rule["unit"] else ""
        kind = "a whole number" if whole else "a number"
        raise SettingError(
            f"{name}={_shown(value)} must be {kind} in {rule['low']:g}..{rule['high']:g}{unit}"
        )


def check_value(name: str, value: float, low: float, high: float, unit: str = "") -> float:
    """``value`` as a float; SettingError unless it is a number from ``low`` to ``high``."""
    value = _plain(value)
    _check(name, value, low, {"low": low, "high": high, "unit": unit})
    return float(value)


def typed(kind: type[Settings], key: str, value: object) -> object:
    """``value``, a text perhaps, in the type of the field ``key`` of ``kind``; of any range."""
    hints = get_type_hints(kind)
    if key not in hints:
        names = [item.name for item in fields(kind)]
        raise SettingError(f"unknown key {key!r}{nearest(key, names)}; known: {', '.join(names)}")
    hint = hints[key]
    if isinstance(value, str) and hint is not str:
        value = _from_text(key, value, hint)
    if hint in (float, float | None) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def _from_text(key: str, text: str, hint: object) -> object:
    """A number, truth value or nothing from what was typed."""
    word = text.lower()
    if hint is bool:
        if word not in _WORDS:
            raise SettingError(f"{key}={text!r} must be true or false")
        return _WORDS[word]
    if hint not in (int, float) and word == "none":  # left to the method
        return None
    is_float = hint in (float, float | None)
    try:
        return float(text) if is_float else int(text)
    except ValueError as error:
        what = "a number" if is_float else "a whole number"
        raise SettingError(f"{key}={text!r} must be {what}") from error


def changed(settings: _Kind, values: Mapping[str, object]) -> _Kind:
    """``settings`` with ``values``, texts or not; SettingError for an unknown key or a bad value."""
    kind = type(settings)
    return replace(settings, **{key: typed(kind, key, value) for key, value in values.items()})


def nearest(word: str, known: Iterable[str]) -> str:
    """``; did you mean ...?`` if one of the known words is close, else nothing."""
    import difflib  # only who mistypes waits for it

    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""
