"""dap_stream: a training-free streaming denoiser that learns each recording while it cleans it.

Importing the package imports nothing heavy; the names below load what they need when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

# Public name -> module that has it; None: it is the module itself.
_HOMES = {
    "__version__": "core.version",
    "ArraySink": "core.arrays",
    "ArraySource": "core.arrays",
    "Audio": "core.array_types",
    "Bypass": "core.processors",
    "Chain": "core.processors",
    "ChainSettings": "processors.chain_settings",
    "Delay": "core.processors",
    "DenoiseModel": "processors.denoise.model",
    "DenoiseSettings": "processors.denoise.settings",
    "Denoiser": "processors.denoise.denoiser",
    "FileSink": "io.file_sink",
    "FileSource": "io.file_source",
    "Finding": "processors.findings",
    "Gain": "processors.gain.gain",
    "GainSettings": "processors.gain.settings",
    "LiveDenoiser": "processors.denoise.denoiser",
    "LiveModel": "processors.denoise.live_model",
    "Processor": "core.processor",
    "Profile": "core.profile",
    "Repaired": "processors.repair_array",
    "StreamFormat": "core.stream_format",
    "chain_of": "processors.chain_settings",
    "clean_file": "apps.files.python_api",
    "denoise": "processors.denoise.array_api",
    "errors": None,
    "learn": "processors.denoise.pretrain",
    "load_profile": "io.profile_file",
    "make_chain": "processors.build",
    "make_chain_settings": "processors.chain_settings",
    "make_live_model": "processors.denoise.live_model",
    "process_array": "core.arrays",
    "process_buffers": "core.arrays",
    "render": "core.render",
    "repair": "processors.repair_array",
    "save_profile": "io.profile_file",
}
__all__ = [
    "ArraySink",
    "ArraySource",
    "Audio",
    "Bypass",
    "Chain",
    "ChainSettings",
    "Delay",
    "DenoiseModel",
    "DenoiseSettings",
    "Denoiser",
    "FileSink",
    "FileSource",
    "Finding",
    "Gain",
    "GainSettings",
    "LiveDenoiser",
    "LiveModel",
    "Processor",
    "Profile",
    "Repaired",
    "StreamFormat",
    "__version__",
    "chain_of",
    "clean_file",
    "denoise",
    "errors",
    "learn",
    "load_profile",
    "make_chain",
    "make_chain_settings",
    "make_live_model",
    "process_array",
    "process_buffers",
    "render",
    "repair",
    "save_profile",
]

if TYPE_CHECKING:
    from dap_stream import errors as errors
    from dap_stream.apps.files.python_api import clean_file as clean_file
    from dap_stream.core.array_types import Audio as Audio
    from dap_stream.core.arrays import ArraySink as ArraySink
    from dap_stream.core.arrays import ArraySource as ArraySource
    from dap_stream.core.arrays import process_array as process_array
    from dap_stream.core.arrays import process_buffers as process_buffers
    from dap_stream.core.processor import Processor as Processor
    from dap_stream.core.processors import Bypass as Bypass
    from dap_stream.core.processors import Chain as Chain
    from dap_stream.core.processors import Delay as Delay
    from dap_stream.core.profile import Profile as Profile
    from dap_stream.core.render import render as render
    from dap_stream.core.stream_format import StreamFormat as StreamFormat
    from dap_stream.core.version import __version__ as __version__
    from dap_stream.io.file_sink import FileSink as FileSink
    from dap_stream.io.file_source import FileSource as FileSource
    from dap_stream.io.profile_file import load_profile as load_profile
    from dap_stream.io.profile_file import save_profile as save_profile
    from dap_stream.processors.build import make_chain as make_chain
    from dap_stream.processors.chain_settings import ChainSettings as ChainSettings
    from dap_stream.processors.chain_settings import chain_of as chain_of
    from dap_stream.processors.chain_settings import make_chain_settings as make_chain_settings
    from dap_stream.processors.denoise.array_api import denoise as denoise
    from dap_stream.processors.denoise.denoiser import Denoiser as Denoiser
    from dap_stream.processors.denoise.denoiser import LiveDenoiser as LiveDenoiser
    from dap_stream.processors.denoise.live_model import LiveModel as LiveModel
    from dap_stream.processors.denoise.live_model import make_live_model as make_live_model
    from dap_stream.processors.denoise.model import DenoiseModel as DenoiseModel
    from dap_stream.processors.denoise.pretrain import learn as learn
    from dap_stream.processors.denoise.settings import DenoiseSettings as DenoiseSettings
    from dap_stream.processors.findings import Finding as Finding
    from dap_stream.processors.gain.gain import Gain as Gain
    from dap_stream.processors.gain.settings import GainSettings as GainSettings
    from dap_stream.processors.repair_array import Repaired as Repaired
    from dap_stream.processors.repair_array import repair as repair
else:

    def __getattr__(name):
        if name not in _HOMES:
            raise AttributeError(f"module 'dap_stream' has no attribute {name!r}")
        home = _HOMES[name]
        if home is None:
            return importlib.import_module(f"dap_stream.{name}")
        value = getattr(importlib.import_module(f"dap_stream.{home}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
