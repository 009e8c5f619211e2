"""Errors in the words of the command line: the library names parameters, a terminal's user has options."""

from __future__ import annotations

_OPTIONS = (
    ("force=True", "--force"),
    ("in_place=True", "--in-place"),
    ("choose another output", "choose another name with -o"),
    ("output and removed must", "output and --removed must"),
    ("output and report must", "output and --report must"),
    ("output, removed and report must", "output, --removed and --report must"),
    ("; removed must", "; --removed must"),
    ("; report must", "; --report must"),
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
    return text
