"""The pages of the project say what is true: commands run, links lead somewhere, names exist."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from films import make_film
from recordings import sound, write

import dap_stream
from dap_stream.cli.main import main
from dap_stream.core.contract import CHECKS
from dap_stream.processors.registry import PROCESSORS
from tests.test_layers import MAY_IMPORT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("*.md"))}
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
        # The same options, less learning.
        quick = ["--steps", "3", "--quality", "fast"] if argv[0] == "denoise" else []
        assert main([*argv, *quick]) == 0, line
        assert capsys.readouterr().out, line
    expected = {
        "talk_clean.wav",
        "quiet.flac",
        "softer.wav",
        "heard.wav",
        "noise.wav",
        "try.wav",
        "louder.wav",
        "studio.npz",
        "sharp.wav",
        "all.wav",
        "best.wav",
        "damage.txt",
        "talk_repaired.wav",
        "repaired.html",
        "both.wav",
        "education",
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


def test_a_feature_is_shown_by_the_test_that_it_names() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "bench" / "FEATURES.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("|")
    ]
    header, _, *features = rows
    assert len(features) > 20 and {len(row) for row in rows} == {len(header)}
    for name, *marks, ours, shown_by in features:
        assert set(marks) <= {"Y", "p", "n", "-", "?"}, name
        if ours != "Y":
            assert ours.startswith("not practical"), name
            continue
        path, _, test = shown_by.strip("`").partition("::")
        assert f"def {test}(" in (ROOT / "tests" / path).read_text(encoding="utf-8"), shown_by


def test_options_in_readme_exist_and_are_complete(capsys: pytest.CaptureFixture[str]) -> None:
    offered: dict[str, set[str]] = {}
    commands = (
        "denoise", "repair", "edit", "batch", "live", "microphone up", "bridge", "study", "educate", "info",
        "compare", "doctor", "presets", "demo", "bridge install",
    )  # fmt: skip
    for command in commands:
        with pytest.raises(SystemExit):
            main([*command.split(), "--help"])
        offered[command] = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", capsys.readouterr().out))
    ours = "\n".join(line for line in README.splitlines() if ".venv" not in line)
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", ours))
    assert named - set().union(*offered.values()) == set(), "README names options that do not exist"
    missing = (offered["denoise"] | offered["repair"] | offered["live"]) - named - {"--help"}
    assert missing == set(), "README says nothing about these"


def test_help_of_the_examples_is_true(talk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The examples under `denoise --help` are understood; they are only looked at, not run."""
    with pytest.raises(SystemExit):
        main(["denoise", "--help"])
    text = capsys.readouterr().out
    write(talk / "talk.wav", sound(120.0, 8000), 8000)
    make_film(talk / "film.mp4")
    lines = re.findall(r"^  (dap-stream denoise .*?)(?:  +\S.*)?$", text, re.MULTILINE)
    assert len(lines) >= 6
    for line in lines:
        argv = [word for word in shlex.split(line)[1:] if word != "*.wav"]
        if len(argv) < len(shlex.split(line)) - 1:
            argv[1:1] = ["monday.wav", "tuesday.wav"]
        if "--profile" in argv:
            learn = ["--force", "-q", "--steps", "1", "--quality", "fast", "--save-profile", "studio.npz"]
            assert main(["denoise", "talk.wav", *learn]) == 0
        assert main([*argv, "--dry-run", "--force"]) == 0, line


def test_the_speed_in_readme_is_the_measured_one() -> None:
    results = (ROOT / "bench" / "RESULTS.md").read_text(encoding="utf-8")
    said = re.search(r"An hour of mono at 48 kHz takes (\d+) s on two cores", README)
    measured = re.search(r"^\| dap_stream, 2 passes \| 48 \| 60 \| ([\d.]+) \|", results, re.MULTILINE)
    assert said and measured and round(3600.0 * float(measured[1])) == int(said[1])


def test_presets_in_readme_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    from dap_stream.core.presets import preset_names

    with pytest.raises(SystemExit):
        main(["denoise", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for name in preset_names():
        assert name in README and name in text


def test_every_setting_is_listed_by_presets_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["presets", "--keys"]) == 0
    lines = capsys.readouterr().out.splitlines()
    expected = []
    for name, entry in PROCESSORS.items():
        expected += [f"{name}:", *(item.name for item in fields(entry.settings))]
    assert [line.split()[0] for line in lines] == expected


def test_every_processor_is_in_readme() -> None:
    for name in PROCESSORS:
        assert f"`{name}`" in README


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


def anchors(page: str) -> set[str]:
    """The headings of a page as links name them."""
    heads = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", PAGES[name]) if "://" not in target]
    for target in targets:
        path, _, anchor = target.partition("#")
        assert not path or (ROOT / path).exists(), target
        if anchor:
            assert anchor in anchors((ROOT / (path or name)).read_text(encoding="utf-8")), target
    if name == "README.md":
        assert {"bench/before_after.png", "ARCHITECTURE.md", "CONTRIBUTING.md", "GLOSSARY.md"} <= set(targets)


def spans(name: str) -> set[str]:
    """What stands in code font on a page, outside of blocks and double backticks."""
    text = re.sub(r"^```.*?^```$", "", PAGES[name], flags=re.DOTALL | re.MULTILINE)
    return set(re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"``.*?``", "", text)))


# What is made up to show a pattern.
IMAGINED = ("NAME", "deess", "...")


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_files_on_the_pages_for_developers_exist(name: str) -> None:
    """In code font, from the top of the repository or of the package, or the bare name of some file there."""
    paths = {
        span
        for span in spans(name)
        if re.fullmatch(r"[\w./-]+", span) and re.search(r"/|\.(py|md|toml|yaml|txt)$", span)
    }
    real = {path for path in paths if not any(word in path for word in IMAGINED)}
    assert len(real) > 10
    tops = (ROOT, ROOT / "dap_stream")
    bare = {path.name for path in (ROOT / "dap_stream").rglob("*.py")}
    missing = [path for path in real - bare if not any((top / path).exists() for top in tops)]
    assert missing == []


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "CONTRIBUTING.md", "GLOSSARY.md"])
def test_names_on_the_pages_for_developers_exist(name: str) -> None:
    """Every identifier in code font is found in the code, as a whole word."""
    code = [*(ROOT / "dap_stream").rglob("*.py"), *(ROOT / "tests").rglob("*.py"), ROOT / "pyproject.toml"]
    words = set(re.findall(r"\w+", "\n".join(path.read_text(encoding="utf-8") for path in code)))
    told = {span.split(".")[-1] for span in spans(name) if re.fullmatch(r"[A-Za-z][\w.]*", span)}
    endings = {"md", "py", "toml", "yaml"}  # of files, see the test above
    assert len(told) > 10
    assert told - words - endings - set(IMAGINED) == set()


def test_the_rooms_of_the_architecture_are_those_that_the_layer_test_knows() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([\w, ]+) \|$", PAGES["ARCHITECTURE.md"], re.MULTILINE)
    assert {room: set(may.split(", ")) for room, may in rows} == {
        room: {"errors", *may} for room, may in MAY_IMPORT.items()
    }


def test_the_contract_of_contributing_has_all_five_tests() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGES["CONTRIBUTING.md"], re.MULTILINE)
    assert rows == [check.__name__ for check in CHECKS]


def test_the_glossary_is_in_order_and_has_each_word_once() -> None:
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| [^|]+ \|$", PAGES["GLOSSARY.md"], re.MULTILINE)[1:]
    keys = [re.sub(r"[^a-z]", "", row.lower()) for row in rows]
    assert len(keys) > 50
    assert keys == sorted(set(keys))


def test_hooks_before_a_commit_are_part_of_what_ci_runs_and_need_no_network() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"- repo: (.*)", hooks) == ["local"]
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    ours = re.findall(r"entry: ((?:ruff|mypy).*)", hooks)
    assert len(ours) == 3
    assert [entry for entry in ours if f"bin/{entry}" not in ci] == []


def test_figures_in_readme_are_those_that_the_bench_wrote() -> None:
    """Rows of README's table, against the first table with that row in the bench's results."""
    results = (ROOT / "bench" / "RESULTS.md").read_text(encoding="utf-8")
    section = results.split("<!-- begin quality -->")[1].split("<!-- end quality -->")[0]
    rows: dict[str, list[str]] = {}
    for line in section.splitlines():
        name, *values = (cell.strip() for cell in line.strip("|").split("|"))
        rows.setdefault(name, values)
    found = re.findall(r"^  \| (\w[\w ()]*) \| (.*) \|$", README, re.MULTILINE)
    assert len(found) == 6
    for name, cells in found:
        pesq, estoi, si_sdr, _lsd, _dnsmos, animals, _, instruments, *_ = rows[name]
        assert cells.split(" | ") == [pesq, estoi, si_sdr, animals, instruments], name
