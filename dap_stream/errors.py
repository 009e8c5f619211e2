"""The errors that dap_stream raises on purpose.

::

    DapStreamError            exit status 1
    ├── SettingError          exit status 2: a value, key or option that cannot be used
    ├── InputError            exit status 1: the recording cannot be read
    ├── OutputError           exit status 1: the result cannot be written
    ├── ProfileError          exit status 1: learned weights that cannot be used
    └── DeviceError           exit status 1: a processor or sound device that is not there

Each message is one line and says what is wrong, where, and what to do about it. Catching
``DapStreamError`` catches them all; anything else that escapes is a bug.
"""

from __future__ import annotations

MAX_WORD, MAX_MESSAGE = 1000, 4000  # characters; a path is a word


def one_line(text: str) -> str:
    """``text`` without its line breaks. All other blanks stay: they may belong to the name of a file."""
    lines = (line.strip() for line in text.splitlines()) if "\n" in text or "\r" in text else [text]
    return " ".join(line for line in lines if line)


def shortened(text: str) -> str:
    """``text`` with the middle of what is far too long left out, so that a line can be read."""
    words = (_cut(word, MAX_WORD) for word in text.split(" "))
    return _cut(" ".join(words), MAX_MESSAGE)


def _cut(text: str, most: int) -> str:
    half = most // 2 - 2
    return text if len(text) <= most else f"{text[:half]}...{text[-half:]}"


class DapStreamError(Exception):
    """Base of all errors raised on purpose; ``exit_status`` is what the command line returns."""

    exit_status: int = 1

    def __init__(self, message: str) -> None:
        # Texts of the system and of libraries end up in messages; a line break must not.
        super().__init__(shortened(one_line(message)))


class SettingError(DapStreamError):
    """A setting that is unknown, out of range or does not fit the recording."""

    exit_status = 2


class InputError(DapStreamError):
    """A recording that is missing, unreadable, empty, truncated or not audio."""


class OutputError(DapStreamError):
    """A result that cannot be written: folder, permission, full disk, closed pipe."""


class ProfileError(DapStreamError):
    """A profile file that is corrupt or was made for something else."""


class DeviceError(DapStreamError):
    """A compute or audio device that was asked for and cannot be used, or that went away."""
