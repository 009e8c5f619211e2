"""The deep priors by name."""

from __future__ import annotations

from dap_stream.prior.dcgan import DCGAN
from dap_stream.prior.decoder import DECODER
from dap_stream.prior.skip import SKIP

RECIPES = {recipe.name: recipe for recipe in (DCGAN, SKIP, DECODER)}
