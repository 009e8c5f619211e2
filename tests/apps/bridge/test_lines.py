from __future__ import annotations

import io
import tracemalloc

from dap_stream.apps.bridge.lines import lines
from dap_stream.apps.bridge.protocol import MAX_LINE_BYTES


def test_lines_whatever_the_pieces_are() -> None:
    text = b'{"a": 1}\n\n  \r\n{"b": "\xc3\xa9"}\r\nno end'
    for size in (1, 2, 7, 100):
        stream = io.BytesIO(text)
        assert list(lines(lambda n, size=size, stream=stream: stream.read(size))) == [  # type: ignore[misc]
            b'{"a": 1}',
            b'{"b": "\xc3\xa9"}',
        ]


def test_the_longest_line_passes_and_one_byte_more_does_not() -> None:
    stream = io.BytesIO(b"x" * MAX_LINE_BYTES + b"\n" + b"y" * (MAX_LINE_BYTES + 1) + b"\nz\n")
    assert list(lines(stream.read)) == [b"x" * MAX_LINE_BYTES, None, b"z"]


def test_a_line_of_100_mb_is_dropped_and_never_kept() -> None:
    left = 100 * 2**20

    def read(n: int) -> bytes:
        nonlocal left
        if left > 0:
            left -= n
            return b"x" * n
        left -= 1
        return b"\nping\n" if left == -1 else b""

    tracemalloc.start()
    try:
        assert list(lines(read)) == [None, b"ping"]
        assert tracemalloc.get_traced_memory()[1] < 4 * MAX_LINE_BYTES
    finally:
        tracemalloc.stop()
