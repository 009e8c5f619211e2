"""A real Audacity on a screen that nobody sees, with a home of its own."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from servers import needs

MODULE = Path("/usr/lib/audacity/modules/mod-script-pipe.so")
CONFIG = """PrefsVersion=1.1.1r1
NewPrefsInitialized=1
[Version]
Major=3
Minor=2
Micro=4
[GUI]
ShowSplashScreen=0
[Update]
UpdateNoticeShown=1
DefaultUpdatesChecking=0
[Module]
mod-script-pipe=1
[ModulePath]
mod-script-pipe={module}
[ModuleDateTime]
mod-script-pipe={stamp}
[Directories]
TempDir={temp}
"""


@contextmanager
def audacity_program(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """It starts; whoever connects has to wait until it answers."""
    needs("audacity", "Xvfb")
    pipes = [Path(f"/tmp/audacity_script_pipe.{end}.{os.getuid()}") for end in ("to", "from")]
    if not MODULE.exists():
        pytest.skip("this Audacity has no mod-script-pipe")
    config, temp, runtime = home / ".config/audacity", home / "audio", home / "run"
    config.mkdir(parents=True)
    runtime.mkdir(mode=0o700)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(MODULE.stat().st_mtime))
    (config / "audacity.cfg").write_text(CONFIG.format(module=MODULE, stamp=stamp, temp=temp))
    for pipe in pipes:
        pipe.unlink(missing_ok=True)  # of one that has died
    env = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(runtime), "NO_AT_BRIDGE": "1"}
    env.pop("XDG_CONFIG_HOME", None)
    screen = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(screen, stdout=subprocess.PIPE, stderr=quiet) as xvfb:
        assert xvfb.stdout is not None
        env["DISPLAY"] = ":" + xvfb.stdout.readline().decode().strip()
        try:
            with subprocess.Popen(["audacity"], env=env, stdout=quiet, stderr=quiet) as process:
                try:
                    yield process
                finally:
                    with suppress(ProcessLookupError):
                        process.kill()
                    for pipe in pipes:
                        pipe.unlink(missing_ok=True)
        finally:
            xvfb.terminate()
