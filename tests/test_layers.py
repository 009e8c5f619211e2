"""Imports go one way, from room to room. Modules are read, not imported: nothing hides behind a condition."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "dap_stream"

# Room -> the rooms it may import, besides itself and `errors`, which is open to all.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "core": (),
    "dsp": ("core",),
    "io": ("core",),
    "realtime": ("core",),
    "report": ("core", "dsp"),
    "models": ("core", "dsp"),
    "education": ("core", "dsp", "models"),
    "processors": ("core", "dsp", "models"),
    "apps": ("core", "dsp", "io", "realtime", "report", "models", "processors"),
    "cli": ("core", "dsp", "io", "realtime", "report", "models", "education", "processors", "apps"),
}

# Rooms whose folders know nothing of each other, but for those named here.
STRANGERS: dict[str, dict[str, tuple[str, ...]]] = {
    "processors": {},
    # Both do jobs on files, only where and when they are told to is another matter.
    "apps": {"batch": ("files",), "bridge": ("files",)},
    "education": {
        **dict.fromkeys(("creatures", "instruments", "voices"), ("synthesis",)),
        "noises": ("synthesis", "voices"),  # many voices at once are a noise
    },
}

# What talks to the world outside, and who may.
OUTSIDE = {
    "av": ("io",),
    "pythonosc": ("apps.live",),
    "ray": ("apps.batch",),
    "sounddevice": ("realtime.backends",),
    "jack": ("realtime.backends",),
    "soundfile": ("io",),
    "socket": ("apps.bridge",),
    "subprocess": (
        "apps.batch.cluster_probe",
        "apps.batch.local_workers",
        "apps.bridge.client",
        "apps.bridge.hosts.jobs",
        "apps.live.microphone.pactl",
        "apps.live.microphone.virtual_microphone",
        "education.voices.espeak",
        "processors.denoise.learner_process",
    ),
    "fcntl": ("io.file_lock", "processors.denoise.learner_process"),  # the latter for the size of a pipe
    "argparse": ("cli", "apps.bridge.hosts.audacity"),  # a program of its own
}


def modules() -> dict[str, Path]:
    """Name without the package -> file; files named ``__...`` are left out, and kept nearly empty."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
        for path in PACKAGE.rglob("*.py")
        if not path.name.startswith("__")
    }


def sources() -> dict[str, str]:
    return {name: path.read_text(encoding="utf-8") for name, path in modules().items()}


def imports(source: str, module: str, known: set[str]) -> Iterator[str]:
    """Every module that is imported in any form, at any depth; our own as ``dap_stream.name``."""
    own = ("dap_stream", *module.split("."))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = own[: len(own) - node.level] if node.level else ()
            origin = ".".join((*above, *(node.module or "").split("."))).strip(".")
            # `from package import x`: x may be a module or a name in the package.
            names = [f"{origin}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            head, _, inner = name.partition(".")
            if head != "dap_stream":
                yield head
                continue
            while inner and inner not in known:
                inner = inner.rpartition(".")[0]
            if inner:
                yield f"dap_stream.{inner}"


def own_imports(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """Module -> modules of the package that it imports."""
    known = set(sources)
    return {
        module: {
            name.removeprefix("dap_stream.")
            for name in imports(source, module, known)
            if name.startswith("dap_stream.")
        }
        for module, source in sources.items()
    }


def room(module: str) -> str:
    return module.partition(".")[0]


def folder(module: str) -> str:
    """``apps.live.terminal.raw_keys`` is in ``live``; a module at the top of its room in none."""
    parts = module.split(".")
    return parts[1] if len(parts) > 2 else ""


def violations(sources: Mapping[str, str], may: Mapping[str, Sequence[str]] = MAY_IMPORT) -> list[str]:
    """Imports that go up, aside, or from one stranger to another."""
    found = []
    for module, targets in own_imports(sources).items():
        here = room(module)
        for target in sorted(targets):
            there = room(target)
            is_far = there not in ("errors", here) and there not in may[here]
            is_strange = here == there and here in STRANGERS and folder(module) and folder(target)
            known = (folder(module), *STRANGERS.get(here, {}).get(folder(module), ()))
            if is_far or (is_strange and folder(target) not in known):
                found.append(f"{module} imports {target}")
    return found


def test_imports_go_down() -> None:
    assert violations(sources(), {**MAY_IMPORT, "errors": ()}) == []


def test_modules_of_a_room_do_not_go_in_circles() -> None:
    try:
        TopologicalSorter(own_imports(sources())).prepare()
    except CycleError as error:
        pytest.fail(f"imports in a circle: {' -> '.join(error.args[1])}")


def front_door_imports(source: str) -> list[str]:
    """Names taken from the package itself, which stands above all rooms."""
    return [
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module == "dap_stream" and not node.level
        for alias in node.names
        if alias.name not in (*MAY_IMPORT, "errors")
    ]


def test_no_module_goes_through_the_front_door() -> None:
    assert {module: found for module, text in sources().items() if (found := front_door_imports(text))} == {}
    assert front_door_imports("def f():\n    from dap_stream import Denoiser, errors") == ["Denoiser"]


def test_every_module_is_in_a_room() -> None:
    assert {room(module) for module in modules()} == {*MAY_IMPORT, "errors"}


def test_only_adapters_talk_to_the_world_outside() -> None:
    found = []
    for module, source in sources().items():
        for name in imports(source, module, set()):
            allowed = OUTSIDE.get(name)
            if allowed is not None and not any(
                module == place or module.startswith(f"{place}.") for place in allowed
            ):
                found.append(f"{module} imports {name}")
    assert found == []


def test_tests_mirror_the_package() -> None:
    """Each folder of tests is named like the folder of the package (or of the repository) it tests.

    But for ``hostile``, whose tests are about a disk, a terminal or a file that means no good.
    """
    folders = {path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")}
    folders -= {Path("hostile")}
    unknown = [str(each) for each in folders if not (PACKAGE / each).is_dir() and not (ROOT / each).is_dir()]
    assert unknown == []


def test_modules_were_found() -> None:
    assert len(modules()) > 80
    assert {"errors", "core.render", "io.file_source", "models.context.generator"} <= set(modules())


@pytest.mark.parametrize(
    "line",
    [
        "import dap_stream.cli.high",
        "import dap_stream.cli.high as other",
        "from dap_stream.cli.high import x",
        "from dap_stream.cli import high",
        "from ..cli import high",
        "from ..cli.high import x",
        "def f():\n    from dap_stream.cli import high",
        "if TYPE_CHECKING:\n    from dap_stream.cli.high import T",
    ],
)
def test_each_form_of_import_is_seen(line: str) -> None:
    planted = {"core.low": line, "cli.high": "import numpy", "dsp.fine": "import dap_stream.core.low"}
    assert violations(planted) == ["core.low imports cli.high"]


def test_strangers_are_seen() -> None:
    planted = {
        "processors.shell": "import numpy",
        "processors.one.a": "from dap_stream.processors import shell",
        "processors.two.b": "from dap_stream.processors.one.a import x",
    }
    assert violations(planted) == ["processors.two.b imports processors.one.a"]
    planted = {
        "education.synthesis.tools": "from dap_stream.education.creatures.toads import x",
        "education.creatures.toads": "from dap_stream.education.synthesis.tools import x",
        "education.instruments.horns": "from dap_stream.education.creatures.toads import x",
    }
    assert violations(planted) == [
        "education.synthesis.tools imports education.creatures.toads",
        "education.instruments.horns imports education.creatures.toads",
    ]


def test_imports_of_other_packages_are_seen() -> None:
    text = "import soundfile as sf\ndef f():\n    from socket import socket"
    assert set(imports(text, "x", set())) == {"soundfile", "socket"}
