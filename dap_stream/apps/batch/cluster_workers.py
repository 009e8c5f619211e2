"""Workers on the machines of a Ray cluster: actors that stay warm, restarted where a machine is lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Sequence
from typing import Any

from dap_stream.apps.batch.tasks import Answer, Task
from dap_stream.apps.batch.worker import ENVIRONMENT, do_task
from dap_stream.apps.batch.workers import Answered, Event, Lost, Ready
from dap_stream.core import parallel
from dap_stream.errors import DapStreamError, SettingError

_CONNECT_S = 5.0
_NO_WORKER_S = 120.0  # without any worker, for a cluster to give us one
GPU_PART = 0.25  # of a GPU for each worker: a fit leaves most of it idle


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
    try:
        import ray
    except ImportError as error:
        raise SettingError("--cluster needs Ray; install it: pip install 'dap-stream[ray]'") from error
    if address != "auto":
        _check_address(address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise _not_there(address) from error
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    n_cpus, n_gpus = int(resources.get("CPU", 0)), resources.get("GPU", 0.0)
    gpus = GPU_PART if uses_gpu and n_gpus else 0.0
    most = n_cpus if not gpus else min(n_cpus, int(n_gpus / gpus))
    return ClusterWorkers(ray, max(jobs or most, 1), gpus)


def _check_address(address: str) -> None:
    """Whether anybody listens there: Ray itself would end the process where nobody does."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or "/" in host:
        raise SettingError(f"--cluster {address} must be auto, or HOST:PORT as ray start says it")

    async def knock() -> None:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), _CONNECT_S)
        writer.close()
        await writer.wait_closed()

    try:
        asyncio.run(knock())
    except (OSError, OverflowError, asyncio.TimeoutError) as error:
        raise _not_there(address) from error


def _not_there(address: str) -> DapStreamError:
    where = "on this machine" if address == "auto" else f"at {address}"
    return DapStreamError(
        f"there is no Ray cluster {where}; start one: ray start --head, or check the address"
    )
