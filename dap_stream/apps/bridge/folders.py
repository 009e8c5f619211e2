"""The folders of the bridge: whatever a path says, nothing outside them is read or written."""

from __future__ import annotations

import os
from collections.abc import Sequence

from dap_stream.apps.bridge.protocol import MAX_PATH_BYTES, BridgeError
from dap_stream.errors import SettingError


class Folders:
    """Folders that were given to the bridge, links resolved.

    Parameters
    ----------
    given
        At least one; relative paths of requests count from the first.

    Raises
    ------
    SettingError
        If one of them is no folder.
    """

    def __init__(self, given: Sequence[str]) -> None:
        for folder in given:
            if not os.path.isdir(folder):
                raise SettingError(f"{folder}: is no folder; name one that is there")
        self.roots = [os.path.realpath(folder) for folder in given]

    def real_path(self, field: str, given: str) -> str:
        """The file that a request means, links resolved; BridgeError unless it is in one of the folders."""
        try:
            size = len(os.fsencode(given))
        except UnicodeEncodeError:
            raise BridgeError("path", f"{field}: has characters that no path can have") from None
        if size > MAX_PATH_BYTES:
            raise BridgeError("limit", f"{field}: a path has at most {MAX_PATH_BYTES} bytes, this has {size}")
        if "\0" in given:
            raise BridgeError("path", f"{field}: has a null character, which no path can have")
        real = os.path.realpath(os.path.join(self.roots[0], given))
        if not any(_is_in(real, root) for root in self.roots):
            raise BridgeError(
                "path",
                f"{field} {given}: is outside of the folders of the bridge ({', '.join(self.roots)}); "
                "move it there, or start the bridge with --folder and another one",
            )
        return real


def _is_in(path: str, root: str) -> bool:
    try:
        return os.path.commonpath([path, root]) == root
    except ValueError:  # other drives
        return False
