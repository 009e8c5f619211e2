"""What importing the package costs, and what it offers."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import dap_stream

HEAVY = ("torch", "numba", "scipy", "soundfile", "sounddevice", "matplotlib", "numpy", "tqdm")


def loaded_after(code: str, cwd: Path | None = None) -> set[str]:
    """Which heavy modules a fresh interpreter has loaded after ``code``."""
    root = str(Path(dap_stream.__file__).parents[1])
    tell = f"print(*(name for name in {HEAVY!r} if name in sys.modules))"
    script = f"import sys; sys.path.insert(0, {root!r})\n{code}\n{tell}"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=cwd
    )
    return set(result.stdout.splitlines()[-1].split())


def test_import_is_light() -> None:
    assert loaded_after("import dap_stream; dap_stream.__version__; dir(dap_stream)") == set()


def test_help_and_wrong_usage_are_light() -> None:
    run = "from dap_stream.cli.main import main\n"
    assert loaded_after(f"{run}try: main(['denoise', '--help'])\nexcept SystemExit: pass") == set()
    assert loaded_after(f"{run}assert main(['denoise', 'a.wav', '--set', 'reduction=3']) == 2") == set()


def test_a_missing_file_does_not_load_torch(tmp_path: Path) -> None:
    code = "from dap_stream.cli.main import main; assert main(['denoise', 'missing.wav']) == 1"
    assert "torch" not in loaded_after(code, tmp_path)


def test_public_names_and_nothing_else() -> None:
    for name in dap_stream.__all__:
        assert getattr(dap_stream, name) is not None
        assert name in dir(dap_stream)
    with pytest.raises(AttributeError, match="no attribute 'denoisr'"):
        dap_stream.denoisr  # type: ignore[attr-defined]  # noqa: B018


def test_type_checkers_see_the_names_that_are_there() -> None:
    """The three lists of `dap_stream/__init__.py` agree."""
    homes = {name: home for name, home in dap_stream._HOMES.items() if home is not None}
    tree = ast.parse(Path(dap_stream.__file__).read_text(encoding="utf-8"))
    (checked,) = (node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in checked.body if isinstance(node, ast.ImportFrom) and node.module]
    seen = {
        alias.asname: (node.module or "").removeprefix("dap_stream.")
        for node in imports
        for alias in node.names
        if node.module != "dap_stream"
    }
    assert seen == homes
    assert sorted({*dap_stream._HOMES, "__version__"}) == sorted(dap_stream.__all__)


def test_the_contract_can_be_used_without_a_test_runner() -> None:
    code = "import sys, dap_stream.core.contract; assert not {'pytest', 'hypothesis'} & set(sys.modules)"
    assert loaded_after(code) == {"numpy"}


@pytest.mark.parametrize("first", ["dap_stream.Denoiser", "dap_stream.learn", "dap_stream.errors"])
def test_names_stay_what_they_are_in_any_order(first: str) -> None:
    code = f"import dap_stream; {first}; assert callable(dap_stream.denoise) and callable(dap_stream.learn)"
    assert "numpy" in loaded_after(code)
