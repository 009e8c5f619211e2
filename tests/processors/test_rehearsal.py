"""After a rehearsal no damage makes a live repair compile anything."""

from __future__ import annotations

import subprocess
import sys

# In a process of its own: in this one other tests have compiled what they like.
PROGRAM = """
import sys
import numpy as np
from numba.core.dispatcher import Dispatcher
from dap_stream.core.stream_format import StreamFormat
from dap_stream.processors.build import for_live, make_live_chain
from dap_stream.processors.chain_settings import make_chain_settings
from dap_stream.processors.rehearsal import damaged_sound, rehearse_live


def compiled():
    modules = [module for name, module in sys.modules.items() if name.startswith("dap_stream.")]
    return {
        (name, str(signature))
        for module in modules
        for name, each in vars(module).items()
        if isinstance(each, Dispatcher)
        for signature in each.signatures
    }


chain = for_live(make_chain_settings(names=sys.argv[1].split(",")))
for channels in (1, 3):
    stream = StreamFormat(16000, channels)
    if "rehearse" in sys.argv:
        rehearse_live(chain, stream)
    before = compiled()
    sound = damaged_sound(stream)[:, ::-1].copy()
    sound[:, 90000:] *= np.float32(0.3)
    processor = make_live_chain(chain, stream, {})
    for begin in range(0, sound.shape[1], 480):
        processor.process(sound[:, begin : begin + 480])
    print(len(before), *sorted(compiled() - before))
"""


def program(names: str, *words: str) -> list[str]:
    """A line for one channel, and one for three: kernels known before, then those that came with damage."""
    command = [sys.executable, "-c", PROGRAM, names, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_nothing_is_compiled_when_damage_comes() -> None:
    for line in program("declip,declick,dehum,bandwidth", "rehearse"):
        assert line.isdecimal() and int(line) > 5


def test_without_it_kernels_would_be_compiled_then() -> None:
    assert "decimate" in program("declick")[0]
