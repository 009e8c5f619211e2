"""Commands run one after the other in children of one warm process: time and memory of each, and its end.

A process that has everything imported is forked for each command, which takes some hundredths of a second
where a new one takes two. It has one thread when it forks: a fork takes no other threads along.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

PATIENCE_S = 60.0  # a run that takes longer hangs
ROOT = Path(__file__).parents[2]
HOOK = ROOT / "tests" / "support" / "kill_hook" / "sitecustomize.py"


@dataclass(frozen=True)
class Run:
    """The end of a command."""

    argv: tuple[str, ...]
    status: int  # exit status; the negative number of the signal that ended it
    out: bytes
    err: str
    seconds: float
    memory: int  # bytes at its largest

    @property
    def hung(self) -> bool:
        return self.status == -signal.SIGALRM


class Forked:
    """Runs commands in a folder; the process behind it ends with the ``with`` block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "NUMBA", "MKL", "OPENBLAS")}
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.hostile.forked"],
            cwd=folder,
            env={**os.environ, **threads, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self,
        argv: Sequence[str],
        stdin: bytes | None = None,
        kill: tuple[int, float] | None = None,
        environment: dict[str, str] | None = None,
    ) -> Run:
        """One command of dap-stream, with ``stdin``, or nothing there.

        ``kill`` is a signal and after how many seconds it is sent; ``environment`` is added, and the hook of
        tests/support/kill_hook reads it.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        text = None if stdin is None else base64.b64encode(stdin).decode()
        job = {"argv": list(argv), "stdin": text, "kill": kill, "environment": environment}
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return Run(tuple(argv), answer[0], base64.b64decode(answer[1]), answer[2], answer[3], answer[4])

    def __enter__(self) -> Forked:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=PATIENCE_S)


def _child(job: dict[str, object], files: Sequence[str]) -> None:
    """The command, in the place of this process; never returns."""
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
    for number, (path, flags) in enumerate(
        zip(files, (os.O_RDONLY, os.O_RDWR | os.O_TRUNC, os.O_RDWR | os.O_TRUNC), strict=True)
    ):
        opened = os.open(path, flags)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = os.fdopen(0, "r", closefd=False)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
    environment = job["environment"]
    if isinstance(environment, dict):
        os.environ.update(environment)
        exec(compile(HOOK.read_text(), str(HOOK), "exec"), {"__name__": "kill_hook"})
    from dap_stream.cli.start import main

    assert isinstance(job["argv"], list)
    sys.argv = ["dap-stream", *job["argv"]]
    status = 70
    try:
        status = main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - what got out of the command is what is looked for
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _serve() -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        files = [os.path.join(scratch, name) for name in ("in", "out", "err")]
        _warm_up(scratch)
        for line in sys.stdin:
            job = json.loads(line)
            for path in files:
                Path(path).write_bytes(b"")
            if job["stdin"] is not None:
                Path(files[0]).write_bytes(base64.b64decode(job["stdin"]))
            began = time.monotonic()
            pid = os.fork()
            if pid == 0:
                _child(job, files)
            if job["kill"] is not None:
                time.sleep(job["kill"][1])
                os.kill(pid, job["kill"][0])
            _, status, usage = os.wait4(pid, 0)
            lasted = time.monotonic() - began
            code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            out = base64.b64encode(Path(files[1]).read_bytes()).decode()
            err = Path(files[2]).read_text(errors="replace")
            print(json.dumps([code, out, err, lasted, usage.ru_maxrss * 1024]), flush=True)


def _warm_up(scratch: str) -> None:
    """Everything that a command imports is imported, and what is compiled is loaded."""
    import numpy as np
    import soundfile
    import torch

    from dap_stream.apps.files.python_api import clean_file
    from dap_stream.processors.chain_settings import make_chain_settings

    torch.set_num_threads(1)
    noisy = os.path.join(scratch, "warm.wav")
    soundfile.write(noisy, np.random.default_rng(0).standard_normal(4000) * 0.1, 8000)
    chain = make_chain_settings(values={"generator": "classical"})
    clean_file(noisy, os.path.join(scratch, "result.wav"), chain)


if __name__ == "__main__":
    _serve()
