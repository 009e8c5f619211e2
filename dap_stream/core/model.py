"""Promises of models: all that a processor has learned, apart from the stream it learns from.

Whoever makes a model owns it. The stream may end and another one begin; the model stays until it is closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from dap_stream.core.profile import Profile


class Model(Protocol):
    """Learned, or found out, on the way or beforehand; not for two threads at once."""

    def reset(self) -> None:
        """Forget what was learned since it was made."""

    def close(self) -> None:
        """Give back threads and processes. A second time does nothing."""


class LearnedModel(Model, Protocol):
    """A model with weights that a profile can keep."""

    @property
    def history(self) -> Sequence[Any]:
        """Record of the learning, block by block, oldest first, with ``start_s``, ``loss``, ``steps``."""

    def profile(self) -> Profile:
        """Weights as they are now, as data that never changes."""


class BackgroundModel(LearnedModel, Protocol):
    """Learned beside a live stream; for any thread."""

    is_frozen: bool
    """Take no step of learning. May be changed at any time."""

    @property
    def error(self) -> BaseException | None:
        """Error that ended the learning, if any did; the stream goes on with what is known."""

    @property
    def dropped(self) -> int:
        """Pieces that were not learned from, since the last one was still at hand."""

    def start(self) -> None:
        """Learn beside the stream from now on; until then, and after `stop`, as part of it."""

    def stop(self) -> None:
        """Learn no more beside the stream."""
