"""Weights come from their seed alone, and leave the random numbers of everybody else where they were."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from dap_stream.models.context.generator import ContextGenerator, _Network
from dap_stream.models.deep.generator import ARCHITECTURES, DeepGenerator
from dap_stream.models.seeded import seeded

NETWORKS: dict[str, Callable[[], torch.nn.Module]] = {
    "context": lambda: _Network(40),
    **{name: architecture.network for name, architecture in ARCHITECTURES.items()},
}


def weights(network: torch.nn.Module) -> list[Any]:
    return [value.numpy() for value in network.state_dict().values()]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_as_from_the_seed_of_all(name: str) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        plain = NETWORKS[name]()
    for one, other in zip(weights(seeded(NETWORKS[name], 7)), weights(plain), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "make", [ContextGenerator, *(lambda a=a: DeepGenerator(a) for a in ARCHITECTURES.values())]
)
def test_the_callers_random_numbers_stay(make: Callable[[], Any]) -> None:
    before = torch.random.get_rng_state()
    make()
    torch.testing.assert_close(torch.random.get_rng_state(), before, rtol=0, atol=0)


def test_threads_do_not_get_each_others_numbers() -> None:
    alone = weights(seeded(NETWORKS["skip"], 1))
    found: list[list[Any]] = []
    threads = [
        threading.Thread(target=lambda: found.append(weights(seeded(NETWORKS["skip"], 1)))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for _ in range(200):
        torch.rand(1000)
    for thread in threads:
        thread.join()
    assert len(found) == 8
    for each in found:
        for one, other in zip(each, alone, strict=True):
            np.testing.assert_array_equal(one, other)
