"""dap_stream: a training-free streaming denoiser that learns each recording while it cleans it.

Importing the package imports nothing heavy; the names below load what they need when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

# Public name -> module that has it; None: it is the module itself. No module is named like what it
# gives: importing it would put the module in the place of the function.
_HOMES = {
    "Denoiser": "denoiser",
    "LiveDenoiser": "live.denoiser",
    "denoise": "offline",
    "learn": "first_pass",
    "Profile": "profile",
    "load_profile": "profile",
    "save_profile": "profile",
    "Settings": "settings",
    "errors": None,
}
__all__ = [
    "Denoiser",
    "LiveDenoiser",
    "Profile",
    "Settings",
    "__version__",
    "denoise",
    "errors",
    "learn",
    "load_profile",
    "save_profile",
]

if TYPE_CHECKING:
    from dap_stream import errors as errors
    from dap_stream.denoiser import Denoiser as Denoiser
    from dap_stream.first_pass import learn as learn
    from dap_stream.live.denoiser import LiveDenoiser as LiveDenoiser
    from dap_stream.offline import denoise as denoise
    from dap_stream.profile import Profile as Profile
    from dap_stream.profile import load_profile as load_profile
    from dap_stream.profile import save_profile as save_profile
    from dap_stream.settings import Settings as Settings
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
