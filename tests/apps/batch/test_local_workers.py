"""Workers on this machine: one that is killed is replaced, and its task tried once more."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from recordings import sound, write

from dap_stream.apps.batch.journal import file_state
from dap_stream.apps.batch.local_workers import LocalWorkers
from dap_stream.apps.batch.scheduler import Scheduler
from dap_stream.apps.batch.tasks import Answer, CleanTask, Task
from dap_stream.apps.files.job import Job
from dap_stream.io.output_paths import Names
from dap_stream.processors.chain_settings import make_chain_settings


class DeadlyWorkers(LocalWorkers):
    """Kills whoever gets a task of this name, so many times; its result is there already."""

    def __init__(self, most: int, name: str, times: int) -> None:
        super().__init__(most)
        self.name, self.times = name, times
        self.pids: list[int] = []

    def start(self, place: int, task: Task) -> None:
        if task.name == self.name and self.times:
            self.times -= 1
            assert isinstance(task, CleanTask)
            Path(task.job.names.output).write_bytes(b"whole, and nobody heard of it any more")
            os.kill(self._processes[place].pid, signal.SIGKILL)
        self.pids = [process.pid for process in self._processes.values()]
        super().start(place, task)


@pytest.mark.parametrize(("times", "is_done"), [(1, True), (2, False)])
def test_a_task_whose_worker_is_killed_is_tried_once_more(tmp_path: Path, times: int, is_done: bool) -> None:
    chain = make_chain_settings(values={"generator": "classical"})
    tasks = [
        CleanTask(
            i,
            Job(Names(str(write(tmp_path / f"{i}.wav", sound(0.3))), str(tmp_path / f"{i}.out.wav")), chain),
        )
        for i in range(4)
    ]
    begun: list[int] = []
    answers: dict[int, Answer] = {}
    workers = DeadlyWorkers(1, tasks[1].name, times)
    with workers:
        scheduler = Scheduler(
            workers,
            lambda task: begun.append(task.number),
            lambda task, seconds: None,
            lambda task, answer: answers.update({task.number: answer}),
        )
        scheduler.run(tasks[:3])
        scheduler.run(tasks[3:])  # the same workers go on
    assert begun == [0, 1, 2, 3]
    assert {number for number, answer in answers.items() if answer.error is None} == (
        {0, 1, 2, 3} if is_done else {0, 2, 3}
    )
    if not is_done:
        assert answers[1].result_state == file_state(tasks[1].job.names.output) is not None
        assert "1.wav: its worker was killed (SIGKILL, often for want of memory), 2 times" in str(
            answers[1].error
        )
    assert Path(tasks[1].job.names.output).read_bytes().startswith(b"RIFF") == is_done
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers.pids)
