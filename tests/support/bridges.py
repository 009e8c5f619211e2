"""Bridges for tests: one in this process, and one as a process of its own, with a host that talks to it."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

import dap_stream
from dap_stream.apps.bridge.clients import Client
from dap_stream.apps.bridge.dispatcher import Dispatcher
from dap_stream.apps.bridge.folders import Folders
from dap_stream.apps.bridge.jobs import Jobs
from dap_stream.apps.bridge.schema import schema_text
from dap_stream.apps.bridge.scratch import Scratch

PATIENCE_S = 120.0  # only until something must have happened; nothing is asserted about time
FAST = {"generator": "classical"}
ENDLESS = {"steps": 100_000, "quality": "fast"}  # learns until it is cancelled


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(schema_text())
    return schema


@cache
def _validator(definition: str) -> Any:
    whole = _schema()
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{definition}", "$defs": whole["$defs"]})


def check(definition: str, value: object) -> None:
    """Raise unless it is as the shipped schema says."""
    _validator(definition).validate(value)


def is_as(definition: str, value: object) -> bool:
    """Whether it is as the shipped schema says."""
    return bool(_validator(definition).is_valid(value))


def wait_for(condition: Callable[[], object]) -> None:
    """Until it is true."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it should have happened by now"
        time.sleep(0.02)


def request(method: str, job_id: object = 1, **params: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": job_id, "method": method, "params": params}


class Inbox:
    """What a client was told; each message is held against the schema."""

    def __init__(self) -> None:
        self.messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.events: list[dict[str, Any]] = []
        self._answers: dict[object, dict[str, Any]] = {}

    def put(self, message: dict[str, Any] | None) -> None:
        if message is not None:
            message = json.loads(json.dumps(message, allow_nan=False))
        self.messages.put(message)

    def next(self) -> dict[str, Any]:
        """Of any kind, as it came."""
        message = self.messages.get(timeout=PATIENCE_S)
        assert message is not None, "the bridge has gone"
        check("event" if "method" in message else "answer", message)
        return message

    def answer(self, job_id: object = 1) -> dict[str, Any]:
        """The next one to this request; events before it are kept, and answers to others for who asks."""
        while job_id not in self._answers:
            message = self.next()
            if "method" in message:
                self.events.append(message)
            else:
                assert message["id"] not in self._answers, message
                self._answers[message["id"]] = message
        return self._answers.pop(job_id)

    def result(self, job_id: object = 1) -> dict[str, Any]:
        message = self.answer(job_id)
        assert "result" in message, message
        return dict(message["result"])

    def error(self, job_id: object = 1) -> tuple[str, str]:
        """Kind and text; one line."""
        message = self.answer(job_id)
        assert "error" in message, message
        text = message["error"]["message"]
        assert text and "\n" not in text
        return message["error"]["data"]["kind"], text

    def until(self, method: str) -> dict[str, Any]:
        """The next event of this name."""
        while (message := self.next()).get("method") != method:
            assert "method" in message, message
            self.events.append(message)
        return dict(message["params"])


class NearBridge:
    """A dispatcher in this process, with one client."""

    def __init__(self, folder: Path, n_jobs: int = 1) -> None:
        self.logged: list[str] = []
        self.jobs = Jobs(n_jobs, self.logged.append)
        self.scratch = Scratch(str(folder))
        self.dispatcher = Dispatcher(Folders([str(folder)]), self.jobs, self.scratch)
        self.inbox = Inbox()
        self.client = Client(self.inbox.put)

    def take(self, message: object) -> Inbox:
        self.dispatcher.take(self.client, message)
        return self.inbox

    def ask(self, method: str, job_id: object = 1, **params: object) -> Inbox:
        return self.take(request(method, job_id, **params))


@contextmanager
def near_bridge(folder: Path, n_jobs: int = 1) -> Iterator[NearBridge]:
    bridge = NearBridge(folder, n_jobs)
    try:
        yield bridge
    finally:
        assert bridge.jobs.stop()
        bridge.scratch.remove()


class Host:
    """The other end of a bridge that is a process of its own, on standard input and output."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process, self.inbox = process, Inbox()
        self.stderr = b""
        self._threads = [threading.Thread(target=self._read), threading.Thread(target=self._listen)]
        for thread in self._threads:
            thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.inbox.put(json.loads(line))  # nothing but protocol lines
        self.inbox.put(None)

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.stderr += line

    def write(self, data: bytes) -> Inbox:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()
        return self.inbox

    def ask(self, method: str, job_id: object = 1, **params: object) -> Inbox:
        message = request(method, job_id, **params)
        check("request", message)
        return self.write(json.dumps(message).encode() + b"\n")

    def wait(self) -> int:
        """Until it has ended, by itself or by a signal."""
        status = self.process.wait(PATIENCE_S)
        for thread in self._threads:
            thread.join(PATIENCE_S)
        assert b"Traceback" not in self.stderr, self.stderr.decode()
        return status


@contextmanager
def bridge_process(folder: Path, *options: str, is_ready: bool = True) -> Iterator[Host]:
    """``dap-stream bridge`` in ``folder``; killed at the end if it still runs."""
    root = str(Path(dap_stream.__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "dap_stream", "bridge", *options],
        cwd=folder, env={**os.environ, "PYTHONPATH": root},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    host = Host(process)
    try:
        if is_ready:
            wait_for(lambda: b"bridge is ready" in host.stderr or process.poll() is not None)
            assert process.poll() is None, host.stderr.decode()
        yield host
    finally:
        process.kill()
        process.wait()
        for thread in host._threads:
            thread.join(PATIENCE_S)
        for file in (process.stdin, process.stdout, process.stderr):
            with suppress(BrokenPipeError):
                if file is not None:
                    file.close()
