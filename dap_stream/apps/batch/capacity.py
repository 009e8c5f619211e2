"""How many workers a machine has room for: by its cores, and by memory that is free."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dap_stream.apps.batch.item import Item
from dap_stream.core.parallel import n_cores
from dap_stream.processors.registry import PROCESSORS

_PLAIN_MB = 200.0  # of a worker beside what its processors need


def n_workers(items: Sequence[Item]) -> int:
    """As many as there are cores, unless memory is scarce; one at least."""
    most_mb = max((_memory_mb(item) for item in items), default=_PLAIN_MB)
    free_mb = free_memory_mb()
    room = n_cores() if free_mb is None else int(free_mb / most_mb)
    return max(1, min(n_cores(), room))


def _memory_mb(item: Item) -> float:
    total = _PLAIN_MB
    for name, settings in item.chain.processors:
        cost = PROCESSORS[name].cost
        if cost is not None and item.stream is not None:
            total += cost(settings, item.stream, 0.0).memory_mb
    return total


def free_memory_mb() -> float | None:
    """Memory that programs can still have; None where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    values = dict(line.split(":", 1) for line in lines if ":" in line)
    return float(values["MemAvailable"].split()[0]) / 1000.0 if "MemAvailable" in values else None
