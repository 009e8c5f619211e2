"""The programs in examples/ run as they are, use public names only, and leave nothing behind."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from servers import needs_package

import dap_stream

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))

# Besides the names that the package itself offers: what has no short name, since few programs need it.
PUBLIC_MODULES = ("dap_stream.core.contract", "dap_stream.realtime.")


# What an example stands beside, where it is not installed with every Python that we run on.
BESIDE = {"beside_pedalboard": "pedalboard", "inside_dawdreamer": "dawdreamer"}


def run(example: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """The program as a user runs it, in ``folder``, with its temporary files there too."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default", "TMPDIR": str(folder)}
    command = [sys.executable, str(example)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=env)


def test_examples_were_found() -> None:
    assert len(EXAMPLES) >= 8


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_without_arguments(example: Path, tmp_path: Path) -> None:
    if example.stem in BESIDE:
        needs_package(BESIDE[example.stem])
    result = run(example, tmp_path)
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    assert result.stdout.strip(), "it says what it has done"
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_says_what_it_shows_and_uses_public_names(example: Path) -> None:
    tree = ast.parse(example.read_text(encoding="utf-8"))
    assert (ast.get_docstring(tree) or "").partition("\n")[0].endswith("."), "it begins with a sentence"
    used, imported = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "dap_stream":
            used.add(node.attr)
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
        elif isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
    assert used <= set(dap_stream.__all__)
    ours = {name for name in imported if name.startswith("dap_stream.")}
    assert {name for name in ours if not name.startswith(PUBLIC_MODULES)} == set()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("tail = self.process(", "self.reset(); tail = self.process("),
        ("        self.waiting = np", "        if not hasattr(self, 'waiting'): self.waiting = np"),
        ("i + self.latency + 1", "i + self.latency"),
        ("* gain, buffer.dtype)", "* gain, np.float64)"),
    ],
    ids=["flush resets first", "reset does nothing", "looks ahead too little", "another type comes out"],
)
def test_a_fault_in_the_processor_of_the_example_is_found(right: str, wrong: str, tmp_path: Path) -> None:
    source = (ROOT / "examples" / "test_own_processor.py").read_text(encoding="utf-8")
    assert source.count(right) == 1
    path = tmp_path / "fault.py"
    path.write_text(source.replace(right, wrong), encoding="utf-8")
    result = run(path, tmp_path)
    assert result.returncode == 1 and "AssertionError" in result.stderr
