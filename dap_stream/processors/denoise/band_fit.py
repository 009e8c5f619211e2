"""The band network gets to know a recording: what is wanted of it, and how it sounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dap_stream.core.array_types import F32
from dap_stream.dsp.features import active_frames
from dap_stream.models.band.frames import Frames
from dap_stream.models.band.model import BandModel
from dap_stream.models.band.stream import BandStream
from dap_stream.models.band.wanted import Wanted

if TYPE_CHECKING:
    from dap_stream.models.band.fitting import BandFitter

LAST_RATE = 0.1  # steps of a first pass shrink linearly to this part of the first
LISTENED = 20  # stretches at most, to find out whether there are voices
LEAST_ACTIVE = 0.5  # of a piece, that is more than digital silence


def adapt(
    model: BandModel,
    observed: Sequence[F32],
    frames: Frames,
    n_steps: int,
    seed: int,
    progress: Callable[[float], None],
    known_noise: F32 | None = None,
) -> None:
    """Decide what is wanted by listening to all that was ``observed``, then fit the network to it.

    Parameters
    ----------
    model
        Gets decision, weights and remark.
    observed
        Natural log of the power ``[frames, bins]`` of stretches of the recording.
    frames
        Their geometry.
    n_steps
        Of the fit; 0: none.
    seed
        Of its random numbers.
    progress
        Told the part that is done; may raise to stop.
    known_noise
        Log power of a stretch in which there is only noise.
    """
    wanted = model.wanted
    if not wanted.is_settled:
        heard_s = voiced_s = 0.0
        for stretch in observed[:: max(len(observed) // LISTENED, 1)]:
            listener = Wanted("any")  # a network that keeps voices hears them where there are none
            BandStream(frames, 0, listener).advance(stretch, model.predictor)
            heard_s += listener.heard_s
            voiced_s += listener.heard_s * listener.voice_share
        wanted.settle(heard_s, voiced_s / max(heard_s, 1e-9))
    if not n_steps or not frames.is_fittable:
        return
    # torch takes seconds to import: only who fits pays.
    from dap_stream.models.band.fitting import BandFitter, pieces_of

    fitter = BandFitter(model.predictor, frames, seed, () if known_noise is None else (known_noise,))
    for stretch in observed:
        for piece in pieces_of(stretch, frames):
            if active_frames(piece).mean() >= LEAST_ACTIVE:
                fitter.add(piece, wanted.keeps_voice)
    if not fitter.is_ready:
        return
    rates = [1.0 - (1.0 - LAST_RATE) * i / n_steps for i in range(n_steps)]
    for i, _ in enumerate(fitter.steps(wanted.keeps_voice, rates)):
        progress((i + 1) / n_steps)
    take_if_better(model, fitter)


def take_if_better(model: BandModel, fitter: BandFitter) -> None:
    """Use what was fitted if the pieces kept apart say that it is better; else what it started from."""
    before, after = fitter.judge(model.wanted.keeps_voice)
    model.fit_losses = tuple(fitter.losses)
    if after < before:
        model.predictor = fitter.predictor()
        percent = 100.0 * (before - after) / before
        model.fit_remark = f"fitted to this recording ({percent:.0f} % better on parts kept apart)"
    elif model.is_as_at_start:
        model.fit_remark = "not fitted to this recording (no better on parts kept apart)"
