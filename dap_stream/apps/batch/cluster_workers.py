"""Workers on the machines of a Ray cluster: actors that stay warm, restarted where a machine is lost."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from dap_stream.apps.batch.cluster_probe import check_cluster, not_there
from dap_stream.apps.batch.shares import shares
from dap_stream.apps.batch.tasks import Answer, Task
from dap_stream.apps.batch.worker import ENVIRONMENT, do_task
from dap_stream.apps.batch.workers import Answered, Event, Lost, Ready
from dap_stream.core import parallel
from dap_stream.errors import DapStreamError, SettingError, one_line

_NO_WORKER_S = 120.0  # without any worker, for a cluster to give us one


class ClusterWorker:
    """The actor, in a process somewhere in the cluster."""

    def __init__(self, folder: str) -> None:
        try:
            os.chdir(folder)  # names of files count from where the command was given
        except OSError as error:
            raise DapStreamError(
                f"{folder}: is not there on a machine of the cluster ({error.strerror}); share it"
            ) from error
        parallel.use_one_core()

    def ready(self) -> None:
        """Answers once the worker is there."""

    def do_task(self, task: Task) -> Answer:
        """As of `dap_stream.apps.batch.worker`."""
        return do_task(task, _say_nothing)


def _say_nothing(seconds: float) -> None:
    """Progress within a recording stays where it is made."""


class ClusterWorkers:
    """``most`` actors of a cluster that is connected; see `Workers`."""

    def __init__(self, ray: Any, most: int, gpus: float) -> None:
        self._ray, self._most = ray, most
        self._kind = ray.remote(ClusterWorker).options(
            num_cpus=1,
            num_gpus=gpus,
            max_restarts=-1,  # a task that kills its worker is tried twice, and then no more
            max_task_retries=0,  # what is tried again is written in our journal
            runtime_env={"env_vars": ENVIRONMENT},
        )
        self._actors: dict[int, Any] = {}
        self._calls: dict[Any, tuple[int, bool]] = {}  # what is waited for -> place, and whether it is a task
        self._is_ready: set[int] = set()

    def want(self, n_tasks: int) -> None:
        """As of `Workers`."""
        for place in range(len(self._actors), min(n_tasks, self._most)):
            self._actors[place] = self._kind.remote(os.getcwd())
            self._ask(place)

    def _ask(self, place: int) -> None:
        self._calls[self._actors[place].ready.remote()] = place, False

    def start(self, place: int, task: Task) -> None:
        """As of `Workers`."""
        self._calls[self._actors[place].do_task.remote(task)] = place, True

    def wait(self) -> Sequence[Event]:
        """As of `Workers`."""
        is_alive = bool(self._is_ready)
        done, _ = self._ray.wait(list(self._calls), timeout=None if is_alive else _NO_WORKER_S)
        if not done:
            raise DapStreamError(
                f"the cluster has given no worker for {_NO_WORKER_S:g} s; look at ray status for free CPUs"
            )
        return [self._event(call) for call in done]

    def _event(self, call: Any) -> Event:
        place, is_task = self._calls.pop(call)
        try:
            answer = self._ray.get(call)
        except self._ray.exceptions.RayTaskError as error:  # of the program itself
            raise _begun_badly(error) from error
        except self._ray.exceptions.RayError as error:
            self._is_ready.discard(place)
            if isinstance(error, self._ray.exceptions.ActorDiedError) and not is_task:
                raise _begun_badly(error) from error
            self._ask(place)
            return Lost(place, f"its worker in the cluster was lost ({type(error).__name__})")
        self._is_ready.add(place)
        return Answered(place, answer) if is_task else Ready(place)

    def __enter__(self) -> ClusterWorkers:
        return self

    def __exit__(self, *error: object) -> None:
        for actor in self._actors.values():
            with contextlib.suppress(self._ray.exceptions.RayError):
                self._ray.kill(actor)
        self._ray.shutdown()


def _begun_badly(error: Exception) -> DapStreamError:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return DapStreamError(
        f"workers of the cluster cannot begin ({lines[-1].strip() if lines else type(error).__name__}); "
        "install the same dap_stream on all machines"
    )


def connect(address: str, jobs: int | None, uses_gpu: bool) -> ClusterWorkers:
    """Workers of a cluster.

    Parameters
    ----------
    address
        ``auto`` for the one that runs on this machine, or ``HOST:PORT`` of its head.
    jobs
        How many workers; as many as it has CPUs if None.
    uses_gpu
        Whether workers share the GPUs, if there are any.

    Raises
    ------
    DapStreamError
        If there is no such cluster, or Ray is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    if find_spec("ray") is None:
        raise SettingError("--cluster needs Ray; install it: pip install 'dap-stream[ray]'")
    check_cluster(address)
    import ray

    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except ConnectionError as error:
        raise not_there(address) from error
    except (RuntimeError, ValueError, OSError) as error:
        raise DapStreamError(
            f"the Ray cluster takes no program from here ({one_line(str(error))}); "
            "have the same versions of Python and Ray on all machines"
        ) from error
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    most, gpus = shares(resources.get("CPU", 0.0), resources.get("GPU", 0.0), jobs, uses_gpu)
    return ClusterWorkers(ray, most, gpus)
