"""What other packages do not promise to keep is used only below a version that was tried.

Modules are read, not imported: nothing hides behind a condition.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# Module -> package, where the two have different names.
PACKAGES = {"jack": "jack-client", "pythonosc": "python-osc"}

# Names of modules that are not imported under them: a function or an attribute hands them over.
HANDED_OVER = {"sd": "sounddevice"}

# Modules without an underscore that are nevertheless theirs: numba's own documentation says so of its core,
# and llvmlite follows the LLVM that numba happens to need.
INTERNAL = ("numba.core", "llvmlite")


def requirements() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"].values()
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in extra)]
    return [Requirement(text) for text in texts]


def known_modules() -> set[str]:
    """Names under which the packages that we ask for are imported."""
    modules = {package: module for module, package in PACKAGES.items()}
    return {modules.get(each.name.lower(), each.name.replace("-", "_")) for each in requirements()}


def private_uses(source: str) -> Iterator[str]:
    """Packages of which something private is used, each as often as it is."""
    tree = ast.parse(source)
    modules = {name: name for name in known_modules()} | HANDED_OVER  # `self._jack` is taken for jack
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name.split(".")[0]: alias.name for alias in node.names}
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Attribute):
            *owner, name = ast.unparse(node).split(".")
            if not all(part.isidentifier() for part in owner):
                continue  # of what a call gave, and that is anybody's
            owner = owner[1:] if owner[0] == "self" else owner
            root = modules.get(owner[0].lstrip("_")) if owner else None
            names = [f"{root}.{'.'.join([*owner[1:], name])}"] if root else []
        for name in names:
            module = name.partition(".")[0]
            is_private = any(f"{name}.".startswith(f"{internal}.") for internal in INTERNAL)
            is_private = is_private or re.search(r"\._[A-Za-z]", name) is not None
            if is_private and module in known_modules():
                yield PACKAGES.get(module, module)


def used_privately() -> set[str]:
    paths = (ROOT / "dap_stream").rglob("*.py")
    return {package for path in paths for package in private_uses(path.read_text(encoding="utf-8"))}


def test_what_is_used_privately_is_bounded_wherever_it_is_asked_for() -> None:
    found = used_privately()
    assert {"torch", "numba", "llvmlite", "sounddevice", "jack-client"} <= found, "uses were found"
    asked: dict[str, list[Requirement]] = {package: [] for package in found}
    for requirement in requirements():
        asked.get(requirement.name.lower(), []).append(requirement)
    assert [package for package, texts in asked.items() if not texts] == [], "asked for nowhere"
    open_ended = [
        str(requirement)
        for requirement in (requirement for texts in asked.values() for requirement in texts)
        if not any(part.operator in ("<", "<=", "==", "~=") for part in requirement.specifier)
    ]
    assert open_ended == []


def test_the_versions_that_were_tried_are_within_the_bounds() -> None:
    pins = re.findall(r"^([\w-]+)==([\w.]+)", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M)
    assert len(pins) > 40
    for requirement in requirements():
        tried = [Version(version) for name, version in pins if name == requirement.name.lower()]
        assert tried and all(version in requirement.specifier for version in tried), str(requirement)


@pytest.mark.parametrize(
    ("source", "package"),
    [
        ("import torch\ntorch._foreach_add_(a, 1)", "torch"),
        ("import torch as t\nt.nn._reduction.f()", "torch"),
        ("import sounddevice as sd\nx = sd._ffi.cast('void *', 0)", "sounddevice"),
        ("from sounddevice import _StreamBase", "sounddevice"),
        ("def f():\n    sd = load_portaudio()\n    sd._initialize()", "sounddevice"),
        ("def f(self):\n    return self._jack._lib", "jack-client"),
        ("from numba.core import cgutils", "numba"),
        ("import numba.core.cgutils", "numba"),
        ("def f():\n    from llvmlite import ir", "llvmlite"),
    ],
)
def test_each_form_of_private_use_is_seen(source: str, package: str) -> None:
    assert set(private_uses(source)) == {package}


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.nn.Linear(1, 1)",
        "from numba.extending import intrinsic\nimport numba\nnumba.njit",
        "from dap_stream.core import _nothing\nself._torch_like._x",
        "import os\nos._exit(1)",
        "import numpy as np\nnp.lib.stride_tricks.sliding_window_view(a, 2)",
    ],
)
def test_public_use_is_none(source: str) -> None:
    assert list(private_uses(source)) == []
