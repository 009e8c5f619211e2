"""The latency of a JACK client as Ardour sees it, without a window and without a card."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bridges import wait_for
from servers import Server, jack_server, needs, needs_package, running

ROOT = Path(__file__).parents[3]
ARDOUR = Path("/usr/lib/ardour7")
TRACK_IN, TRACK_OUT = "ardour:voice/audio_in 1", "ardour:voice/audio_out 1"
SEND, RETURN = "ardour:insert 1/audio_send 1", "ardour:insert 1/audio_return 1"
INSERT = """
<Processor id="9901" name="insert 1" active="1" own-input="1" own-output="1" type="port" latency="0">
<IO name="insert 1" id="9902" direction="Input" default-type="audio">
<Port type="audio" name="insert 1/audio_return 1"/></IO>
<IO name="insert 1" id="9903" direction="Output" default-type="audio">
<Port type="audio" name="insert 1/audio_send 1"/></IO>
</Processor>
"""

pytestmark = [
    pytest.mark.daw,
    # Beside other sound servers Ardour's latencies do not always come to rest.
    pytest.mark.skipif("PYTEST_XDIST_WORKER" in os.environ, reason="wants the machine for itself: -n 0"),
]


class Graph:
    """The ports of a JACK server, as its own programs see them."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def _ask(self, program: str, *words: str) -> str:
        command = [program, "-s", self._server.name, *words]
        run = subprocess.run(
            command, env=self._server.env, capture_output=True, text=True, timeout=60, check=False
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    def captured(self, port: str) -> int | None:
        """Samples from where sound comes in to this port; None if there is no such port."""
        pattern = rf"^{re.escape(port)}\n.*\n\tport capture latency = \[ \d+ (\d+) \]"
        found = re.search(pattern, self._ask("jack_lsp", "-l"), re.M)
        return found and int(found[1])

    def settled(self, port: str) -> int:
        """The same, once Ardour has come to rest."""
        seen: list[int | None] = [None]

        def is_settled() -> bool:
            time.sleep(0.3)
            seen.append(self.captured(port))
            return seen[-1] is not None and seen[-4:] == seen[-1:] * 4

        wait_for(is_settled)
        assert seen[-1] is not None
        return seen[-1]

    def is_connected(self, source: str, target: str) -> bool:
        """Whether sound goes from this port to that."""
        return re.search(rf"^{source}\n( .*\n)* +{target}$", self._ask("jack_lsp", "-c"), re.M) is not None

    def connect(self, source: str, target: str) -> None:
        self._ask("jack_connect", source, target)

    def disconnect(self, source: str, target: str) -> None:
        self._ask("jack_disconnect", source, target)


@contextmanager
def running_ardour(command: list[str], env: dict[str, str], log: Path, graph: Graph) -> Iterator[None]:
    """It does not come up each time that the machine is busy; then it is started again, twice at most."""
    for is_last in (False, False, True):
        with running(command, env, log):
            end = time.monotonic() + 40.0
            while graph.captured(TRACK_OUT) is None and time.monotonic() < end:
                time.sleep(0.3)
            if is_last or graph.captured(TRACK_OUT) is not None:
                yield
                return


def make_session(folder: Path) -> Path:
    """A session with one track and, in that, an insert that is not connected."""
    session = folder / "demo"
    env = {**os.environ, "HOME": str(folder), "DAP_SESSION": str(session), "DAP_PHASE": "make"}
    shell = ROOT / "tests" / "support" / "ardour_regions.lua"
    command = ["ardour7-lua", str(shell)]
    run = subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=100, check=False
    )
    assert run.returncode == 0, run.stderr
    state = session / "demo.ardour"
    before, route, after = state.read_text().partition('name="voice" default-type="audio" strict-io')
    assert route
    head, processor, rest = after.partition("<Processor ")
    state.write_text(before + route + head + INSERT + processor + rest)
    return session


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[Graph]:
    """``dap-stream live --jack dap`` and a session of Ardour, which the server's inputs go into."""
    needs("ardour7-lua", "jack_lsp", "jack_connect", "jack_disconnect")
    needs_package("jack")
    programs = sorted(ARDOUR.glob("hardour-*"))
    if not programs:
        pytest.skip("Ardour without a window is not installed")
    session = make_session(tmp_path)
    with jack_server(tmp_path) as server:
        live = [sys.executable, "-m", "dap_stream", "live", "--jack", "dap", "--no-ui", "--json"]
        ardour = {
            **server.env,
            "HOME": str(tmp_path),
            "LD_LIBRARY_PATH": str(ARDOUR),
            "ARDOUR_DLL_PATH": str(ARDOUR),
            "ARDOUR_DATA_PATH": "/usr/share/ardour7",
            "ARDOUR_CONFIG_PATH": "/etc/ardour7",
        }
        ardour.pop("XDG_CONFIG_HOME", None)
        graph = Graph(server)
        with (
            running(
                [*live, "--set", "generator=classical"],
                {**server.env, "PYTHONPATH": str(ROOT)},
                tmp_path / "live",
            ),
            running_ardour([str(programs[0]), str(session), "demo"], ardour, tmp_path / "ardour", graph),
        ):
            wait_for(lambda: graph.captured("dap:out_1"))
            graph.settled(TRACK_OUT)
            if not graph.is_connected("system:capture_1", TRACK_IN):
                graph.connect("system:capture_1", TRACK_IN)
            yield graph


def test_ardour_sees_the_latency_that_is_reported(graph: Graph, tmp_path: Path) -> None:
    told = re.search(r"latency (\d+) samples", (tmp_path / "live").read_text())
    assert told
    latency = int(told[1])
    without = graph.settled(TRACK_OUT)
    # Before a track: all that is behind moves by it.
    graph.disconnect("system:capture_1", TRACK_IN)
    graph.connect("system:capture_1", "dap:in_1")
    graph.connect("dap:out_1", TRACK_IN)
    wait_for(lambda: graph.captured(TRACK_OUT) == without + latency)
    # In an insert: what returns is late by it.
    graph.disconnect("dap:out_1", TRACK_IN)
    graph.disconnect("system:capture_1", "dap:in_1")
    graph.connect("system:capture_1", TRACK_IN)
    wait_for(lambda: graph.captured(TRACK_OUT) == without)
    assert graph.captured(RETURN) == 0
    graph.connect(SEND, "dap:in_1")
    graph.connect("dap:out_1", RETURN)
    wait_for(lambda: graph.captured(RETURN) == latency)
    # Ardour 7 adds up what both ends say, unless it has measured: at least all of it is there.
    assert graph.settled(TRACK_OUT) >= without + latency
