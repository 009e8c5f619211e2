"""PortAudio: loaded when first asked for, made to look for devices again, and replaced where it hangs."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dap_stream.errors import DapStreamError, DeviceError

_PATIENCE_S = 5.0  # to look for devices
_MAPS = Path("/proc/self/maps")  # where Linux tells what is loaded

_given_up: list[Any] = []  # libraries that hang


def load_portaudio() -> Any:
    """The module sounddevice; a `DeviceError` that says what to install if there is no PortAudio."""
    try:
        import sounddevice
    except ImportError:
        raise DeviceError("live audio needs the package sounddevice: pip install sounddevice") from None
    except OSError as error:  # the wheels for Linux come without the library
        raise DeviceError(
            f"live audio needs PortAudio ({error}): apt install libportaudio2 (Debian, Ubuntu), "
            "dnf install portaudio (Fedora), pacman -S portaudio (Arch)"
        ) from None
    return sounddevice


def look_again() -> None:
    """Look for devices again, which PortAudio does only when it begins. No stream may be open."""
    sd = load_portaudio()
    if sd._lib in _given_up:
        _load_another(sd)

    def begin_anew() -> None:
        while sd._initialized:
            sd._terminate()
        sd._initialize()

    if not try_for(begin_anew, _PATIENCE_S):
        give_up()
    if sd._lib in _given_up or not sd._initialized:
        raise DeviceError("PortAudio does not come back")


def give_up() -> None:
    """A stream could not be closed. `look_again` then uses another PortAudio.

    When jackd or pulseaudio is killed, closing a stream waits for its thread, and that one for ever for a
    lock of the server's library. Nothing ends it but the end of the process.
    """
    sd = load_portaudio()
    _given_up.append(sd._lib)
    atexit.unregister(sd._exit_handler)  # it would wait too, or abort the process


def _load_another(sd: Any) -> None:
    """All that is global in PortAudio is in the library's memory: a copy of its file has its own."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            copy = shutil.copy(_file_of_library(), Path(folder, f"libportaudio-{len(_given_up)}.so"))
            sd._lib = sd._ffi.dlopen(str(copy))
    except (OSError, StopIteration):
        raise DapStreamError(  # not a DeviceError: waiting is of no use
            "PortAudio waits for the dead device in vain; start dap-stream again"
        ) from None
    sd._initialized = 0
    atexit.register(sd._exit_handler)


def _file_of_library() -> str:
    """The one that was loaded first: the files of copies are gone."""
    paths = (line.split(maxsplit=5)[-1] for line in _MAPS.read_text().splitlines())
    return next(each for each in paths if "libportaudio" in each and not each.endswith(" (deleted)"))


def try_for(action: Callable[[], object], seconds: float) -> bool:
    """Do it, but do not wait for ever; whether it came back."""

    def quietly() -> None:
        try:
            action()
        except Exception:  # noqa: BLE001  closing a device that is gone: there is nobody to tell
            return

    thread = threading.Thread(target=quietly, daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()
