"""The generators by name, built on the device that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dap_stream.models.base import Generator

TWO_PASS_GENERATORS = ("band", "context")  # the others learn block by block
DEEP_PRIORS = ("dcgan", "skip", "decoder")  # what they predict they must have been fitted to
GENERATORS = (*TWO_PASS_GENERATORS, *DEEP_PRIORS)
DEVICES = ("auto", "cpu", "cuda")


def make_generator(name: str, seed: int = 0, device: str = "auto", lookahead: int = 1) -> Generator:
    """A generator of this ``name`` with fresh weights.

    ``lookahead`` is in frames of the half-overlapping grid, and the deep priors have none. DeviceError if
    there is no such device.
    """
    # torch takes seconds to import: only those who need a network pay.
    from dap_stream.models.device import device_name

    where = device_name(device)
    if name in TWO_PASS_GENERATORS:  # `band` joins what it was taught with the fine gain of `context`
        from dap_stream.models.context.generator import ContextGenerator

        return ContextGenerator(seed, where, lookahead)
    from dap_stream.models.deep.generator import ARCHITECTURES, DeepGenerator

    architecture = ARCHITECTURES[name]
    return DeepGenerator(architecture, seed, where, True, architecture.warm_start)
