"""A process that ends with its parent, in the middle of what would take it for ever."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

import dap_stream

PATIENCE_S = 60.0  # a busy machine
CHILD = """
import sys
from dap_stream.core.parent_death import end_with_parent
end_with_parent({parent}, 0, {is_main})
print("on", flush=True)
while True:
    pass
"""
PARENT = """
import os, subprocess, sys, threading, time
code = {child!r}.format(parent=os.getpid(), is_main={is_main})
def begin():
    global child
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"on\\n"
if {is_main}:
    begin()
else:
    thread = threading.Thread(target=begin)
    thread.start()
    thread.join()
if {closes}:
    child.stdin.close()
    child.wait()
time.sleep(0.5)
print(child.pid, child.poll(), flush=True)
time.sleep(600)
"""

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes as Linux shows them")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def parent(is_main: bool, closes: bool) -> subprocess.Popen[str]:
    code = PARENT.format(child=CHILD, is_main=is_main, closes=closes)
    root = str(Path(dap_stream.__file__).parents[1])
    return subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("is_main", [True, False])
def test_it_ends_when_the_parent_is_killed_and_not_before(is_main: bool) -> None:
    """Not when the thread ends that started it."""
    with parent(is_main, closes=False) as process:
        assert process.stdout is not None
        pid, status = process.stdout.readline().split()
        assert status == "None" and is_running(int(pid))
        process.kill()
    end = time.monotonic() + PATIENCE_S
    while is_running(int(pid)):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_it_ends_when_nobody_can_ask_it_any_more() -> None:
    with parent(False, closes=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().split()[1] == "-9"
        process.kill()
