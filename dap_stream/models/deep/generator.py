"""The deep prior proper: a network fed with fixed noise is fitted to the spectrogram of one recording.

Ulyanov et al. (2018, Deep Image Prior): such a network makes structure long before it makes noise, so
that after some steps its image is cleaner than what it is fitted to. It does learn the noise in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from dap_stream.core.array_types import F32
from dap_stream.models.base import EULER_GAMMA, Block
from dap_stream.models.deep.architecture import Architecture
from dap_stream.models.deep.dcgan import DCGAN
from dap_stream.models.deep.decoder import DECODER
from dap_stream.models.deep.holdout_mask import holes
from dap_stream.models.deep.latent import Latent, LatentFit
from dap_stream.models.deep.skip import SKIP
from dap_stream.models.device import torch_device
from dap_stream.models.seeded import seeded
from dap_stream.models.training import Fitter, on_one_thread
from dap_stream.models.weights import exported, imported

FRAMES_PER_COLUMN = 2  # neighbours share three quarters of their samples; in between is interpolated
ARCHITECTURES = {architecture.name: architecture for architecture in (DCGAN, SKIP, DECODER)}

BEFORE = 96  # frames that are fitted again with each block (1.2 s in a window of 48 ms)

StepCallback: TypeAlias = Callable[[F32, float], None]
"""Gets image ``[frames, bins]`` and loss of each step before the step is taken; may raise to end the fit."""


@dataclass(frozen=True)
class _Image:
    """One block as the network meets it; ``crop`` finds its rows in what the network makes."""

    first_column: int  # of the latent, absolute
    latent: torch.Tensor
    target: torch.Tensor  # [rows, bins] log power + gamma
    is_fitted: torch.Tensor  # [rows, bins]
    is_judged: torch.Tensor  # [rows, bins]
    crop: slice


class DeepGenerator:
    """See the module; keeps the promises of `dap_stream.models.base.Generator`.

    With ``fits_latent`` the noise is only where the input starts: it is fitted too, if the architecture has
    a rate for that, as a short code for each moment, while the weights keep what all moments share.
    Without ``warm_start`` each call of `learn` begins with the first weights again. With ``holds_out``
    some cells of each block are never fitted, and `validate` looks at these alone: an honest error of
    weights that were fitted to all the rest.
    """

    before = BEFORE
    after = 0

    def __init__(
        self,
        architecture: Architecture,
        seed: int = 0,
        device: str = "cpu",
        fits_latent: bool = False,
        warm_start: bool = True,
        holds_out: bool = False,
    ) -> None:
        self.name = architecture.name
        self._architecture = architecture
        self._seed = seed
        self._device = torch_device(device)
        self._latent_rate = architecture.latent_rate if fits_latent else 0.0
        self._warm_start = warm_start
        self._holds_out = holds_out
        self._start: dict[str, Any] | None = None
        self.reset()

    def reset(self) -> None:
        """Back to the weights it was made or loaded with, and to the first random number."""
        self._begin_fit()
        self._random = torch.Generator().manual_seed(self._seed)
        self._latent = Latent(self._seed, self._architecture.latent_channels, self._architecture.latent_scale)

    def _begin_fit(self) -> None:
        network = seeded(self._architecture.network, self._seed)
        if self._start is not None:
            network.load_state_dict(self._start)
        # Channels last is what convolutions on a CPU are fastest with.
        network = network.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._fitter = Fitter(network, self._architecture.learning_rate)

    def _image(self, block: Block) -> _Image:
        """The block and `BEFORE` frames before it."""
        first = max(block.before - BEFORE, 0)
        log_power, is_active = block.log_power[first:], block.is_active[first:]
        architecture, begin = self._architecture, block.first_frame + first
        # The grid of the coarsest layer begins at frame 0 of the recording, not of the block.
        cell = FRAMES_PER_COLUMN * architecture.multiple
        low = begin // cell
        high = max(-(-(begin + len(log_power)) // cell), low + 2)  # one cell alone cannot be normalised
        scale = architecture.multiple // architecture.latent_stride
        n_rows = -(-log_power.shape[1] // architecture.multiple) * scale
        is_fitted = np.broadcast_to(is_active[:, None], log_power.shape).copy()
        if block.is_known is not None:
            is_fitted &= block.is_known[first:]
        is_judged = is_fitted.copy()
        if self._holds_out:
            centres, inside = holes(self._seed, begin, *log_power.shape)
            is_fitted &= ~inside
            is_judged &= centres
        else:
            is_judged[: block.before - first] = False  # fitted before
        offset = begin - low * cell
        return _Image(
            low * scale,
            self._latent.columns(low * scale, (high - low) * scale, n_rows).to(self._device),
            torch.from_numpy(log_power + np.float32(EULER_GAMMA)).to(self._device),
            torch.from_numpy(is_fitted).to(self._device),
            torch.from_numpy(is_judged).to(self._device),
            slice(offset, offset + len(log_power)),
        )

    def _make(self, network: torch.nn.Module, image: _Image, jitter: float = 0.0) -> torch.Tensor:
        """Image that the network makes of its noise, for the rows of the block ``[rows, bins]``."""
        latent = image.latent
        if jitter:
            latent = latent + jitter * torch.randn(latent.shape, generator=self._random).to(self._device)
        columns = network(latent)[0, 0, :, : image.target.shape[1]]
        between = torch.lerp(columns[:-1], columns[1:], 0.5)
        frames = torch.stack((columns, torch.cat((between, columns[-1:]))), 1).flatten(0, 1)
        return frames[image.crop]

    def validate(self, block: Block) -> float:
        """Loss of the averaged weights on what they have not seen; NaN in silence."""
        return on_one_thread(self._averaged_loss, self._image(block))

    @torch.no_grad()
    def _averaged_loss(self, image: _Image) -> float:
        error = (self._make(self._fitter.averaged, image) - image.target) ** 2
        return float(error[image.is_judged].mean())

    def learn(
        self, block: Block, n_steps: int, rate: float = 1.0, before_step: StepCallback | None = None
    ) -> None:
        """Take ``n_steps`` steps on the block and what lies before; ``rate`` scales those of the weights."""
        image = self._image(block)
        n_cells = int(image.is_fitted.sum())
        if n_cells == 0 or n_steps == 0:
            return
        if not self._warm_start:
            self._begin_fit()
        latent_fit = LatentFit(image.latent, self._latent_rate) if self._latent_rate else None
        for _ in range(n_steps):
            made, loss = on_one_thread(self._made_and_loss, image, n_cells)
            if before_step is not None:
                before_step(made.cpu().numpy(), float(loss.detach()))
            on_one_thread(self._step, loss, rate, latent_fit)
        if latent_fit is not None:
            self._latent.keep(image.first_column, latent_fit.mean)

    def _made_and_loss(self, image: _Image, n_cells: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Image of the network now ``[rows, bins]``, and how far that is from what it is fitted to."""
        made = self._make(self._fitter.network, image, self._architecture.jitter)
        return made.detach(), torch.sum(((made - image.target) ** 2) * image.is_fitted) / n_cells

    def _step(self, loss: torch.Tensor, rate: float, latent_fit: LatentFit | None) -> None:
        self._fitter.step(loss, rate)
        if latent_fit is not None:
            latent_fit.step()

    def predict(self, block: Block) -> F32:
        """Natural log of the expected power over the noise floor ``[frames, bins]``."""
        image = self._image(block)
        first = len(image.target) - block.n_frames - block.after
        made = on_one_thread(self._made_on_average, image)
        return np.ascontiguousarray(made[first : first + block.n_frames].cpu().numpy())

    @torch.no_grad()
    def _made_on_average(self, image: _Image) -> torch.Tensor:
        return self._make(self._fitter.averaged, image)

    def trust(self, loss: float) -> float:
        """Full trust at once: what it predicts it has just been fitted to."""
        return 1.0

    @property
    def loss(self) -> float:
        """Of the last step, on what was fitted; NaN before the first."""
        return self._fitter.loss

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, as tensors and numbers: a fit can be stopped and go on."""
        return {
            **self._fitter.state(),
            "latent": dict(self._latent.fitted),
            "random": self._random.get_state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave, bit for bit."""
        self._fitter.restore(state)
        self._latent.fitted = dict(state["latent"])
        self._random.set_state(state["random"])

    def weights(self) -> dict[str, F32]:
        """The averaged weights by name, as plain arrays."""
        return exported(self._fitter.averaged)

    def load(self, weights: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Continue from these weights; ProfileError if they are not of this generator."""
        self._start = imported(weights, self._fitter.averaged, f"{self.name} generator")
        self.reset()
