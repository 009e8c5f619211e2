"""How much memory this process has needed."""

from __future__ import annotations

import sys


def peak_memory_mb() -> float | None:
    """Largest memory so far; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024  # bytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
