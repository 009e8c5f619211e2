"""Where networks run, and what happens when the memory there is short."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dap_stream.errors import DeviceError
from dap_stream.models.device import in_batches, torch_device


def test_a_device_without_memory_gets_halves_and_says_when_there_is_none():
    done = []

    def work(items):
        if len(items) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        done.append(len(items))
        return items.astype(np.float32)

    np.testing.assert_array_equal(np.concatenate(in_batches(work, np.arange(11))), np.arange(11))
    assert done == [3, 3, 3, 2]

    def never(items):
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(DeviceError, match="use device=cpu"):
        in_batches(never, np.arange(4))


def test_threads_with_another_current_gpu_work_on_the_same_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    assert torch_device("cuda") == torch.device("cuda", 1)
    assert torch_device("cpu") == torch.device("cpu")
