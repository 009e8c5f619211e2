"""What has to be done in the processing thread itself, between two calls of the processor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from dap_stream.processor import Audio, Processor

Action: TypeAlias = Callable[[], None]


class Inside:
    """``processor`` as it is; others may `ask` for something to be done where nothing else touches it.

    ``tap`` is called after each piece is processed and before it is published. ``rewind`` is what a new
    stream begins with, by default the processor's `reset`.
    """

    def __init__(self, processor: Processor, rewind: Action | None = None) -> None:
        self.processor, self.latency = processor, processor.latency
        self._rewind = rewind or processor.reset
        self.tap: Action | None = None
        self._asked: deque[Action] = deque()

    def ask(self, action: Action) -> None:
        """Have it done before the next piece. Does not wait."""
        self._asked.append(action)

    def settle(self) -> None:
        """Do what was asked for. While a stream runs `process` does it."""
        while self._asked:
            self._asked.popleft()()

    def process(self, buffer: Audio) -> Audio:
        """``[channels, n]`` in and out."""
        self.settle()
        wet = self.processor.process(buffer)
        if self.tap is not None:
            self.tap()
        return wet

    def flush(self) -> Audio:
        """As the processor's."""
        return self.processor.flush()

    def reset(self) -> None:
        """A new stream."""
        self._rewind()
