"""The loss of the band network: what it is taught with, and fitted with."""

from __future__ import annotations

import torch
from torch.nn import functional

from dap_stream.dsp.bands import N_BANDS
from dap_stream.models.band.layout import LOOKAHEADS


def share_loss(
    logits: torch.Tensor, noise_share: torch.Tensor, weight: torch.Tensor, output: int
) -> torch.Tensor:
    """Weighted mean of the cross-entropy of one output against the true shares, in nats.

    ``logits [frames, batch, lookaheads, N_OUTPUTS]`` is as late as the output's look-ahead; ``noise_share``
    and ``weight [frames, batch, N_BANDS]`` are of the frames themselves.
    """
    late = LOOKAHEADS[output]
    n = len(noise_share) - late
    entropy = functional.binary_cross_entropy_with_logits(
        logits[late:, :, output, :N_BANDS], noise_share[:n], reduction="none"
    )
    return (entropy * weight[:n]).sum() / weight[:n].sum().clamp(min=1.0)
