"""README, presets and the files of the project say what is true: its examples run."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from recordings import sound, write

import dap_stream
from dap_stream import cli
from dap_stream.settings import Settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def blocks(language: str) -> list[str]:
    """What stands in the code blocks of README."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    """Lines of the shell blocks, without comments; the two that install come first."""
    return [line.split("  #")[0].strip() for block in blocks("sh") for line in block.splitlines()]


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the examples imagine."""
    monkeypatch.chdir(tmp_path)
    for name in ("talk", "monday", "tuesday"):
        write(tmp_path / f"{name}.wav", sound(3.0, 16000, 2))
    (tmp_path / "cleaned").mkdir()
    return tmp_path


def test_commands_of_the_shell_run(talk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours = [line for line in commands() if line.startswith("dap-stream")]
    assert len(ours) > 8
    for line in ours:
        argv = shlex.split(line)[1:]
        quick = ["--steps", "3"] if argv[0] == "denoise" else []  # the same options, less learning
        assert cli.main([*argv, *quick]) == 0, line
        assert capsys.readouterr().out, line
    expected = {
        "talk_clean.wav",
        "quiet.flac",
        "softer.wav",
        "heard.wav",
        "noise.wav",
        "try.wav",
        "studio.npz",
    }
    assert expected <= {path.name for path in talk.iterdir()}
    assert len(list((talk / "cleaned").iterdir())) == 2


def test_pipelines_run(talk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line for line in commands() if "| dap-stream" in line]
    assert len(lines) == 2
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTHONWARNINGS", "default")
    for line in lines:
        if shutil.which(line.split()[0]) is None:
            continue  # ffmpeg is not everywhere; the CI has it
        ours = f"{shlex.quote(sys.executable)} -m dap_stream"
        run = ["bash", "-c", f"set -o pipefail; {line.replace('dap-stream', ours)}"]
        result = subprocess.run(run, capture_output=True, text=True, check=False)
        assert result.returncode == 0, f"{line}\n{result.stderr}"
    assert (talk / "talk_piped.wav").stat().st_size > 40_000


def test_python_examples_run(talk: Path) -> None:
    examples = blocks("python")
    assert len(examples) >= 3
    for example in examples:
        exec(compile(example, "README.md", "exec"), {})
    assert (talk / "talk_clean_12.wav").exists()


def test_options_in_readme_exist_and_are_complete(capsys: pytest.CaptureFixture[str]) -> None:
    offered: dict[str, set[str]] = {}
    for command in ("denoise", "live", "study", "info", "presets", "demo"):
        with pytest.raises(SystemExit):
            cli.main([command, "--help"])
        offered[command] = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", capsys.readouterr().out))
    ours = "\n".join(line for line in README.splitlines() if ".venv" not in line)
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", ours))
    assert named - set().union(*offered.values()) == set(), "README names options that do not exist"
    missing = (offered["denoise"] | offered["live"]) - named - {"--help"}
    assert missing == set(), "README says nothing about these"


def test_help_of_the_examples_is_true(talk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The examples under `denoise --help` are understood; they are only looked at, not run."""
    with pytest.raises(SystemExit):
        cli.main(["denoise", "--help"])
    text = capsys.readouterr().out
    write(talk / "talk.wav", sound(120.0, 8000), 8000)
    lines = re.findall(r"^  (dap-stream denoise .*?)(?:  +\S.*)?$", text, re.MULTILINE)
    assert len(lines) >= 6
    for line in lines:
        argv = [word for word in shlex.split(line)[1:] if word != "*.wav"]
        if len(argv) < len(shlex.split(line)) - 1:
            argv[1:1] = ["monday.wav", "tuesday.wav"]
        if "--profile" in argv:
            assert (
                cli.main(
                    ["denoise", "talk.wav", "--force", "-q", "--steps", "1", "--save-profile", "studio.npz"]
                )
                == 0
            )
        assert cli.main([*argv, "--dry-run", "--force"]) == 0, line


def test_the_speed_in_readme_is_the_measured_one() -> None:
    results = (ROOT / "bench" / "RESULTS.md").read_text(encoding="utf-8")
    both = re.search(r"takes (\d+) s on two cores and (\d+) s on one", README)
    first = re.search(r"after ([\d.]+) s in a single pass", README)
    assert both and first
    for said, row in zip(both.groups(), ("mono, 60 minutes", "mono, 60 minutes, one core"), strict=True):
        measured = re.search(rf"^\| {row} \| ([\d.]+) \|", results, re.MULTILINE)
        assert measured and round(float(measured[1])) == int(said), row
    assert f"single pass: {first[1]} s" in results


def test_presets_in_readme_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    from dap_stream.config import preset_names

    with pytest.raises(SystemExit):
        cli.main(["denoise", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for name in preset_names():
        assert name in README and name in text


def test_every_setting_is_listed_by_presets_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["presets", "--keys"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        item.name for item in fields(Settings)
    ]


def test_install_commands_are_those_that_ci_runs_and_ask_for_what_exists() -> None:
    first, second = commands()[:2]
    assert first.endswith("dap-stream demo") and second.endswith("python -m pytest")
    assert second in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    for command in (first, second):
        extra = re.search(r"'\.\[(\w+)\]'", command)
        assert extra and extra[1] in PROJECT["optional-dependencies"]
        assert "-c constraints.txt" in command and (ROOT / "constraints.txt").is_file()
        parts = command.split(" && ")
        assert len(parts) == 3 and parts[0].startswith("python3 -m venv .venv")


def test_constraints_pin_every_dependency_exactly() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+(; python_version (<|>=) \"3\.11\")?", pin) for pin in pins)
    pinned = {pin.partition("==")[0] for pin in pins}
    extras = PROJECT["optional-dependencies"].values()
    asked = [*PROJECT["dependencies"], *(requirement for extra in extras for requirement in extra)]
    for requirement in asked:
        name = re.match(r"[\w-]+", requirement)
        assert name and name[0].lower() in pinned, requirement


def test_version_stands_in_one_place_and_in_the_changelog() -> None:
    assert "version" in PROJECT["dynamic"] and "version" not in PROJECT
    assert f"\n## [{dap_stream.__version__}] - " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_links_of_readme_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    assert "bench/before_after.png" in targets
    assert [target for target in targets if "://" not in target and not (ROOT / target).exists()] == []


def test_figures_in_readme_are_those_that_the_bench_wrote() -> None:
    """Rows of README's table, against the first table with that row in the bench's results."""
    results = (ROOT / "bench" / "RESULTS.md").read_text(encoding="utf-8")
    section = results.split("<!-- begin quality -->")[1].split("<!-- end quality -->")[0]
    rows = {}
    for line in section.splitlines():
        name, *values = (cell.strip() for cell in line.strip("|").split("|"))
        rows.setdefault(name, values)
    found = re.findall(r"^  \| (\w[\w ]*) \| (.*) \|$", README, re.MULTILINE)
    assert len(found) == 5
    for name, cells in found:
        pesq, estoi, si_sdr, _lsd, _dnsmos, animals, _, instruments, *_ = rows[name]
        assert cells.split(" | ") == [pesq, estoi, si_sdr, animals, instruments], name
