"""Every kernel of `band` has a twin, and a twin takes what its kernel takes."""

from __future__ import annotations

import pytest
from kernel_twins import assert_same_signature, twins_of

from dap_stream.models.band import feature_kernels, fusion_kernels, recurrent_kernels, reference

FAST = {
    name: kernel
    for module in (feature_kernels, recurrent_kernels, fusion_kernels)
    for name, kernel in vars(module).items()
    if hasattr(kernel, "py_func")
}
TWINS = twins_of(reference)


@pytest.mark.parametrize("name", TWINS)
def test_every_twin_has_the_signature_of_its_kernel(name):
    assert_same_signature(FAST[name], getattr(reference, name))


def test_every_kernel_has_a_twin():
    assert set(TWINS) == set(FAST) and len(FAST) == 7
