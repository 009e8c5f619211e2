"""``dap-stream bridge`` as a process of its own: pipes that close, signals, kills, and a second one."""

from __future__ import annotations

import ast
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bridges import ENDLESS, FAST, Host, bridge_process, check, request, wait_for
from recordings import read, snapshot, sound, write

import dap_stream
from dap_stream.apps.bridge.client import dap_stream_client
from dap_stream.apps.bridge.client.dap_stream_client import Bridge, BridgeError, Disconnected
from dap_stream.cli.main import main

CLIENT = Path(dap_stream_client.__file__)
COMMAND = [sys.executable, "-m", "dap_stream"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Host]]:
    """A bridge on standard streams that several tests talk to."""
    folder = tmp_path_factory.mktemp("shared")
    write(folder / "talk.wav", sound(3.0))
    with bridge_process(folder) as host:
        yield folder, host


# ---------------------------------------------------------------- standard input and output


def test_a_host_has_it_clean(shared: tuple[Path, Host]) -> None:
    folder, host = shared
    assert host.ask("hello", 0, protocol=1).result(0)["folders"] == [str(folder)]
    inbox = host.ask("clean", "a", input="talk.wav", output="a.wav", settings={"steps": 6, "quality": "fast"})
    assert inbox.result("a")["n_samples"] == 48000 and (folder / "a.wav").exists()
    assert {each["params"]["stage"] for each in inbox.events} == {"learning", "cleaning"}


def test_bad_lines_are_answered_and_it_goes_on(shared: tuple[Path, Host]) -> None:
    _, host = shared
    for line, says in ((b"nonsense\n", "no JSON"), (b"[]\n", "must be an object")):
        assert says in host.write(line).error(None)[1]
    for _ in range(100):
        host.write(b"x" * 2**20)
    assert host.write(b"\n").error(None)[0] == "limit"
    assert host.ask("ping", 5).result(5) == {"ok": True}


def test_nothing_but_protocol_is_on_standard_output(shared: tuple[Path, Host]) -> None:
    """Not even what a library in C prints: descriptor 1 is standard error while it serves."""
    if not Path("/proc").is_dir():
        pytest.skip("looks at descriptors as Linux shows them")
    _, host = shared
    files = Path(f"/proc/{host.process.pid}/fd")
    assert os.readlink(files / "1") == os.readlink(files / "2")


def test_everything_is_loaded_before_the_first_request(shared: tuple[Path, Host]) -> None:
    if not Path("/proc").is_dir():
        pytest.skip("looks at libraries as Linux shows them")
    _, host = shared
    maps = Path(f"/proc/{host.process.pid}/maps").read_text()
    assert "libtorch" in maps and "libsndfile" in maps and "llvmlite" in maps


def test_a_host_that_closes_the_pipe_in_mid_job(tmp_path: Path) -> None:
    write(tmp_path / "talk.wav", sound(3.0))
    with bridge_process(tmp_path) as host:
        host.ask("clean", 1, input="talk.wav", settings=ENDLESS).until("progress")
        assert list(tmp_path.glob(".*.part"))
        assert host.process.stdin is not None
        host.process.stdin.close()
        assert host.wait() == 0
    assert set(snapshot(tmp_path)) == {"talk.wav"}


def test_a_host_that_is_killed_closes_both_pipes(tmp_path: Path) -> None:
    write(tmp_path / "talk.wav", sound(3.0))
    params = {"input": "talk.wav", "settings": ENDLESS}
    line = json.dumps(request("clean", **params)).encode() + b"\n"
    host = (
        "import subprocess, sys, os, signal\n"
        f"p = subprocess.Popen({[*COMMAND, 'bridge']!r}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        f"p.stdin.write({line!r}); p.stdin.flush()\n"
        "print(p.pid, p.stdout.readline(), flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(dap_stream.__file__).parents[1])}
    run = subprocess.run(
        [sys.executable, "-c", host], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    # `run` returns when nobody has the pipe of standard error any more: the bridge has ended too.
    assert run.returncode == -signal.SIGKILL and '"learning"' in run.stdout
    assert "Traceback" not in run.stderr and set(snapshot(tmp_path)) == {"talk.wav"}


def test_a_signal_cancels_and_leaves_nothing(tmp_path: Path) -> None:
    write(tmp_path / "talk.wav", sound(3.0))
    with bridge_process(tmp_path, "--jobs", "2") as host:
        inbox = host.ask("clean", 1, input="talk.wav", settings=ENDLESS)
        inbox.until("progress")
        result = host.ask("preview", 2, input="talk.wav", start_s=0, end_s=1, settings=FAST).result(2)
        assert read(Path(result["output"])).shape == (1, 16000)
        host.process.send_signal(signal.SIGTERM)
        assert inbox.error(1)[0] == "cancelled"
        assert host.wait() == 143
    assert host.stderr.endswith(b"dap-stream: stopped by SIGTERM; nothing half-written is left\n")
    assert set(snapshot(tmp_path)) == {"talk.wav"} and not Path(result["output"]).parent.exists()


# ---------------------------------------------------------------- a watched folder


def put(folder: Path, name: str, **params: object) -> None:
    hidden = folder / f"{name}.tmp"
    hidden.write_text(json.dumps({"protocol": 1, "method": "clean", "params": params}))
    hidden.rename(folder / f"{name}.job.json")


def test_a_killed_bridge_and_the_next_one(tmp_path: Path) -> None:
    jobs, takes = tmp_path / "jobs", tmp_path / "takes"
    jobs.mkdir()
    takes.mkdir()
    write(takes / "talk.wav", sound(3.0))
    options = ("--watch", "jobs", "--folder", "takes", "--folder", "jobs")
    with bridge_process(tmp_path, *options) as host:
        check("bridge_file", json.loads((jobs / "bridge.json").read_text()))
        second = subprocess.run(
            [*COMMAND, "bridge", "--watch", str(jobs)], capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(Path(dap_stream.__file__).parents[1])},
        )  # fmt: skip
        assert second.returncode == 1 and second.stderr.count("\n") == 1
        assert "another bridge watches this folder already" in second.stderr
        put(jobs, "a", input="talk.wav", settings={"generator": "dcgan", "steps": 60})
        wait_for(lambda: (jobs / "a.running.json").exists() and list(takes.glob(".*.part")))
        host.process.kill()
        host.wait()
    assert (jobs / "a.running.json").exists() and not (takes / "talk_clean.wav").exists()
    running = json.loads((jobs / "a.running.json").read_text())
    running["params"]["settings"] = FAST  # the same, sooner
    (jobs / "a.running.json").write_text(json.dumps(running))
    (jobs / "dap_stream_preview_old").mkdir()
    write(jobs / "dap_stream_preview_old" / "1_talk.wav")
    with bridge_process(tmp_path, *options, "--idle", "1") as host:
        assert host.wait() == 0  # when there was nothing to do any more
    result = json.loads((jobs / "a.result.json").read_text())
    check("result_file", result)
    assert result["result"]["output"] == "talk_clean.wav"
    assert set(snapshot(takes)) == {"talk.wav", "talk_clean.wav"} and set(snapshot(jobs)) == {"a.result.json"}


# ---------------------------------------------------------------- sockets


def test_a_socket_and_shutdown(tmp_path: Path) -> None:
    write(tmp_path / "talk.wav", sound(1.0))
    with bridge_process(tmp_path, "--socket", "s") as host:
        with Bridge.connect(tmp_path / "s") as bridge:
            assert bridge.clean("talk.wav", settings=FAST)["n_samples"] == 16000
            bridge.shutdown()
        assert host.wait() == 0
    assert set(snapshot(tmp_path)) == {"talk.wav", "talk_clean.wav"}


# ---------------------------------------------------------------- the client in one file


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a program that is ``dap-stream``; the folder is the current one."""
    monkeypatch.chdir(tmp_path)
    program = tmp_path / "bin" / "dap-stream"
    program.parent.mkdir()
    root = Path(dap_stream.__file__).parents[1]
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{root}" exec "{sys.executable}" -m dap_stream "$@"\n')
    program.chmod(0o755)
    write(tmp_path / "talk.wav", sound(1.0))
    return program


def test_it_is_for_any_python_and_imports_nothing_else() -> None:
    tree = ast.parse(CLIENT.read_text(encoding="utf-8"), feature_version=(3, 6))
    names = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert names and names <= sys.stdlib_module_names


def test_it_is_copied_and_run_as_a_program(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "bin" / "dap_stream_client.py"
    copy.write_bytes(CLIENT.read_bytes())
    env = {"PATH": f"{path.parent}:/usr/bin:/bin", "HOME": os.environ.get("HOME", "/")}
    run = [sys.executable, "-I", str(copy), "clean"]
    done = subprocess.run(
        [*run, "talk.wav", "o.wav", "reduction_db=6", "generator=classical"],
        capture_output=True, text=True, check=False, env=env,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{tmp_path}/o.wav\n", "")
    env["DAP_STREAM"] = "/missing"
    failed = subprocess.run([*run, "talk.wav"], capture_output=True, text=True, check=False, env=env)
    assert failed.returncode == 1 and failed.stderr.startswith("dap_stream_client: error: /missing cannot be")
    assert failed.stderr.count("\n") == 1


def test_a_bridge_of_its_own_ends_with_it(path: Path, tmp_path: Path) -> None:
    with Bridge.start([str(path)], folders=[str(tmp_path)], options=["--jobs", "2"]) as bridge:
        assert bridge.about["limits"]["parallel_jobs"] == 2
        with pytest.raises(BridgeError, match="outside"):
            bridge.clean("/etc/passwd")
        assert bridge._process is not None
        bridge._process.kill()
        with pytest.raises(Disconnected, match="has gone"):
            bridge.clean("talk.wav")
            bridge.ping()
    assert bridge._process.returncode == -signal.SIGKILL


def test_it_says_why_there_is_no_bridge(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Disconnected, match="has gone: dap-stream: error: nowhere: is no folder"):
        Bridge.start([str(path)], folders=["nowhere"])
    with pytest.raises(Disconnected, match="cannot be started"):
        Bridge.start([str(tmp_path / "missing")])
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("DAP_STREAM", raising=False)
    with pytest.raises(Disconnected, match="not on the path"):
        Bridge.start()


# ---------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--watch", "a", "--socket", "b"], "--watch and --socket are two ways in"),
        (["--tcp", "0"], "--tcp and --token-file belong together"),
        (["--token-file", "t"], "--tcp and --token-file belong together"),
        (["--tcp", "70000", "--token-file", "t"], "0..65535"),
        (["--tcp", "x", "--token-file", "t"], "must be a whole number"),
        (["--jobs", "0"], "1..64"),
        (["--idle", "0"], "--idle 0"),
        (["--watch", "missing"], "missing: is no folder"),
        (["--folder", "missing"], "missing: is no folder"),
        (["--folder", ""], "folder is empty"),
    ],
)
def test_wrong_options(
    options: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["bridge", *options]) == 2
    text = capsys.readouterr().err
    assert says in text and text.count("\n") == 1 and list(tmp_path.iterdir()) == []


def test_a_port_in_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert main(["bridge", "--tcp", port, "--token-file", str(tmp_path / "t")]) == 1
    text = capsys.readouterr().err
    assert "cannot be used (Address already in use)" in text and list(tmp_path.iterdir()) == []
