"""Imports go one way. Modules are read, not imported, so that nothing can hide behind a condition."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "dap_stream"

# A module imports from rows above its own only, never from its own row: siblings can be read alone.
ROWS = (
    (
        "errors",
        "units",
        "signals",
        "sounds",
        "scores",
        "stopping",
        "fit",
        "prior.recipe",
        "workers",
        "io.mpeg",
        "live.atomic",
        "live.priority",
        "live.background",
        "live.keys",
        "live.loads",
    ),
    (
        "kernels",
        "processor",
        "settings",
        "naming",
        "io.formats",
        "io.atomic",
        "io.headers",
        "live.display",
        "live.portaudio",
        "live.rings",
    ),
    (
        "stft",
        "live.history",
        "gain_kernels",
        "noise",
        "prior.base",
        "prior.dcgan",
        "prior.decoder",
        "prior.device",
        "prior.latent",
        "prior.predict",
        "prior.skip",
        "prior.weights",
        "study.plan",
        "engine",
        "config",
        "profile",
        "live.devices",
        "live.exchange",
        "live.inside",
    ),
    (
        "io.quantise",
        "io.wave_stream",
        "io.wave_growing",
        "io.checks",
        "io.memory",
        "observation",
        "picture",
        "progress",
        "classical",
        "twins",
        "prior.surroundings",
        "prior.holdout",
        "prior.recipes",
        "live.callback",
        "live.link",
    ),
    ("prior.predictor",),
    (
        "framing",
        "prior.context",
        "prior.deep",
        "learned",
        "io.file",
        "io.pipe",
        "live.record",
        "live.tap",
        "live.watch",
        "live.worker",
    ),
    ("prior.choose", "study.excerpt", "live.device_stream", "live.simulate"),
    ("study.fit", "study.record", "live.jack_client", "live.stream"),
    ("first_pass",),
    ("denoiser",),
    ("live.learner",),
    ("live.apart", "live.denoiser"),
    ("live.rig",),
    ("live.controls", "live.openers", "live.summary"),
    ("live.books",),
    ("live.session",),
    ("live.run",),
    ("job", "offline"),
    ("batch", "plan"),
    ("report",),
    ("console", "study.files"),
    ("study.checkpoint", "study.draw"),
    ("study.session",),
    ("study.run",),
    ("demo", "cli_options"),
    ("cli_denoise", "cli_info", "cli_live", "cli_study"),
    ("cli",),
)
ROW_OF = {name: number for number, row in enumerate(ROWS) for name in row}

# What talks to the world outside, and who may.
OUTSIDE = {"sounddevice", "soundfile", "jack", "socket", "subprocess", "argparse"}


def modules() -> dict[str, Path]:
    """Name without the package -> file; files named ``__...`` are left out, and kept nearly empty."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        if not path.name.startswith("__"):
            found[".".join(path.relative_to(PACKAGE).with_suffix("").parts)] = path
    return found


def imports(source: str, module: str, known: set[str]) -> Iterator[str]:
    """Every module that is imported in any form, at any depth; our own without the package name."""
    own = ("dap_stream", *module.split("."))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = (
                ".".join((*own[: len(own) - node.level], *(node.module or "").split(".")))
                if node.level
                else ""
            )
            origin = (base or node.module or "").strip(".")
            # `from package import x`: x may be a module or a name in the package.
            names = [f"{origin}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            head, _, rest = name.partition(".")
            if head != "dap_stream":
                yield head
                continue
            inner = rest
            while inner and inner not in known:
                inner = inner.rpartition(".")[0]
            if inner:
                yield f"dap_stream.{inner}"


def violations(sources: dict[str, str], rows: dict[str, int]) -> list[str]:
    """Imports that do not go down."""
    found = []
    for module, source in sources.items():
        for name in imports(source, module, set(sources)):
            target = name.removeprefix("dap_stream.")
            if name.startswith("dap_stream.") and rows[target] >= rows[module]:
                found.append(f"{module} imports {target}")
    return found


def sources() -> dict[str, str]:
    return {name: path.read_text(encoding="utf-8") for name, path in modules().items()}


def test_imports_go_down() -> None:
    assert violations(sources(), ROW_OF) == []


def test_every_module_has_a_row() -> None:
    assert sorted(modules()) == sorted(ROW_OF)


def test_only_adapters_talk_to_the_world_outside() -> None:
    found = []
    for module, source in sources().items():
        is_adapter = module.startswith(("io.", "live."))
        allowed = {"argparse"} if module.startswith("cli") else OUTSIDE if is_adapter else set()
        found += [
            f"{module} imports {name}"
            for name in imports(source, module, set())
            if name in OUTSIDE and name not in allowed
        ]
    assert found == []


def test_modules_were_found() -> None:
    assert len(modules()) > 30
    assert {"engine", "io.file", "prior.context"} <= set(modules())


@pytest.mark.parametrize(
    "line",
    [
        "import dap_stream.high",
        "import dap_stream.high as other",
        "from dap_stream.high import x",
        "from dap_stream import high",
        "from . import high",
        "from .high import x",
        "def f():\n    from dap_stream import high",
        "if TYPE_CHECKING:\n    from dap_stream.high import T",
    ],
)
def test_each_form_of_import_is_seen(line: str) -> None:
    planted = {"low": line, "high": "import numpy", "same": "import dap_stream.low"}
    assert violations(planted, {"low": 0, "high": 1, "same": 0}) == ["low imports high", "same imports low"]


def test_imports_of_other_packages_are_seen() -> None:
    text = "import soundfile as sf\ndef f():\n    from socket import socket"
    assert set(imports(text, "x", set())) == {"soundfile", "socket"}
