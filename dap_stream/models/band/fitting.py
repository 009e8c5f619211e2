"""The band network fitted to one recording, and used only where that made it better."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from dap_stream.core import parallel
from dap_stream.core.array_types import F32
from dap_stream.models.band.frames import Frames
from dap_stream.models.band.network import BandNetwork
from dap_stream.models.band.predictor import BandPredictor
from dap_stream.models.band.remixing import Piece, Remix, remix, remix_loss, split
from dap_stream.models.training import Fitter, on_one_thread
from dap_stream.models.weights import exported, imported

PIECE_S = 2.0  # length of what is mixed
LEARNING_RATE = 1.2e-3
LEAST_PART = 0.5  # of a piece, to be one
HELD_OUT = 5  # every so many pieces one is kept apart, to judge by
MOST_PIECES = 60  # that are remembered, the newest
LEAST_PIECES = 2  # to be mixed with each other, besides one that is kept apart
JUDGED = 3  # batches of pieces kept apart
MOST_LOSSES = 4096  # that are remembered


class BandFitter:
    """Pieces of a recording, and a network fitted to mixtures of them.

    Parameters
    ----------
    start
        The weights to start from; what they take for sound and for noise is what is mixed.
    frames
        Geometry of the frames.
    seed
        Of the random numbers.
    known_noise
        Natural log of the power ``[frames, bins]`` of stretches in which there is only noise.
    """

    def __init__(
        self, start: BandPredictor, frames: Frames, seed: int, known_noise: Sequence[F32] = ()
    ) -> None:
        self._start, self._frames = start, frames
        self._known_noise = [np.exp(each[:, : frames.bands.n_bins]) for each in known_noise]
        self._fitter = Fitter(_network(start), LEARNING_RATE)
        self._seed, self._rng = seed, np.random.default_rng([seed, 1])
        self._taught: list[Piece] = []
        self._held_out: list[Piece] = []
        self._n_pieces = 0
        self.losses: deque[float] = deque(maxlen=MOST_LOSSES)  # of the newest steps

    @property
    def is_ready(self) -> bool:
        """Whether there is enough to learn from and to judge by."""
        return len(self._taught) >= LEAST_PIECES and bool(self._held_out)

    def add(self, piece: F32, keeps_voice: bool) -> None:
        """Natural log of the power ``[frames, bins]`` of another piece of the recording."""
        pieces = self._taught if self._n_pieces % HELD_OUT else self._held_out
        self._n_pieces += 1
        pieces.append(split(piece, self._frames, keeps_voice, self._start))
        most = MOST_PIECES if pieces is self._taught else MOST_PIECES // HELD_OUT
        del pieces[:-most]

    def steps(self, keeps_voice: bool, rates: Sequence[float]) -> Iterator[None]:
        """Steps of the optimiser on mixtures of the pieces; ``rates`` scale the size of each."""
        mixtures = (self._mixtures(self._taught, keeps_voice, self._rng) for _ in rates)
        with parallel.prefetch(mixtures) as prepared:  # the next are mixed while these are learned from
            for rate, mixed in zip(rates, prepared, strict=True):
                on_one_thread(self._step, mixed, rate)
                yield

    def _step(self, mixtures: Remix, rate: float) -> None:
        logits, _ = self._fitter.network(torch.from_numpy(mixtures.features))
        loss = remix_loss(logits, mixtures)
        self.losses.append(float(loss.detach()))
        self._fitter.step(loss, rate)

    def _mixtures(self, pieces: Sequence[Piece], keeps_voice: bool, rng: np.random.Generator) -> Remix:
        return remix(pieces, self._known_noise, self._frames, keeps_voice, rng)

    def judge(self, keeps_voice: bool) -> tuple[float, float]:
        """Loss on mixtures of the pieces kept apart: of the start, and of what was fitted."""
        rng = np.random.default_rng([self._seed, 2])
        exam = [self._mixtures(self._held_out, keeps_voice, rng) for _ in range(JUDGED)]
        networks = (_network(self._start), self._fitter.averaged)
        losses = [on_one_thread(_loss, network, exam) for network in networks]
        return losses[0], losses[1]

    def predictor(self) -> BandPredictor:
        """With what was fitted."""
        return BandPredictor(exported(self._fitter.averaged))


def _network(predictor: BandPredictor) -> BandNetwork:
    network = BandNetwork()
    network.load_state_dict(imported(predictor.weights, network, "band network"))
    return network


@torch.no_grad()
def _loss(network: torch.nn.Module, exam: Sequence[Remix]) -> float:
    losses = [remix_loss(network(torch.from_numpy(each.features))[0], each) for each in exam]
    return float(torch.stack(losses).mean())


def piece_frames(frames: Frames) -> int:
    """How many frames a piece has."""
    return max(round(PIECE_S / frames.hop_s), 1)


def pieces_of(log_observed: F32, frames: Frames) -> list[F32]:
    """Log power ``[frames, bins]`` cut into pieces of `PIECE_S`; the bins above the bands are left out."""
    n = piece_frames(frames)
    heard = log_observed[:, : frames.bands.n_bins]
    n_whole = len(heard) // n
    rest = heard[n_whole * n :]
    pieces = [heard[i * n : (i + 1) * n] for i in range(n_whole)]
    if len(rest) >= LEAST_PART * n:
        pieces.append(np.resize(rest, (n, rest.shape[1])))  # what is short goes on at its beginning
    return [np.ascontiguousarray(piece) for piece in pieces]
