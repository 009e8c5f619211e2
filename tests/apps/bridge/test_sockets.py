"""Clients over sockets, with the client that is shipped, without a bridge process."""

from __future__ import annotations

import json
import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from bridges import ENDLESS, FAST, NearBridge, check, near_bridge, request, wait_for
from recordings import snapshot, sound, write

from dap_stream.apps.bridge import sockets
from dap_stream.apps.bridge.client.dap_stream_client import (
    Bridge,
    BridgeError,
    Cancelled,
    Disconnected,
    TimedOut,
)
from dap_stream.apps.bridge.sockets import serving, tcp_socket, unix_socket
from dap_stream.apps.bridge.token_file import token_file
from dap_stream.errors import OutputError, SettingError


@pytest.fixture
def near(tmp_path: Path) -> Iterator[NearBridge]:
    write(tmp_path / "talk.wav", sound(3.0))
    with near_bridge(tmp_path) as made:
        yield made


@pytest.fixture
def path(near: NearBridge, tmp_path: Path) -> Iterator[str]:
    path = str(tmp_path / "s")
    with unix_socket(path) as listener, serving(near.dispatcher, listener, None):
        yield path


def raw(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(120)
    connection.connect(path)
    return connection


def test_a_client_cleans(path: str, tmp_path: Path) -> None:
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    told: list[tuple[str, float]] = []
    with Bridge.connect(path) as bridge:
        assert bridge.about["protocol"] == 1
        bridge.ping()
        result = bridge.clean("talk.wav", "o.wav", progress=lambda *each: told.append(each), settings=FAST)
        preview = bridge.preview("talk.wav", 0, 1, settings=FAST)
        bridge.learn("talk.wav", "p.npz", settings={"steps": 6, "quality": "fast"})
    assert result["output"] == "o.wav" and told[-1] == ("cleaning", 1.0)
    assert Path(preview["output"]).exists()
    assert {"o.wav", "p.npz"} <= set(snapshot(tmp_path))


def test_errors_and_cancel_of_the_client(path: str) -> None:
    with Bridge.connect(path) as bridge:
        with pytest.raises(BridgeError, match="no such file") as caught:
            bridge.clean("missing.wav", settings=FAST)
        assert caught.value.kind == "input"
        with pytest.raises(TimedOut):
            bridge.clean("talk.wav", timeout=0.2, settings=ENDLESS)
        with pytest.raises(Cancelled):
            bridge.clean("talk.wav", progress=lambda stage, part: bridge.cancel(), settings=ENDLESS)
        with pytest.raises(ZeroDivisionError):  # what the callback raises cancels too
            bridge.clean("talk.wav", progress=lambda stage, part: 1 / 0, settings=ENDLESS)
        with pytest.raises(BridgeError, match="mine"):  # whatever it is
            bridge.clean("talk.wav", progress=_refuse, settings=ENDLESS)
        bridge.clean("talk.wav", settings=FAST)


def _refuse(stage: str, part: float) -> None:
    raise BridgeError("mine")


def test_clients_do_not_disturb_each_other(path: str, near: NearBridge) -> None:
    with Bridge.connect(path) as one, Bridge.connect(path) as other:
        job = one.submit("clean", {"input": "talk.wav", "settings": ENDLESS})
        wait_for(lambda: near.jobs.idle_s == 0.0)
        with pytest.raises(BridgeError, match="waits or runs"):
            other.call("cancel", {"id": job.id})
        other.ping()
        job.cancel()
        with pytest.raises(Cancelled):
            job.wait(timeout=60)


def test_a_client_that_vanishes_in_mid_job(path: str, near: NearBridge, tmp_path: Path) -> None:
    with raw(path) as connection:
        connection.sendall(json.dumps(request("clean", input="talk.wav", settings=ENDLESS)).encode() + b"\n")
        assert b"learning" in connection.recv(4096)
    wait_for(lambda: near.jobs.idle_s > 0.0)
    assert set(snapshot(tmp_path)) == {"talk.wav", "s"}
    with Bridge.connect(path) as bridge:
        bridge.clean("talk.wav", settings=FAST)


def test_many_threads_share_a_connection(path: str, tmp_path: Path) -> None:
    failed: list[BaseException] = []

    def clean(i: int) -> None:
        try:
            bridge.clean("talk.wav", f"{i}.wav", settings=FAST)
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    with Bridge.connect(path) as bridge:
        threads = [threading.Thread(target=clean, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == [] and len(list(tmp_path.glob("?.wav"))) == 8


def test_a_line_that_is_too_long_does_not_end_the_connection(path: str) -> None:
    with raw(path) as connection:
        connection.sendall(b"x" * 3 * 2**20 + b"\n" + json.dumps(request("ping")).encode() + b"\n")
        with connection.makefile("rb") as reader:
            answers = [json.loads(next(reader)) for _ in range(2)]
    for answer in answers:
        check("answer", answer)
    assert answers[0]["error"]["data"]["kind"] == "limit" and answers[1]["result"] == {"ok": True}


def test_too_many_clients(near: NearBridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "MAX_CLIENTS", 1)
    with unix_socket(str(tmp_path / "s")) as listener, serving(near.dispatcher, listener, None):
        with Bridge.connect(tmp_path / "s") as bridge:
            with raw(str(tmp_path / "s")) as second:
                assert json.loads(second.makefile("rb").readline())["error"]["data"]["kind"] == "busy"
            bridge.ping()

        def is_free() -> bool:
            try:
                with Bridge.connect(tmp_path / "s"):
                    return True
            except BridgeError:
                return False

        wait_for(is_free)


def test_the_place_of_the_socket(near: NearBridge, tmp_path: Path) -> None:
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(tmp_path / "s"))
    stale.close()
    with (
        unix_socket(str(tmp_path / "s")) as listener,
        serving(near.dispatcher, listener, None),
    ):  # that of a killed bridge goes
        with pytest.raises(OutputError, match="a bridge serves there already"):
            with unix_socket(str(tmp_path / "s")):
                pass
        with Bridge.connect(tmp_path / "s") as bridge:
            bridge.ping()
    assert not (tmp_path / "s").exists()
    with (
        pytest.raises(OutputError, match="is no socket"),
        unix_socket(str(tmp_path / "talk.wav")),
    ):
        pass
    with (
        pytest.raises(OutputError, match="No such file"),
        unix_socket(str(tmp_path / "no/s")),
    ):
        pass
    with pytest.raises(SettingError, match="107 bytes"), unix_socket("s" * 108):
        pass
    with pytest.raises(Disconnected, match="no bridge at"):
        Bridge.connect(tmp_path / "s")


def test_tcp_wants_the_token_first(near: NearBridge, tmp_path: Path) -> None:
    path = tmp_path / "token"
    with tcp_socket(0) as listener, token_file(str(path)) as token, serving(near.dispatcher, listener, token):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600 and path.read_text() == f"{token}\n"
        port = listener.getsockname()[1]
        with Bridge.connect(port, token) as bridge:
            bridge.ping()
            with (
                pytest.raises(OutputError, match="cannot be used"),
                tcp_socket(port),
            ):
                pass
        for wrong in (None, "", "x" * 43, token + "é"):
            with pytest.raises(BridgeError, match="token") as caught:
                Bridge.connect(port, wrong)
            assert caught.value.kind == "token"
        shutdown = json.dumps(request("shutdown")).encode() + b"\r\n"
        for first in (b"", b"POST / HTTP/1.1\r\n"):  # it hangs up after one line
            with socket.create_connection(("127.0.0.1", port), 60) as stranger:
                stranger.sendall(first + shutdown)
                with stranger.makefile("rb") as reader:
                    assert [json.loads(line).get("result") for line in reader] == [None]
        assert not near.dispatcher.ended.is_set()
    assert not path.exists()


def test_the_token_takes_no_file_away(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("a diary\n")
    with pytest.raises(OutputError, match="is no token"), token_file(str(tmp_path / "t")):
        pass
    (tmp_path / "t").write_text("A" * 43 + "\n")  # of a bridge that was killed
    with token_file(str(tmp_path / "t")) as token:
        assert token != "A" * 43
    with pytest.raises(OutputError, match="cannot be written"), token_file(str(tmp_path / "no" / "t")):
        pass
