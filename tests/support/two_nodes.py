"""A Ray cluster of two nodes on this machine, for one batch: a program of its own, for Ray leaves its marks.

    python two_nodes.py KILLS GONE ARGUMENTS...

Runs ``dap-stream batch ARGUMENTS --cluster``, removes the file GONE as soon as a worker is in a task, kills
as many workers in the middle of one, and ends with its status. What is told goes through.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ray.cluster_utils import Cluster

NODE: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 80 * 2**20}


def at_work(ancestor: int) -> list[int]:
    """Workers of our cluster that are in a task: Ray writes it into their titles."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            title = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if title.startswith(b"ray::ClusterWorker.do_task") and ancestor in ancestors(int(folder.name)):
            found.append(int(folder.name))
    return found


def ancestors(pid: int) -> list[int]:
    found = []
    while pid > 1:
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            break
        found.append(pid)
    return found


def main() -> int:
    n_kills, gone, arguments = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    cluster = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
    try:
        cluster.add_node(**NODE)
        command = [sys.executable, "-m", "dap_stream", "batch", *arguments, "--cluster", cluster.address]
        batch = subprocess.Popen(command)
        while batch.poll() is None:
            for pid in at_work(os.getpid())[:n_kills]:
                gone.unlink(missing_ok=True)
                os.kill(pid, signal.SIGKILL)
                n_kills -= 1
            time.sleep(0.05)
        print(f"kills left: {n_kills}", flush=True)
        return batch.returncode
    finally:
        cluster.shutdown()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    sys.exit(main())
