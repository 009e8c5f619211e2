"""All processors by name. To add one: a folder with an `entry`, and a line here."""

from __future__ import annotations

from dap_stream.core.settings import nearest
from dap_stream.errors import SettingError
from dap_stream.processors.denoise.entry import DENOISE
from dap_stream.processors.entry import Entry
from dap_stream.processors.gain.entry import GAIN

PROCESSORS: dict[str, Entry] = {entry.name: entry for entry in (DENOISE, GAIN)}


def entry_of(name: str) -> Entry:
    """The processor of this name; SettingError, with the nearest, if there is none."""
    if name not in PROCESSORS:
        raise SettingError(
            f"no processor {name!r}{nearest(name, PROCESSORS)}; known: {', '.join(PROCESSORS)}"
        )
    return PROCESSORS[name]
