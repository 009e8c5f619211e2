"""The `dcgan` prior: transposed convolutions make a spectrogram from a little noise.

The generator of Radford et al. (2016, DCGAN), as fitted to a single spectrogram in the blog post "Deep
Audio Prior" (T. Virdi, 2017). Each layer doubles the grid in time and in frequency.
"""

from __future__ import annotations

import torch
from torch import nn

from dap_stream.models.deep.architecture import SLOPE, Architecture, norm, start_weights

LATENT_CHANNELS = 16
CHANNELS = (32, 24, 16, 8)


class _Network(nn.Module):
    """Noise ``[1, 16, columns / 16, rows / 16]`` to ``[1, 1, columns, rows]``."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = LATENT_CHANNELS
        for after in CHANNELS:
            layers += [
                nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=False),
                norm(after),
                nn.LeakyReLU(SLOPE),
            ]
            before = after
        self.layers = nn.Sequential(*layers, nn.Conv2d(before, 1, 3, padding=1))
        start_weights(self)

    def forward(self, noise: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.layers(noise)
        return made


_STRIDE = 2 ** len(CHANNELS)
DCGAN = Architecture(
    "dcgan",
    _Network,
    LATENT_CHANNELS,
    latent_stride=_STRIDE,
    multiple=_STRIDE,
    learning_rate=1e-3,
    latent_rate=1.0,
)
