"""The `skip` prior: an encoder and decoder with skip connections, fed with noise of full size.

The network of Ulyanov et al. (2018, Deep Image Prior), smaller; its input is weak, and every step
shakes it a little (``jitter``).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import interpolate

from dap_stream.models.deep.architecture import SLOPE, Architecture, norm, start_weights

LATENT_CHANNELS = 4
CHANNELS = (12, 16, 24, 32)  # the deeper, the coarser
SKIP_CHANNELS = 4
LATENT_SCALE = 0.1
JITTER = 1.0 / 30.0


def _convolution(before: int, after: int, size: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, size, stride, size // 2, bias=False), norm(after), nn.LeakyReLU(SLOPE)
    )


class _Network(nn.Module):
    """Noise ``[1, 4, columns, rows]`` to ``[1, 1, columns, rows]``; both are multiples of 16."""

    def __init__(self) -> None:
        super().__init__()
        down, skip, up = [], [], []
        before = LATENT_CHANNELS
        for after in CHANNELS:
            skip.append(_convolution(before, SKIP_CHANNELS, 1))
            down.append(nn.Sequential(_convolution(before, after, 3, 2), _convolution(after, after, 3)))
            before = after
        for after in reversed(CHANNELS):
            up.append(
                nn.Sequential(norm(before + SKIP_CHANNELS), _convolution(before + SKIP_CHANNELS, after, 3))
            )
            before = after
        self.skip, self.down, self.up = nn.ModuleList(skip), nn.ModuleList(down), nn.ModuleList(up)
        self.last = nn.Conv2d(before, 1, 1)
        start_weights(self)

    def forward(self, noise: torch.Tensor) -> torch.Tensor:
        x, kept = noise, []
        for skip, down in zip(self.skip, self.down, strict=True):
            kept.append(skip(x))
            x = down(x)
        for up, aside in zip(self.up, reversed(kept), strict=True):
            x = up(
                torch.cat((interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False), aside), 1)
            )
        made: torch.Tensor = self.last(x)
        return made


SKIP = Architecture(
    "skip",
    _Network,
    LATENT_CHANNELS,
    latent_stride=1,
    multiple=2 ** len(CHANNELS),
    learning_rate=1e-2,
    latent_scale=LATENT_SCALE,
    jitter=JITTER,
)
