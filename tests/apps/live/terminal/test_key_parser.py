"""Which bytes of a terminal are keys: escape sequences are none, however they arrive."""

from __future__ import annotations

import pytest

from dap_stream.apps.live.terminal.key_parser import GAP_S, KeyParser

# Every sequence here holds letters or brackets that are keys when they stand alone.
SEQUENCES = {
    "arrow down": b"\x1b[B",
    "F5": b"\x1b[15~",
    "shift and arrow": b"\x1b[1;2B",
    "shift and arrow of rxvt": b"\x1b[b",
    "control and arrow of rxvt": b"\x1bOb",
    "arrow of an application": b"\x1bOB",
    "F1 with a modifier": b"\x1bO2P",
    "F2 of the Linux console": b"\x1b[[B",
    "focus": b"\x1b[I",
    "a mouse": b"\x1b[<0;12;34M",
    "a key of the kitty protocol": b"\x1b[98;5u",
    "Alt and b": b"\x1bb",
    "Alt and [, then a key of its own": b"\x1b[\x18",
    "Alt and arrow of rxvt": b"\x1b\x1b[B",
    "Alt and e acute": b"\x1b\xc3\xa9",
    "a colour that somebody asked for": b"\x1b]11;rgb:ffff/bbbb/0000\x1b\\",
    "the same, ended by BEL": b"\x1b]11;rgb:ffff/bbbb/0000\x07",
    "a paste": b"\x1b[200~bq [r] \x1b[B s\x1b[201~",
    "a broken sequence and a whole one": b"\x1b[12\x1b[B",
    "UTF-8": "ébß€𝄞".encode().replace(b"b", b""),
    "control characters": b"\t\r\n\x7f\x00",
}


@pytest.mark.parametrize("sequence", SEQUENCES.values(), ids=SEQUENCES.keys())
def test_sequences_are_swallowed_whole_wherever_they_are_cut(sequence: bytes) -> None:
    data = b"f" + sequence + b"+"
    for cut in range(len(data) + 1):
        parser = KeyParser()
        assert parser.feed(data[:cut], 1.0) + parser.feed(data[cut:], 1.0 + 0.9 * GAP_S) == "f+"
    parser = KeyParser()
    assert "".join(parser.feed(bytes((byte,)), 1.0) for byte in data) == "f+", "byte by byte"


def test_keys_are_printable_ascii() -> None:
    every_key = bytes(range(0x20, 0x7F))
    assert KeyParser().feed(every_key, 0.0) == every_key.decode()


@pytest.mark.parametrize("begun", [b"\x1b", b"\x1b[", b"\x1b[1;", b"\x1bO", b"\x1b]11;", b"\x1b[200~b"])
def test_what_was_cut_off_swallows_no_key_for_ever(begun: bytes) -> None:
    """A lone ESC is a key that does nothing here; the next key is one a moment later."""
    parser = KeyParser()
    assert parser.feed(begun, 10.0) == ""
    assert parser.feed(b"", 10.0 + 0.9 * GAP_S) == ""
    assert parser.feed(b"b", 10.0 + 1.1 * GAP_S) == "b"


def test_a_long_paste_comes_in_many_pieces() -> None:
    parser = KeyParser()
    assert parser.feed(b"\x1b[200~", 0.0) == ""
    for piece in range(1000):
        assert parser.feed(b"brq" * 1000, 0.01 * piece) == ""
    assert parser.feed(b"\x1b[201~s", 10.0) == "s"
