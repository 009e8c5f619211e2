"""The band network in torch: what is taught and fitted; the twin of the compiled prediction."""

from __future__ import annotations

import torch
from torch import nn

from dap_stream.models.band.features import N_FEATURES
from dap_stream.models.band.layout import LAYERS, LEAK, LOOKAHEADS, N_OUTPUTS, WIDTH


class BandNetwork(nn.Module):
    """``[frames, batch, N_FEATURES]`` to logits ``[frames, batch, lookaheads, N_OUTPUTS]``.

    The output for a look-ahead of n frames at frame t is that of frame t - n, and looks at both. A dense
    layer, normalised (Ba et al. 2016), and layers of gated recurrent units (Cho et al. 2014) that each add to
    what came before.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(N_FEATURES, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)
        self.recurrent = nn.ModuleList(nn.GRU(WIDTH, WIDTH) for _ in range(LAYERS))
        self.last = nn.Linear(WIDTH, len(LOOKAHEADS) * N_OUTPUTS)  # from the newest frame
        self.own = nn.Linear(WIDTH, len(LOOKAHEADS) * N_OUTPUTS, bias=False)  # from the frame itself

    def forward(
        self, features: torch.Tensor, state: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """See the class; ``state [layers, batch, WIDTH]`` goes on from call to call.

        What came before the first frame of a call is not looked at by the outputs with a look-ahead.
        """
        hidden = self.norm(nn.functional.leaky_relu(self.first(features), LEAK))
        states = []
        for i, layer in enumerate(self.recurrent):
            change, after = layer(hidden, None if state is None else state[i : i + 1])
            hidden = hidden + change
            states.append(after)
        newest = self.last(hidden).unflatten(-1, (len(LOOKAHEADS), N_OUTPUTS))
        own = self.own(hidden).unflatten(-1, (len(LOOKAHEADS), N_OUTPUTS))
        late = [
            nn.functional.pad(own[: len(own) - n, :, i], (0, 0, 0, 0, n, 0)) for i, n in enumerate(LOOKAHEADS)
        ]
        return newest + torch.stack(late, dim=2), torch.cat(states)
