"""One form of docstring: first lines that name the thing, NumPy sections on everything public."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dap_stream

PACKAGE = Path(dap_stream.__file__).parent

# What users import, and what those extend who add a processor, a generator, an input format or a backend.
EXTENSION_POINTS = (
    "core.processor.Processor",
    "core.streams.Source",
    "core.streams.Sink",
    "core.model.Model",
    "core.contract.Contract",
    "models.base.Block",
    "models.base.Generator",
    "processors.entry.Entry",
    "processors.spectral.Estimator",
    "processors.spectral.SpectralProcessor",
    "realtime.backends.base.DeviceStream",
    "realtime.duplex_buffer.DuplexBuffer",
)
# Methods whose promise is written down once, in the protocol that their class keeps.
PROMISED = {
    *("process", "flush", "reset"),  # Processor
    *("read", "seek", "write", "finish", "commit", "__enter__", "__exit__"),  # Source, Sink
    *("profile", "close"),  # Model
}


def public() -> list[tuple[str, Any]]:
    names = [name for name in dap_stream.__all__ if not name.startswith("__")]
    found = [(name, getattr(dap_stream, name)) for name in names]
    for path in EXTENSION_POINTS:
        module, _, name = path.rpartition(".")
        found.append((path, getattr(importlib.import_module(f"dap_stream.{module}"), name)))
    return [(name, thing) for name, thing in found if inspect.isclass(thing) or inspect.isfunction(thing)]


def callables(name: str, thing: Any) -> Iterator[tuple[str, Any, str]]:
    """Each function and method, and the constructor, which is described in the docstring of its class."""
    if inspect.isfunction(thing):
        yield name, thing, thing.__doc__ or ""
        return
    if "__init__" in vars(thing) and not getattr(thing, "_is_protocol", False):
        yield name, thing.__init__, thing.__doc__ or ""
    for key, member in vars(thing).items():
        is_promised = key in PROMISED and not getattr(thing, "_is_protocol", False)
        if key in ("for_source", "for_live", "describe") and name.endswith("Entry"):
            continue  # defaults of fields
        if inspect.isfunction(member) and not key.startswith("_") and not is_promised:
            yield f"{name}.{key}", member, member.__doc__ or ""


ALL = [each for name, thing in public() for each in callables(name, thing)]


@pytest.mark.parametrize(("name", "function", "text"), ALL, ids=[name for name, _, _ in ALL])
def test_public_names_have_numpy_sections(name: str, function: Any, text: str) -> None:
    parameters = [each for each in inspect.signature(function).parameters.values() if each.name != "self"]
    if name == "processors.entry.Entry":
        return  # a docstring under each field says more than a section would
    if len(parameters) > 0:
        assert "Parameters\n" in text, f"{name} has parameters and no section on them"
    for each in parameters:
        stars = (
            r"\*\*" if each.kind is each.VAR_KEYWORD else r"\*" if each.kind is each.VAR_POSITIONAL else ""
        )
        assert re.search(rf"^ *(\w+, )*{stars}{each.name}\b", text, re.MULTILINE), (
            f"{name}: nothing on {each.name}"
        )


def docstrings() -> Iterator[tuple[str, str]]:
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                text = ast.get_docstring(node)
                if text is not None:
                    yield f"{path.relative_to(PACKAGE)}: {getattr(node, 'name', 'module')}", text


def test_first_lines_name_the_thing() -> None:
    """A noun phrase or a verb; not "What ...", which only says that there is something."""
    vague = [f"{where}: {text.splitlines()[0]}" for where, text in docstrings() if re.match(r"What\b", text)]
    assert vague == []


def made_up_sounds() -> Iterator[tuple[str, str]]:
    """Functions of the type `MakeSound`, known by their signature: where they are, and their docstrings."""
    for path in sorted((PACKAGE / "education").rglob("*.py")):
        if path.parent.name == "synthesis":
            continue  # what they are built of
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.returns is not None:
                names = [argument.arg for argument in node.args.args]
                if names == ["rng", "n_samples"] and ast.unparse(node.returns) == "F32":
                    yield f"{path.relative_to(PACKAGE)}: {node.name}", ast.get_docstring(node) or ""


def test_makers_of_sounds_say_what_it_sounds_like_and_leave_the_rest_to_their_type() -> None:
    found = dict(made_up_sounds())
    assert len(found) > 60
    assert [where for where, text in found.items() if not text or "Parameters\n" in text] == []
