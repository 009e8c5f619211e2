"""Errors in the words of the command line: the library names parameters, a terminal's user has options."""

from __future__ import annotations

import re

_SEVERAL = re.compile(r": output(?:, \w+)* and \w+ must be \w+ files$")
_OPTIONS = (
    ("force=True", "--force"),
    ("in_place=True", "--in-place"),
    ("choose another output", "choose another name with -o"),
    ("; removed must", "; --removed must"),
    ("; report must", "; --report must"),
    ("; labels must", "; --labels must"),
    ("limit_hz", "--limit-hz"),
    ("task=", "--task "),
    ("learn a new one and save it", "learn a new one with --save-profile"),
)


def in_options(text: str) -> str:
    """``text`` of an error with options in the place of parameters.

    >>> in_options("a.wav: exists already; choose another output, or say force=True to replace it")
    'a.wav: exists already; choose another name with -o, or say --force to replace it'
    """
    for parameter, option in _OPTIONS:
        text = text.replace(parameter, option)
    return _SEVERAL.sub(lambda found: re.sub(r"\b(removed|report|labels)\b", r"--\1", found[0]), text)
