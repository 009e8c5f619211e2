"""Standard streams as text goes to them: closed, full or without a reader, they never end the work."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO, cast


class TextStream(io.TextIOBase):
    """Passes text on until that fails, and from then on keeps none; ``error`` says why it failed first.

    ``stream`` None: one that was closed before we began.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self.error: OSError | None = None
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of files need not be text

    def write(self, text: str, /) -> int:
        """Pass it on, if it can be."""
        if self._stream is not None:
            try:
                self._stream.write(text)
            except OSError as error:
                self._give_up(error)
        return len(text)

    def flush(self) -> None:
        """Have it arrive, if it can."""
        if self._stream is not None:
            try:
                self._stream.flush()
            except OSError as error:
                self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """Keep the interpreter from trying it once more at its end: the rest goes nowhere."""
        self.error = error
        stream, self._stream = self._stream, None
        with suppress(OSError, ValueError, AttributeError):
            number = stream.fileno()  # type: ignore[union-attr]
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, number)
            os.close(nowhere)

    def isatty(self) -> bool:
        """Whether somebody looks at it."""
        return self._stream is not None and not self._stream.closed and self._stream.isatty()

    def fileno(self) -> int:
        """The system's number of it; OSError if it was closed."""
        if self._stream is None:
            raise io.UnsupportedOperation("the stream is closed")
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of the text."""
        return getattr(self._stream, "encoding", None) or "utf-8"


@contextmanager
def text_streams() -> Iterator[TextStream]:
    """Within the block standard streams are there and take any text; yields standard output."""
    before = sys.stdin, sys.stdout, sys.stderr
    out, err = TextStream(sys.stdout), TextStream(sys.stderr)
    sys.stdout, sys.stderr = cast(TextIO, out), cast(TextIO, err)
    if sys.stdin is None:
        sys.stdin = cast(TextIO, TextStream(None))
    try:
        yield out
    finally:
        out.flush()
        err.flush()
        sys.stdin, sys.stdout, sys.stderr = before
