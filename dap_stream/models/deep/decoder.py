"""The `decoder` prior: 1x1 convolutions and upsampling, with too few weights to learn noise.

The Deep Decoder of Heckel & Hand (2019): nothing mixes neighbours but the interpolation between layers.
"""

from __future__ import annotations

import torch
from torch import nn

from dap_stream.models.deep.architecture import Architecture, norm, start_weights

CHANNELS = 32
N_LAYERS = 4


class _Network(nn.Module):
    """Noise ``[1, CHANNELS, columns / 16, rows / 16]`` to ``[1, 1, columns, rows]``."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(N_LAYERS):
            layers += [
                nn.Conv2d(CHANNELS, CHANNELS, 1, bias=False),
                nn.Upsample(scale_factor=2.0, mode="bilinear", align_corners=False),
                nn.ReLU(),
                norm(CHANNELS),
            ]
        layers += [nn.Conv2d(CHANNELS, CHANNELS, 1, bias=False), nn.ReLU(), norm(CHANNELS)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(CHANNELS, 1, 1))
        start_weights(self)

    def forward(self, noise: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.layers(noise)
        return made


_STRIDE = 2**N_LAYERS
DECODER = Architecture(
    "decoder", _Network, CHANNELS, latent_stride=_STRIDE, multiple=_STRIDE, learning_rate=1e-2
)
