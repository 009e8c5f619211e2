"""Five tests that every processor passes, yours too: they check the promise of `Processor`.

Describe the processor once as a `Contract`, and run the `CHECKS` over it. They raise AssertionError, so that
any test runner will do; with pytest::

    DELAY = Contract(lambda: Delay(7), offline=np.copy)

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_delay_keeps_the_contract(check):
        check(DELAY, np.random.default_rng(0))

Streams are compared untrimmed, with the start-up, where what is left of an earlier stream shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dap_stream.core.array_types import Audio
from dap_stream.core.processor import Processor


@dataclass(frozen=True)
class Contract:
    """A processor under test.

    Parameters
    ----------
    make
        Builds a new processor.
    offline
        A twin without state: ``[channels, samples]`` to the same shape, not delayed.
    make_unity
        Builds a processor whose gain is fixed at 1; by default ``make`` does.
    channels
        Channels of the test signal.
    n_samples
        Length of the test signal. Longer than a few times the latency, so that all of it is seen at work.
    buffer_sizes
        Sizes in samples that are tried; odd ones and one that is longer than the latency find the most.
    dtype
        Of the test signal.
    tolerance
        Largest absolute difference that `pure_delay` and `offline` allow; all other checks ask for equal
        bits.
    """

    make: Callable[[], Processor]
    offline: Callable[[Audio], Audio]
    make_unity: Callable[[], Processor] | None = None
    channels: int = 1
    n_samples: int = 20011
    buffer_sizes: tuple[int, ...] = (1, 17, 64, 65, 8193)
    dtype: type[np.float32 | np.float64] = np.float32
    tolerance: float = 0.0

    def signal(self, rng: np.random.Generator) -> Audio:
        """Noise to be processed.

        Parameters
        ----------
        rng
            Where it comes from.

        Returns
        -------
        numpy.ndarray
            ``[channels, n_samples]``, between -1 and 1.
        """
        return rng.uniform(-1.0, 1.0, (self.channels, self.n_samples)).astype(self.dtype)


def stream(processor: Processor, audio: Audio, buffer_size: int) -> Audio:
    """All output of a run in buffers of one size, the start-up and the tail included.

    Parameters
    ----------
    processor
        Used up to and including its `flush`.
    audio
        ``[channels, samples]``.
    buffer_size
        Samples at a time; the last buffer may be shorter.

    Returns
    -------
    numpy.ndarray
        ``[channels, samples + latency]``.

    Raises
    ------
    AssertionError
        If a buffer comes back in another shape or type, or was changed in place.
    """
    pieces = []
    for begin in range(0, audio.shape[1], buffer_size):
        buffer = audio[:, begin : begin + buffer_size]
        before = buffer.copy()
        out = processor.process(buffer)
        assert out.shape == buffer.shape and out.dtype == buffer.dtype, (
            f"{out.dtype} {out.shape} came back for {buffer.dtype} {buffer.shape}"
        )
        assert not np.shares_memory(out, buffer) and np.array_equal(buffer, before), (
            "the input must stay as it is"
        )
        pieces.append(out)
    pieces.append(processor.flush())
    expected = (audio.shape[0], processor.latency)
    assert pieces[-1].shape == expected, f"flush gave {pieces[-1].shape}, not {expected}"
    assert pieces[-1].dtype == audio.dtype or not processor.latency, f"flush gave {pieces[-1].dtype}"
    return np.concatenate(pieces, axis=1)


def pure_delay(contract: Contract, rng: np.random.Generator) -> None:
    """At unity gain: ``latency`` zeros, then the input."""
    processor = (contract.make_unity or contract.make)()
    audio = contract.signal(rng)
    out = stream(processor, audio, max(contract.buffer_sizes))
    start = np.zeros((contract.channels, processor.latency))
    np.testing.assert_allclose(out, np.concatenate((start, audio), axis=1), rtol=0, atol=contract.tolerance)


def buffer_size(contract: Contract, rng: np.random.Generator) -> None:
    """The cut into buffers is not heard; an empty buffer does nothing."""
    audio = contract.signal(rng)
    sizes = contract.buffer_sizes
    expected = stream(contract.make(), audio, sizes[-1])
    for size in sizes[:-1]:
        np.testing.assert_array_equal(
            stream(contract.make(), audio, size), expected, err_msg=f"buffers of {size}"
        )
    mixed = contract.make()
    cut = contract.n_samples // 3
    parts = [mixed.process(audio[:, begin:end]) for begin, end in ((0, cut), (cut, cut), (cut, None))]
    np.testing.assert_array_equal(np.concatenate((*parts, mixed.flush()), axis=1), expected)


def offline(contract: Contract, rng: np.random.Generator) -> None:
    """The stream, start-up cut off, equals the twin without state."""
    processor = contract.make()
    audio = contract.signal(rng)
    out = stream(processor, audio, contract.buffer_sizes[len(contract.buffer_sizes) // 2])
    np.testing.assert_allclose(
        out[:, processor.latency :], contract.offline(audio), rtol=0, atol=contract.tolerance
    )


def reuse(contract: Contract, rng: np.random.Generator) -> None:
    """The same object run twice, with the flush of the first run between, gives the same twice."""
    processor, size = contract.make(), contract.buffer_sizes[-1]
    audio = contract.signal(rng)
    np.testing.assert_array_equal(stream(processor, audio, size), stream(processor, audio, size))


def mid_reset(contract: Contract, rng: np.random.Generator) -> None:
    """Reset in mid-stream, then a run equal to a new object's."""
    processor, size = contract.make(), contract.buffer_sizes[-1]
    audio = contract.signal(rng)
    processor.process(audio[:, : contract.n_samples // 2 + 1])
    processor.reset()
    np.testing.assert_array_equal(stream(processor, audio, size), stream(contract.make(), audio, size))


CHECKS: tuple[Callable[[Contract, np.random.Generator], None], ...] = (
    pure_delay,
    buffer_size,
    offline,
    reuse,
    mid_reset,
)
"""All five; their names are those of the table in CONTRIBUTING.md."""
