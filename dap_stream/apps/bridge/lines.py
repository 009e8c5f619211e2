"""Lines out of a stream of bytes, none of them kept that is longer than it may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dap_stream.apps.bridge.protocol import MAX_LINE_BYTES

READ_BYTES = 65536


def lines(read: Callable[[int], bytes]) -> Iterator[bytes | None]:
    """Each line that is not empty, as it comes; None in the place of one of more than `MAX_LINE_BYTES`.

    ``read`` gives at most so many bytes, as soon as there are some; none at the end. What has no line break
    at its end is no message: whoever sent it has gone in the middle of it.
    """
    pending, is_too_long = bytearray(), False
    while data := read(READ_BYTES):
        *ended, rest = data.split(b"\n")
        for piece in ended:
            pending += piece
            is_too_long = is_too_long or len(pending) > MAX_LINE_BYTES
            if is_too_long:
                yield None
            elif line := bytes(pending).strip():
                yield line
            pending.clear()
            is_too_long = False
        pending += rest
        if len(pending) > MAX_LINE_BYTES:
            is_too_long = True
            pending.clear()
