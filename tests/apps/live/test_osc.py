"""A live session controlled by messages: a real client over the loopback, and what no client should send."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_chains import live_chain, live_settings
from recordings import sound, write
from servers import needs_package

import dap_stream
from dap_stream.apps.live import launch, session
from dap_stream.apps.live.actions import Actions
from dap_stream.apps.live.live_chain import LiveChain
from dap_stream.apps.live.settings import OscSettings
from dap_stream.cli.main import main
from dap_stream.errors import DapStreamError

needs_package("pythonosc")

from pythonosc.osc_bundle_builder import OscBundleBuilder  # noqa: E402
from pythonosc.osc_message_builder import OscMessageBuilder  # noqa: E402
from pythonosc.osc_packet import OscPacket  # noqa: E402
from pythonosc.udp_client import SimpleUDPClient  # noqa: E402

from dap_stream.apps.live.osc import OscControl  # noqa: E402

PATIENCE_S = 20.0
HOST = "127.0.0.1"


class Client:
    """A client of python-osc, and what comes back to its socket."""

    def __init__(self, port: int) -> None:
        self._client = SimpleUDPClient(HOST, port)
        self._socket = self._client._sock
        self._socket.settimeout(PATIENCE_S)
        self.send, self.port = self._client.send_message, port

    def raw(self, data: bytes) -> None:
        self._socket.sendto(data, (HOST, self.port))

    def until(self, address: str, value: Any = None) -> Any:
        """The next value that comes there, or comes to be this one."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            (timed,) = OscPacket(self._socket.recv(4096)).messages
            (found,) = timed.message.params
            if timed.message.address == address and value in (None, found):
                return found
        raise AssertionError(f"{address} never came")

    def close(self) -> None:
        self._socket.close()


@contextlib.contextmanager
def control(chain: LiveChain, reply: tuple[str, int] | None = None) -> Iterator[tuple[Client, OscControl]]:
    remote = OscControl(Actions(chain), OscSettings(0, reply=reply))
    (said,) = remote.texts()
    remote.start()
    client = Client(int(said.split(",")[0].rpartition(":")[2]))
    try:
        yield client, remote
    finally:
        client.close()
        remote.close()


def until(is_so: Any) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture(scope="module")
def chain() -> LiveChain:
    return live_chain(generator="context", lookahead=0)


def test_messages_do_what_keys_do(chain: LiveChain) -> None:
    assert chain.adjustable is not None
    with control(chain) as (client, _):
        client.send("/dap/wet", 0.25)
        client.send("/dap/reduction", 12)
        client.send("/dap/bypass", 1)
        client.send("/dap/freeze", 1.0)
        until(lambda: chain.is_frozen)
        assert (chain.duplex.wet, chain.adjustable.reduction_db, chain.duplex.bypass) == (0.25, 12.0, True)
        client.send("/dap/bypass", False)
        client.send("/dap/freeze", 0)
        until(lambda: not chain.is_frozen)
        assert not chain.duplex.bypass


def test_a_preset_turns_what_can_be_turned_and_says_what_cannot(chain: LiveChain) -> None:
    assert chain.adjustable is not None
    with control(chain) as (client, remote):
        chain.duplex.wet = 0.5
        client.send("/dap/preset", "gentle")
        until(lambda: chain.adjustable is not None and chain.adjustable.reduction_db == 9.0)
        client.send("/dap/preset", "music")
        error = client.until("/dap/error")
        assert (chain.adjustable.reduction_db, chain.duplex.wet) == (14.0, 1.0)
        assert (
            "keep=any low_cut_hz=20.0 window_ms=64.0 noise_s=12.0 cannot" in error
            and "--preset music" in error
        )
        assert len(remote.texts()) == 1, "nothing was wrong with the first"


@pytest.mark.parametrize(
    ("address", "value", "words"),
    [
        ("/dap/wet", float("nan"), "wet=nan"),
        ("/dap/wet", 1.5, "0..1"),
        ("/dap/wet", "much", "must be a number"),
        ("/dap/wet", [0.1, 0.2], "takes one value"),
        ("/dap/wet", True, "must be a number"),
        ("/dap/reduction", float("inf"), "0..60 dB"),
        ("/dap/reduction", [], "takes one value"),
        ("/dap/bypass", 2, "must be 0 or 1"),
        ("/dap/freeze", b"\0\1", "must be 0 or 1"),
        ("/dap/preset", "/etc/passwd", "does not exist"),
        ("/dap/preset", "gentel", "did you mean 'gentle'"),
        ("/dap/wett", 0.5, "did you mean '/dap/wet'"),
        ("/x" * 1000, "y" * 1000, "is not known"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(chain: LiveChain, address: str, value: Any, words: str) -> None:
    before = chain.duplex.wet
    with control(chain) as (client, remote):
        client.send(address, value)
        error = client.until("/dap/error")
        assert words in error and "\n" not in error and len(error) < 400
        assert [words in text for text in remote.texts()] == [True]
        client.send("/dap/bypass", 1)
        until(lambda: chain.duplex.bypass)
    assert chain.duplex.wet == before
    chain.duplex.bypass = False


def test_garbage_and_floods_are_survived_and_told_a_few_times(chain: LiveChain) -> None:
    nested = b"#bundle\0" + bytes(8)
    for _ in range(2000):
        nested = b"#bundle\0" + bytes(8) + len(nested).to_bytes(4, "big") + nested
    with control(chain) as (client, remote):
        for data in (
            b"",
            b"\xff" * 100,
            b"/dap/wet\0\0\0\0,f\0\0",
            b"/dap/wet\0\0\0\0f\0\0\0",
            nested[:60000],
        ):
            client.raw(data)
        for _ in range(300):
            client.raw(b"/nowhere\0\0\0\0,\0\0\0")

        def is_heard() -> bool:
            client.send("/dap/bypass", 1)  # again and again: of a flood the system drops what is too much
            return chain.duplex.bypass

        until(is_heard)
        assert 1 <= len(remote.texts()) <= 15
    chain.duplex.bypass = False


def test_a_bundle_for_next_year_is_not_waited_for(chain: LiveChain) -> None:
    message = OscMessageBuilder("/dap/wet")
    message.add_arg(0.75)
    bundle = OscBundleBuilder(round(time.time() + 3e7))
    bundle.add_content(message.build())
    with control(chain) as (client, _):
        client.raw(bundle.build().dgram)
        until(lambda: chain.duplex.wet == 0.75)


def test_a_port_in_use_and_a_host_that_is_none(chain: LiveChain) -> None:
    with control(chain) as (client, _):
        with pytest.raises(DapStreamError, match=f"--osc 127.0.0.1:{client.port}: .*choose another port"):
            OscControl(Actions(chain), OscSettings(client.port))
    with pytest.raises(DapStreamError, match="choose another port or host"):
        OscControl(Actions(chain), OscSettings(0, "no such host"))
    with pytest.raises(DapStreamError, match=r"--osc-reply no such host:9: .*choose another address"):
        OscControl(Actions(chain), OscSettings(0, reply=("no such host", 9)))


def test_without_the_package_a_line_says_what_to_install(tmp_path: Path) -> None:
    program = "import sys; sys.modules['pythonosc'] = None; from dap_stream.cli.main import main; "
    program += (
        f"sys.exit(main(['live', '--osc', '0', '--simulate', {str(write(tmp_path / 'a.wav'))!r}, 'b.wav']))"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(dap_stream.__file__).parents[1])}
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 1 and not (tmp_path / "b.wav").exists()
    assert (
        run.stderr == "dap-stream: error: OSC needs the package python-osc: pip install 'dap-stream[osc]'\n"
    )


def test_meters_of_a_session_come_back_while_it_is_controlled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole session on a file at the pace of a device, from the first message to its end."""
    found: list[OscControl] = []

    def make(*own: Any) -> OscControl:
        found.append(OscControl(*own))
        return found[0]

    monkeypatch.setattr("dap_stream.apps.live.osc.OscControl", make)
    source = write(tmp_path / "a.wav", sound(30.0))
    settings = live_settings(generator="classical", osc=OscSettings(0), duration_s=30.0)
    ended: list[Any] = []
    thread = threading.Thread(
        target=lambda: ended.append(launch.run_file(settings, str(source), str(tmp_path / "b.wav"), True))
    )
    monkeypatch.setattr(session.Session, "_say_errors", lambda session: sessions.append(session))
    sessions: list[session.Session] = []
    thread.start()
    until(lambda: found and found[0]._thread.is_alive() and sessions)
    client = Client(found[0]._server.server_address[1])
    try:
        client.send("/dap/reduction", 24.0)
        assert client.until("/dap/meter/reduction", 24.0) == 24.0
        assert client.until("/dap/meter/latency") > 32.0
        assert -30.0 < client.until("/dap/meter/in") < 0.0
        assert client.until("/dap/meter/load") > 0.0 and client.until("/dap/meter/learned") == 0
        client.send("/dap/bypass", 1)
        assert client.until("/dap/meter/bypass", 1) == 1
        client.send("/dap/nothing", 1)
        assert "/dap/nothing is not known" in client.until("/dap/error")
    finally:
        sessions[0]._bindings.wants_quit = True
        thread.join(PATIENCE_S)
        client.close()
    assert not thread.is_alive() and not found[0]._thread.is_alive() and ended[0][1] is None


def test_meters_go_where_they_are_told_to(chain: LiveChain) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        there.bind((HOST, 0))
        there.settimeout(PATIENCE_S)
        with control(chain, there.getsockname()) as (_, remote):
            remote.tell(chain.status(40.0))
            assert there.recv(4096) == b"", "whether there is a way there is found out at the start"
            assert OscPacket(there.recv(4096)).messages[0].message.address == "/dap/meter/in"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--osc", "70000"), "--osc 70000 must be in 0..65535"),
        (("--osc-host", "0.0.0.0"), "--osc-host is of no use without --osc"),
        (("--osc", "9000", "--osc-reply", "there"), "must look like"),
        (("--osc", "9000", "--osc-reply", "there:0"), "must look like"),
    ],
)
def test_options_that_cannot_be(options: tuple[str, ...], words: str, capsys: Any, tmp_path: Path) -> None:
    source = write(tmp_path / "a.wav")
    assert main(["live", "--simulate", str(source), str(tmp_path / "b.wav"), *options]) == 2
    assert words in capsys.readouterr().err
