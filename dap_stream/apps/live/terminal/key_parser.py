"""Parser of what a terminal sends when keys are pressed: characters, and escape sequences for all other keys.

An arrow is ``ESC [ B``; read byte by byte that would be the keys ``[`` and ``b``. Only the shape of the
sequences is known here (ECMA-48, and what xterm, rxvt and the Linux console make of it), not their meaning.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

GAP_S = 0.5  # after so long without a byte, what was begun is not a sequence any more

_BEL, _CANCEL, _SUBSTITUTE, _ESC, _DELETE = 0x07, 0x18, 0x1A, 0x1B, 0x7F
_PASTE_BEGIN, _PASTE_END = b"200", b"\x1b[201~"

_State: TypeAlias = Literal[
    "key",  # outside of all sequences
    "escape",  # after ESC: a lone ESC, Alt and a key, or one of the next
    "control",  # ESC [ and parameters, up to a letter or ~ (CSI): arrows, Home, F5, a mouse
    "console",  # ESC [ [ and a letter: F1 to F5 of the Linux console
    "application",  # ESC O, seldom parameters, and a letter (SS3): arrows and keypad of some terminals
    "text",  # ESC ] and the like, up to BEL or ESC \: a terminal's answer to a question of somebody else
    "paste",  # ESC [ 200 ~, anything, ESC [ 201 ~
]
_AFTER_ESCAPE: dict[int, _State] = {
    ord("["): "control",
    ord("O"): "application",
    **dict.fromkeys(b"]PX^_", "text"),
}


class KeyParser:
    """Takes bytes as they come, and gives the keys among them; sequences are swallowed whole.

    Keys are the printable characters of ASCII. Others are of no use here, and in UTF-8 all of their bytes
    are above those of ASCII.
    """

    def __init__(self) -> None:
        self._state: _State = "key"
        self._parameters = b""  # of a control sequence
        self._tail = b""  # the last bytes of what is pasted
        self._heard_s = 0.0  # when the last byte came

    def feed(self, data: bytes, now_s: float) -> str:
        """The keys in ``data``, which came at ``now_s`` by any clock that never goes back.

        A sequence may go on in the next call. If that is more than `GAP_S` later it was none: a lone ESC,
        or something cut off, after which keys are keys again.
        """
        if now_s - self._heard_s > GAP_S:
            self._state = "key"
        if data:
            self._heard_s = now_s
        keys = ""
        for byte in data:
            if self._state == "key" and 0x20 <= byte < _DELETE:
                keys += chr(byte)
            else:
                self._state = self._after(byte)
        return keys

    def _after(self, byte: int) -> _State:
        """The state that a byte leads to."""
        if self._state == "paste":
            self._tail = (self._tail + bytes((byte,)))[-len(_PASTE_END) :]
            return "key" if self._tail == _PASTE_END else "paste"
        if byte == _ESC:  # a new sequence, even in the middle of one
            return "escape"
        if byte in (_CANCEL, _SUBSTITUTE):
            return "key"
        if self._state == "escape":
            self._parameters = b""
            return _AFTER_ESCAPE.get(byte, "key")
        if self._state == "control":
            return self._after_in_control(byte)
        if self._state == "application" and chr(byte) in "0123456789;":
            return "application"
        if self._state == "text" and byte != _BEL:
            return "text"
        return "key"

    def _after_in_control(self, byte: int) -> _State:
        if byte == ord("[") and not self._parameters:
            return "console"
        if 0x20 <= byte < 0x40:
            self._parameters += bytes((byte,))
            return "control"
        if byte == ord("~") and self._parameters == _PASTE_BEGIN:
            self._tail = b""
            return "paste"
        return "key"
