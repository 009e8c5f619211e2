"""Texts that a film or phone recording says of itself, under the names that other containers know."""

from __future__ import annotations

from pathlib import Path

from dap_stream.io.media_files import opened

# What is about the container and not about the recording.
_OF_THE_FILE = ("MAJOR_BRAND", "MINOR_VERSION", "COMPATIBLE_BRANDS", "ENCODER", "HANDLER_NAME", "VENDOR_ID")
_MOST_CHARACTERS = 65536
_OTHER_NAMES = {"CREATION_TIME": "DATE", "TRACK": "TRACKNUMBER"}


def read_texts(path: Path) -> tuple[tuple[str, str], ...]:
    """Pairs of a name of Vorbis comments and a text, in the order of the file."""
    with opened(path) as container:
        said = {key.upper(): text for key, text in container.metadata.items() if text}
    texts = {key: text for key, text in said.items() if key not in _OF_THE_FILE and key not in _OTHER_NAMES}
    for name, usual in _OTHER_NAMES.items():
        if name in said:
            texts.setdefault(usual, said[name])
    return tuple((key, text) for key, text in texts.items() if len(text) <= _MOST_CHARACTERS)
