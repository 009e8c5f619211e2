"""How many workers share a cluster, and which part of a GPU each asks for."""

from __future__ import annotations

import math

PER_GPU = 4  # workers: a fit leaves most of a GPU idle
_STEP = 10_000  # Ray counts in parts of this size


def shares(n_cpus: float, n_gpus: float, jobs: int | None, uses_gpu: bool) -> tuple[int, float]:
    """Number of workers, and the part of a GPU for each; every worker has a CPU.

    Parameters
    ----------
    n_cpus, n_gpus
        Of the whole cluster.
    jobs
        How many workers are wanted; as many as there is room for if None. More than `PER_GPU` for each GPU
        get smaller parts.
    uses_gpu
        Whether they use GPUs, where there are any.
    """
    if not uses_gpu or n_gpus < 1.0:
        return max(jobs or int(n_cpus), 1), 0.0
    room = min(int(n_cpus), PER_GPU * int(n_gpus))
    most = max(jobs or room, 1)
    per_gpu = max(PER_GPU, math.ceil(most / int(n_gpus)))
    return most, math.floor(_STEP / per_gpu) / _STEP  # rounded down, so that all of them fit
