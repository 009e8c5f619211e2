"""All processors by name. To add one: a folder with an `entry`, and a line here."""

from __future__ import annotations

from dap_stream.core.settings import nearest
from dap_stream.errors import SettingError
from dap_stream.processors.bandwidth.entry import BANDWIDTH
from dap_stream.processors.declick.entry import DECLICK
from dap_stream.processors.declip.entry import DECLIP
from dap_stream.processors.dehum.entry import DEHUM
from dap_stream.processors.denoise.entry import DENOISE
from dap_stream.processors.entry import Entry
from dap_stream.processors.gain.entry import GAIN
from dap_stream.processors.inpaint.entry import INPAINT
from dap_stream.processors.loudness.entry import LOUDNESS

PROCESSORS: dict[str, Entry] = {
    entry.name: entry for entry in (DENOISE, GAIN, DECLIP, INPAINT, DECLICK, DEHUM, BANDWIDTH, LOUDNESS)
}

REPAIRS: dict[str, str] = {entry.repairs: name for name, entry in PROCESSORS.items() if entry.repairs}
"""Kind of damage to the processor that repairs it, in the order in which they are used.

Clipping and gaps are found by values that nothing may have changed before; a click in a hum is still a click,
while a hum with clicks in it is harder to follow; highs are made up when all else is well.
"""


def entry_of(name: str) -> Entry:
    """The processor of this name; SettingError, with the nearest, if there is none."""
    if name not in PROCESSORS:
        raise SettingError(
            f"no processor {name!r}{nearest(name, PROCESSORS)}; known: {', '.join(PROCESSORS)}"
        )
    return PROCESSORS[name]
