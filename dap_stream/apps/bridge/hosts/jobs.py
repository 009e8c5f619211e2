"""Jobs for ``dap-stream bridge`` as files in a folder: what the scripts in Python share.

`dap-stream bridge install` puts it in front of each script, with the places of this machine filled in. It
needs nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
import uuid
from typing import Any

COMMAND, JOBS = "@COMMAND@", "@JOBS@"
FOLDERS: list[str] = ["@FOLDERS@"]
PRESET: str | None = "@PRESET@"

FRESH_S = 10.0  # a heartbeat is every two seconds


def new_name(start: str) -> str:
    """A name that no other job or file has."""
    return f"{start}_{uuid.uuid4().hex[:12]}"


class JobFolder:
    """The folder that a bridge watches; what cannot be written there is an OSError."""

    def submit(self, host: str, method: str, params: dict[str, Any]) -> str:
        """Hand a job to the bridge, and get its name."""
        name = new_name(host)
        if PRESET is not None:
            params = dict(params, preset=PRESET)
        self._write(name + ".job.json", json.dumps({"protocol": 1, "method": method, "params": params}))
        return name

    def look(self, name: str) -> tuple[str, dict[str, Any]]:
        """``working`` with stage and part, ``done`` with the figures, or ``failed`` with the message."""
        answer = self._read(name + ".result.json")
        if answer is None:
            return "working", self._read(name + ".progress.json") or {"stage": "waiting", "part": 0.0}
        with contextlib.suppress(OSError):
            os.remove(os.path.join(JOBS, name + ".result.json"))
        return ("failed", answer["error"]) if "error" in answer else ("done", answer["result"])

    def cancel(self, name: str) -> None:
        """Have a job end soon."""
        with contextlib.suppress(OSError):
            self._write(name + ".cancel", "")

    def is_alive(self) -> bool:
        """Whether a bridge looks at the folder: its heartbeat is a few seconds old at most."""
        beat = (self._read("bridge.json") or {}).get("heartbeat", 0.0)
        return bool(time.time() - beat < FRESH_S)

    def start_words(self) -> list[str]:
        """The command that starts a bridge; it ends when it had nothing to do for half an hour."""
        words = [COMMAND, "bridge", "--watch", JOBS, "--idle", "1800", "--folder", JOBS]
        for folder in FOLDERS:
            words += ["--folder", folder]
        return words

    def start_bridge(self) -> None:
        """Start one if none is alive, and do not wait for it."""
        if not self.is_alive():
            nothing, flags = subprocess.DEVNULL, getattr(subprocess, "CREATE_NO_WINDOW", 0)
            subprocess.Popen(
                self.start_words(), stdin=nothing, stdout=nothing, stderr=nothing,
                start_new_session=True, creationflags=flags,
            )  # fmt: skip

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            with open(os.path.join(JOBS, name), encoding="utf-8") as file:
                values = json.load(file)
        except (OSError, ValueError):
            return None  # not there yet
        return values if isinstance(values, dict) else None

    def _write(self, name: str, text: str) -> None:
        """A file that is there as a whole."""
        part = os.path.join(JOBS, "." + name + ".part")
        with open(part, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(part, os.path.join(JOBS, name))
