"""Architecture: all that tells one deep prior from another, and the parts that their networks share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

SLOPE = 0.2  # of LeakyReLU below zero


@dataclass(frozen=True)
class Architecture:
    """A network that makes an image ``[1, 1, columns, rows]``, both multiples of ``multiple``, from noise.

    The noise is ``[1, latent_channels, columns / latent_stride, rows / latent_stride]``. ``jitter`` is
    the standard deviation of what each step adds to it; more keeps noise out longer and slows down.
    ``latent_rate`` is the learning rate of the noise itself where it may be fitted; 0 leaves it alone.
    """

    name: str
    network: Callable[[], nn.Module]
    latent_channels: int
    latent_stride: int
    multiple: int
    learning_rate: float
    latent_scale: float = 1.0
    jitter: float = 0.0
    latent_rate: float = 0.0

    @property
    def warm_start(self) -> bool:
        """Whether weights are of use to the next block.

        With noise that stays as it is, what a moment sounds like can be nowhere but in the weights;
        they are then a worse start for the next one than none (bench/STUDY.md).
        """
        return self.latent_rate > 0.0


def norm(channels: int) -> nn.BatchNorm2d:
    """Batch normalisation by the image at hand, always: there is no other image to keep statistics for."""
    return nn.BatchNorm2d(channels, track_running_stats=False)


def start_weights(network: nn.Module) -> None:
    """He's start for every convolution; a small last one, so that the first image is flat."""
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    for layer in convolutions:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.normal_(convolutions[-1].weight, 0.0, 0.05)
    bias = convolutions[-1].bias
    assert bias is not None
    nn.init.zeros_(bias)
