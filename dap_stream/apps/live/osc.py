"""Open Sound Control: messages to actions, and meters back, beside a live stream.

One datagram is one message or a bundle of them. What is wrong with one is told in a line, here and to whoever
sent it (``/dap/error``), and the stream goes on.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket, ParseError
from pythonosc.osc_server import BlockingOSCUDPServer

from dap_stream.apps.live.actions import Actions
from dap_stream.apps.live.live_chain import StreamStatus
from dap_stream.apps.live.remote import METER_S
from dap_stream.apps.live.settings import OscSettings
from dap_stream.core.settings import nearest
from dap_stream.errors import DapStreamError, DeviceError, SettingError, one_line

Address: TypeAlias = tuple[str, int]

ERRORS_AT_ONCE, ERRORS_PER_S = 5, 1.0  # told; of more only the number
FLOOR_DB = -120.0  # told as the level of silence: not every receiver knows infinity
_MOST_SHOWN = 80  # characters of what somebody sent


class OscControl:
    """A server for ``actions``, in a thread of its own between `start` and `close`.

    DeviceError if the address cannot be had.
    """

    def __init__(self, actions: Actions, settings: OscSettings) -> None:
        self._addresses: dict[str, Callable[[Sequence[Any]], str | None]] = {
            "/dap/wet": lambda values: actions.wet(_number("wet", values)),
            "/dap/reduction": lambda values: actions.reduction(_number("reduction", values)),
            "/dap/bypass": lambda values: actions.bypass(_switch("bypass", values)),
            "/dap/freeze": lambda values: actions.freeze(_switch("freeze", values)),
            "/dap/preset": lambda values: actions.preset(_text("preset", values)),
            "/dap/reset": lambda values: actions.reset() if _is_pressed("reset", values) else None,
            "/dap/save": lambda values: actions.save() if _is_pressed("save", values) else None,
        }
        self._reply = settings.reply
        self._target = settings.reply
        self._told_at = -math.inf
        self._peaks = (-math.inf, -math.inf)  # since the meters were told
        self._texts: deque[str] = deque(maxlen=100)
        self._limit = _Limit(ERRORS_AT_ONCE, ERRORS_PER_S)
        place = f"{settings.host}:{settings.port}"
        try:
            self._server = _Server((settings.host, settings.port), _Packets(self._receive))
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise DeviceError(f"--osc {place}: {why}; choose another port or host") from None
        self._server.fault = self._refuse
        if self._reply is not None:
            self._try_reply(self._reply)
        port = self._server.server_address[1]
        to = "whoever sent last" if self._reply is None else f"{self._reply[0]}:{self._reply[1]}"
        self._texts.append(f"OSC on {settings.host}:{port}, meters to {to}")
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(METER_S,), name="dap_stream osc", daemon=True
        )

    def _try_reply(self, target: Address) -> None:
        """DeviceError if there is no way there; nobody need be there yet."""
        try:
            self._server.socket.sendto(b"", target)
        except OSError as error:
            self._server.server_close()
            why = error.strerror or error
            raise DeviceError(f"--osc-reply {target[0]}:{target[1]}: {why}; choose another address") from None

    def start(self) -> None:
        """Listen from now on. A second time does nothing."""
        if not self._thread.is_alive():
            self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def texts(self) -> Sequence[str]:
        """Lines to be shown, new since the last call."""
        found = []
        while self._texts:
            found.append(self._texts.popleft())
        return found

    def tell(self, now: StreamStatus) -> None:
        """Send the meters, if it is time, with the highest peaks since the last time."""
        self._peaks = max(self._peaks[0], now.peak_in_db), max(self._peaks[1], now.peak_out_db)
        target, at = self._target, time.monotonic()
        if target is None or at - self._told_at < 0.9 * METER_S:
            return
        self._told_at = at
        for name, value in _meters(replace(now, peak_in_db=self._peaks[0], peak_out_db=self._peaks[1])):
            self._send(f"/dap/meter/{name}", value, target)
        self._peaks = (-math.inf, -math.inf)

    def _send(self, address: str, value: float | int | str, target: Address) -> None:
        builder = OscMessageBuilder(address)
        builder.add_arg(value)
        try:
            self._server.socket.sendto(builder.build().dgram, target)
        except OSError:  # nobody there, or no way there: they may come back
            return

    def _receive(self, data: bytes, sender: Address) -> None:
        """One datagram."""
        try:
            messages = OscPacket(data).messages  # a time in a bundle is not waited for
        except (ParseError, RecursionError, ValueError, LookupError) as error:
            self._refuse(f"no OSC message: {error}", sender)
            return
        self._target = self._reply or sender
        for timed in messages:
            self._do(timed.message.address, list(timed.message), sender)

    def _do(self, address: str, values: Sequence[Any], sender: Address) -> None:
        try:
            said = self._action(address)(values)
        except DapStreamError as error:
            self._refuse(str(error), sender)
        else:
            if said:
                self._texts.append(said)

    def _action(self, address: str) -> Callable[[Sequence[Any]], str | None]:
        if address not in self._addresses:
            hint = nearest(address, self._addresses)
            raise SettingError(f"{_shown(address)} is not known{hint}; known: {', '.join(self._addresses)}")
        return self._addresses[address]

    def _refuse(self, text: str, sender: Address) -> None:
        """Say so here and there, unless that is said too often."""
        n_more = self._limit.ask()
        if n_more is not None:
            more = f" ({n_more} more were not told)" if n_more else ""
            line = one_line(f"{text}{more}")
            self._texts.append(f"warning: OSC from {sender[0]}:{sender[1]}: {line}")
            self._send("/dap/error", line, self._reply or sender)


class _Packets(Dispatcher):
    """Hands on whole datagrams: the original waits for the time that a bundle names, however far it is."""

    def __init__(self, receive: Callable[[bytes, Address], None]) -> None:
        super().__init__()
        self._receive = receive

    def call_handlers_for_packet(self, data: bytes, client_address: Any) -> list[Any]:
        self._receive(data, client_address[:2])
        return []


class _Server(BlockingOSCUDPServer):
    """One datagram after the other, whatever is in it."""

    allow_reuse_address = False  # two of us on one port would take turns
    fault: Callable[[str, Address], None]

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return True  # what is no message is told too

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.fault("a message that cannot be read", client_address[:2])


class _Limit:
    """So many at once, and so many a second after that."""

    def __init__(self, most: int, per_s: float) -> None:
        self._most, self._per_s = most, per_s
        self._left, self._at, self._n_refused = float(most), time.monotonic(), 0

    def ask(self) -> int | None:
        """How many were refused since the last one that was not; None: this one is."""
        now = time.monotonic()
        self._left = min(self._left + (now - self._at) * self._per_s, self._most)
        self._at = now
        if self._left < 1.0:
            self._n_refused += 1
            return None
        self._left -= 1.0
        n, self._n_refused = self._n_refused, 0
        return n


def _meters(now: StreamStatus) -> list[tuple[str, float | int]]:
    """Name and value; levels in dBFS, shares as 0 to 1."""
    meters: list[tuple[str, float | int]] = [
        ("in", max(now.peak_in_db, FLOOR_DB)),
        ("out", max(now.peak_out_db, FLOOR_DB)),
        ("attenuation", now.attenuation_db),
        ("latency", now.latency_ms),
        ("load", now.load),
        ("late", now.late_blocks),
        ("lost", now.lost_samples),
        ("learned", now.n_learned),
        ("wet", now.wet),
        ("bypass", int(now.is_bypassed)),
        ("freeze", int(now.is_frozen)),
    ]
    return meters if now.reduction_db is None else [*meters, ("reduction", now.reduction_db)]


def _one(name: str, values: Sequence[Any], what: str) -> Any:
    if len(values) != 1:
        raise SettingError(f"/dap/{name} takes one value, {what}, and {len(values)} came")
    return values[0]


def _number(name: str, values: Sequence[Any]) -> float:
    value = _one(name, values, "a number")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SettingError(f"/dap/{name} {_shown(value)} must be a number")
    return value


def _switch(name: str, values: Sequence[Any]) -> bool:
    value = _one(name, values, "0 or 1")
    if not isinstance(value, int | float) or value not in (0, 1):  # True and False are 1 and 0
        raise SettingError(f"/dap/{name} {_shown(value)} must be 0 or 1")
    return bool(value)


def _is_pressed(name: str, values: Sequence[Any]) -> bool:
    """A button sends 1 when it is pressed, and often 0 when it is let go."""
    return not values or _switch(name, values)


def _text(name: str, values: Sequence[Any]) -> str:
    value = _one(name, values, "a name")
    if not isinstance(value, str):
        raise SettingError(f"/dap/{name} {_shown(value)} must be a name")
    return value


def _shown(value: object) -> str:
    text = str(value) if isinstance(value, str) else repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
