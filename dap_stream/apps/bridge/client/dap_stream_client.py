"""Client of ``dap-stream bridge`` in one file, for the Python inside of a host. Copy it where you need it.

It uses nothing but the standard library, from Python 3.6 on, and imports neither dap_stream nor torch::

    from dap_stream_client import Bridge

    with Bridge.start(folders=["/recordings"]) as bridge:
        figures = bridge.clean("/recordings/talk.wav", "/recordings/quiet.wav", progress=print)

From a shell: ``python dap_stream_client.py clean talk.wav quiet.wav``.
"""

import collections
import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import threading
import time
from typing import IO, Any, Callable, Deque, Dict, List, Optional, Sequence

__all__ = ["Bridge", "BridgeError", "Cancelled", "Disconnected", "TimedOut"]

PROTOCOL = 1
START_S = 120.0  # the first start on a machine compiles; a busy machine takes its time
END_S = 30.0

Progress = Callable[[str, float], Any]
Text = Callable[[str], Any]


class BridgeError(Exception):
    """An answer that is an error: ``kind`` for programs, the text for people."""

    def __init__(self, message: str, kind: str = "internal", code: int = 0) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code


class Cancelled(BridgeError):
    """The job was cancelled; nothing half-written is left."""


class Disconnected(BridgeError):
    """The bridge cannot be started or reached, or has gone."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "disconnected")


class TimedOut(BridgeError):
    """No answer in the time that you gave; the job was cancelled."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "timeout")


class Job:
    """A request on its way. ``wait`` may be called from any thread, ``cancel`` from another one too."""

    def __init__(self, bridge: "Bridge", job_id: int) -> None:
        self._bridge = bridge
        self.id = job_id
        self._messages: "queue.Queue[Optional[Dict[str, Any]]]" = queue.Queue()

    def wait(
        self,
        progress: Optional[Progress] = None,
        note: Optional[Text] = None,
        timeout: Optional[float] = None,
    ) -> Dict[str, Any]:
        """The result. ``progress(stage, part)`` and ``note(text)`` are called here, in your thread.

        What they raise cancels the job. BridgeError if the job fails; TimedOut after ``timeout`` seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                message = self._next(end)
                if "method" in message:
                    _tell(message, progress, note)
            except BaseException:
                self.cancel()
                raise
            if "method" not in message:
                return _result(message)

    def _next(self, end: Optional[float]) -> Dict[str, Any]:
        left = None if end is None else max(end - time.monotonic(), 0.0)
        try:
            message = self._messages.get(timeout=left)
        except queue.Empty:
            raise TimedOut("the bridge did not answer in time; the job is cancelled") from None
        if message is None:
            raise Disconnected(self._bridge._why_gone())
        return message

    def cancel(self) -> None:
        """Have it end soon; `wait` then raises Cancelled, unless it was done already."""
        try:
            self._bridge._send({"jsonrpc": "2.0", "method": "cancel", "params": {"id": self.id}})
        except Disconnected:
            pass


def _tell(message: Dict[str, Any], progress: Optional[Progress], note: Optional[Text]) -> None:
    params = message["params"]
    if message["method"] != "progress":
        if note is not None:
            note(params["text"])
    elif progress is not None:
        progress(params["stage"], params["part"])


def _result(message: Dict[str, Any]) -> Dict[str, Any]:
    if "result" in message:
        return dict(message["result"])
    error = message["error"]
    kind = error.get("data", {}).get("kind", "internal")
    if kind == "cancelled":
        raise Cancelled(error["message"], kind, error["code"])
    raise BridgeError(error["message"], kind, error["code"])


class Bridge:
    """A connection to a bridge; make it with `start` or `connect`, and use it in a ``with`` block.

    Several threads may ask at once. ``about`` is what the bridge said of itself.
    """

    def __init__(
        self,
        reader: IO[bytes],
        writer: IO[bytes],
        process: "Optional[subprocess.Popen[bytes]]" = None,
        connection: Optional[socket.socket] = None,
        token: Optional[str] = None,
        timeout: float = START_S,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._process, self._connection = process, connection
        self._lock = threading.Lock()  # guards the next three, and keeps lines whole
        self._jobs: Dict[int, Job] = {}
        self._last_id = 0
        self._is_gone = False
        self._last_words: Deque[str] = collections.deque(maxlen=20)
        self._threads = [threading.Thread(target=self._read, daemon=True)]
        if process is not None:
            self._threads.append(threading.Thread(target=self._listen, daemon=True))
        for thread in self._threads:
            thread.start()
        params: Dict[str, Any] = {"protocol": PROTOCOL, "client": "dap_stream_client"}
        if token is not None:
            params["token"] = token
        try:
            self.about = self.call("hello", params, timeout=timeout)
        except BaseException:
            self.close()
            raise

    @classmethod
    def start(
        cls,
        command: Optional[Sequence[str]] = None,
        folders: Sequence[str] = (),
        options: Sequence[str] = (),
        timeout: float = START_S,
    ) -> "Bridge":
        """Start a bridge of your own, which ends with you.

        ``command`` is where dap-stream is, if it is neither on the path nor in $DAP_STREAM; ``folders`` are
        those in which it may read and write, the current one if there are none; ``options`` are more of them.
        """
        argv = list(command or ()) or [os.environ.get("DAP_STREAM") or shutil.which("dap-stream") or ""]
        if not argv[0]:
            raise Disconnected("dap-stream is not on the path; install it, or say where it is in $DAP_STREAM")
        argv += ["bridge"]
        for folder in folders:
            argv += ["--folder", str(folder)]
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        try:
            process = subprocess.Popen(
                argv + list(options),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                creationflags=flags,
            )
        except OSError as error:
            raise Disconnected("%s cannot be started (%s)" % (argv[0], error.strerror or error)) from None
        assert process.stdin is not None and process.stdout is not None
        return cls(process.stdout, process.stdin, process, timeout=timeout)

    @classmethod
    def connect(cls, place: Any, token: Optional[str] = None, timeout: float = 10.0) -> "Bridge":
        """Use a bridge that runs: ``place`` is the path of its socket, or its TCP port with a token."""
        connection = None
        try:
            if isinstance(place, int):
                connection = socket.create_connection(("127.0.0.1", place), timeout)
            else:
                connection = socket.socket(socket.AF_UNIX)
                connection.settimeout(timeout)
                connection.connect(str(place))
            connection.settimeout(None)
        except OSError as error:
            if connection is not None:
                connection.close()
            raise Disconnected("no bridge at %s (%s)" % (place, error.strerror or error)) from None
        reader, writer = connection.makefile("rb"), connection.makefile("wb")
        return cls(reader, writer, connection=connection, token=token, timeout=timeout)

    def clean(
        self,
        input: str,
        output: Optional[str] = None,
        progress: Optional[Progress] = None,
        note: Optional[Text] = None,
        timeout: Optional[float] = None,
        **params: Any,
    ) -> Dict[str, Any]:
        """Clean a file, or ``start_s`` to ``end_s`` of it; returns the figures, among them ``output``.

        ``params`` are those of the protocol: preset, chain, repair, settings, removed, profile, save_profile,
        force.
        """
        fields = _without_none(dict(params, input=str(input), output=output and str(output)))
        return self.submit("clean", fields).wait(progress, note, timeout)

    def preview(
        self,
        input: str,
        start_s: float,
        end_s: float,
        progress: Optional[Progress] = None,
        note: Optional[Text] = None,
        timeout: Optional[float] = None,
        **params: Any,
    ) -> Dict[str, Any]:
        """Clean a stretch into a file of the bridge's own; its path is ``output`` of what is returned."""
        fields = _without_none(dict(params, input=str(input), start_s=start_s, end_s=end_s))
        return self.submit("preview", fields).wait(progress, note, timeout)

    def learn(
        self,
        input: str,
        profile: str,
        progress: Optional[Progress] = None,
        note: Optional[Text] = None,
        timeout: Optional[float] = None,
        **params: Any,
    ) -> Dict[str, Any]:
        """Learn a recording and keep that in the file ``profile``, without cleaning it."""
        fields = _without_none(dict(params, input=str(input), profile=str(profile)))
        return self.submit("learn", fields).wait(progress, note, timeout)

    def ping(self, timeout: float = 10.0) -> None:
        """Raise unless the bridge answers."""
        self.call("ping", timeout=timeout)

    def shutdown(self, timeout: float = END_S) -> None:
        """End the bridge, for all its clients."""
        self.call("shutdown", timeout=timeout)

    def cancel(self) -> None:
        """Cancel all jobs of this connection; whoever waits for one gets Cancelled."""
        with self._lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            job.cancel()

    def call(
        self, method: str, params: Optional[Dict[str, Any]] = None, timeout: Optional[float] = None
    ) -> Dict[str, Any]:
        """Any request, and its result."""
        return self.submit(method, params or {}).wait(timeout=timeout)

    def submit(self, method: str, params: Dict[str, Any]) -> "Job":
        """Send a request and do not wait; see `Job`."""
        with self._lock:
            self._last_id += 1
            job = Job(self, self._last_id)
            if not self._is_gone:
                self._jobs[job.id] = job
        self._send({"jsonrpc": "2.0", "id": job.id, "method": method, "params": params})
        return job

    def close(self) -> None:
        """Hang up: jobs that run are cancelled. A bridge that was started here ends."""
        with self._lock:
            self._is_gone = True
        try:
            if self._connection is not None:
                self._connection.shutdown(socket.SHUT_RDWR)  # closing alone would not wake who reads
            else:
                self._writer.close()
        except (OSError, ValueError):
            pass
        if self._process is not None:
            try:
                self._process.wait(END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(END_S)
        for file in (self._writer, self._reader, self._connection, getattr(self._process, "stderr", None)):
            if file is not None:
                _close(file)

    def __enter__(self) -> "Bridge":
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def _send(self, message: Dict[str, Any]) -> None:
        data = json.dumps(message, allow_nan=False).encode("ascii") + b"\n"
        try:
            with self._lock:
                if self._is_gone:
                    raise OSError
                self._writer.write(data)
                self._writer.flush()
        except (OSError, ValueError):
            raise Disconnected(self._why_gone()) from None

    def _read(self) -> None:
        try:
            for line in self._reader:
                message = json.loads(line.decode("utf-8"))
                job_id = message["params"]["id"] if "method" in message else message["id"]
                with self._lock:
                    job = self._jobs.get(job_id) if "method" in message else self._jobs.pop(job_id, None)
                if job is not None:
                    job._messages.put(message)
        except (OSError, ValueError, KeyError, TypeError):
            pass
        with self._lock:
            self._is_gone = True
            left, self._jobs = list(self._jobs.values()), {}
        for job in left:
            job._messages.put(None)

    def _listen(self) -> None:
        assert self._process is not None and self._process.stderr is not None
        for line in self._process.stderr:
            self._last_words.append(line.decode("utf-8", "replace").strip())

    def _why_gone(self) -> str:
        if self._process is None:
            return "the bridge has gone"
        for thread in self._threads[1:]:
            thread.join(2.0)  # its last words may be on their way
        words = [line for line in self._last_words if line]
        return "the bridge has gone" + (": " + words[-1] if words else "")


def _close(file: Any) -> None:
    try:
        file.close()
    except (OSError, ValueError):
        pass


def _without_none(params: Dict[str, Any]) -> Dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}


def main(argv: List[str]) -> int:
    """``clean IN [OUT] [NAME=VALUE ...]``: names are fields or settings of the bridge."""
    words = [word for word in argv[1:] if "=" not in word]
    if argv[:1] != ["clean"] or not 1 <= len(words) <= 2:
        print(
            "usage: dap_stream_client.py clean IN [OUT] [preset=NAME] [repair=KINDS] [force=true] [KEY=VALUE]"
        )
        return 2
    params: Dict[str, Any] = {}
    for name, _, value in (word.partition("=") for word in argv[1:] if "=" in word):
        if name in ("preset", "removed", "profile", "save_profile"):
            params[name] = os.path.abspath(value) if name != "preset" else value
        elif name in ("start_s", "end_s"):
            params[name] = float(value)
        elif name == "repair":
            params[name] = value.split(",")
        elif name == "force":
            params[name] = value == "true"
        else:
            params.setdefault("settings", {})[name] = value
    paths = [os.path.abspath(word) for word in words]

    def show(stage: str, part: float) -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\r%s %3.0f %%" % (stage, 100 * part))

    try:
        with Bridge.start(folders=sorted({os.path.dirname(path) for path in paths})) as bridge:
            figures = bridge.clean(paths[0], paths[1] if paths[1:] else None, progress=show, **params)
    except BridgeError as error:
        sys.stderr.write("dap_stream_client: error: %s\n" % error)
        return 1
    print(figures["output"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
