"""An education reads no recording: nothing in its code could, and a small one opens no file that is one."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from dap_stream.core import kernel_cache
from dap_stream.models.weight_files import CARD_NAME, WEIGHTS_NAME

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "dap_stream"
MODULES = sorted((PACKAGE / "education").rglob("*.py"))

AUDIO_NAMES = (
    "wav wave w64 rf64 flac ogg oga opus mp3 mp2 m4a mp4 aac wma webm mka aif aiff aifc caf au snd voc sph "
    "nist amr ape wv raw pcm sd2 htk mat sf xi avr paf svx"
)
AUDIO_SUFFIXES = {f".{name}" for name in AUDIO_NAMES.split(" ")}
READERS = (
    "soundfile wave aifc sunau chunk audioread pydub librosa torchaudio torchcodec pedalboard miniaudio av "
    "sounddevice ffmpeg datasets urllib http requests socket ftplib importlib"
)


def imported(source):
    """Every module that is imported in any form, at any depth, with the names taken from it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "our imports are written in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "__import__":
            yield "importlib"


def readers(source):
    """What a module could read sound with."""
    names = set(imported(source))
    ours = {name for name in names if f"{name}.".startswith(("dap_stream.io.", "dap_stream.apps."))}
    others = {name for name in names if name.split(".")[0] in READERS.split(" ")}
    return ours | others | {name for name in names if name.startswith("scipy.io")}


def test_modules_were_found():
    assert len(MODULES) > 15


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_of_the_education_can_read_sound(path):
    assert readers(path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    "line",
    [
        "import soundfile as sf",
        "def f():\n    from dap_stream.io import file_source",
        "from dap_stream.io.file_source import read",
        "from dap_stream import io",
        "import scipy.io.wavfile",
        "from scipy.io import wavfile",
        "from scipy import io",
        "import wave, json",
        "__import__('soundfile')",
    ],
)
def test_each_form_of_import_is_seen(line):
    assert readers(line)


def test_no_recording_lies_in_the_package():
    assert [path for path in PACKAGE.rglob("*") if path.suffix.lower() in AUDIO_SUFFIXES] == []


# Python runs a file of this name at the start of every process, also of those that make sounds and lessons.
HOOK_NAME = "sitecustomize.py"
HOOK = """
import os, sys
_log = os.open(os.environ["OPENED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def _note(event, args):
    if event == "open" and isinstance(args[0], (str, bytes)):
        what = os.path.abspath(os.fsdecode(args[0]))
    elif event == "subprocess.Popen":
        what = "run " + os.fsdecode(args[0])
    elif event in ("socket.connect", "urllib.Request"):
        what = "net " + repr(args)
    elif event == "import" and args[0].split(".")[0] in ("soundfile", "_soundfile"):
        what = "import " + args[0]
    else:
        return
    os.write(_log, (what + "\\n").encode())
sys.addaudithook(_note)
"""

# Above the last lines, so that the process that makes lessons makes small ones too.
SCRIPT = """
import sys
from small_education import SHARE, SMALL
for module, values in SMALL.items():
    for name, value in values.items():
        setattr(module, name, value)
if __name__ == "__main__":
    from dap_stream.cli.main import main
    options = "--steps 2 --jobs 1 --device cpu --quiet".split()
    sys.exit(main(["educate", "-o", sys.argv[1], "--share", str(SHARE), *options]))
"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """What a small education opened and started, and where: ``(events, folder)``."""
    folder = tmp_path_factory.mktemp("education")
    (folder / HOOK_NAME).write_text(HOOK)
    (folder / "educate_a_little.py").write_text(SCRIPT)
    environment = {
        **os.environ,
        "OPENED": str(folder / "opened.txt"),
        "PYTHONPATH": os.pathsep.join(map(str, (folder, ROOT, ROOT / "tests" / "support"))),
        "OMP_NUM_THREADS": "1",
        "TMPDIR": str(folder),  # where Python tries whether it may write
    }
    command = [sys.executable, str(folder / "educate_a_little.py"), str(folder / "out")]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return (folder / "opened.txt").read_text().splitlines(), folder


def test_a_small_education_gives_weights(opened):
    out = opened[1] / "out"
    assert (out / WEIGHTS_NAME).exists() and (out / CARD_NAME).exists()


def test_an_education_opens_no_recording(opened):
    events, folder = opened
    assert any(line.startswith(str(folder / "out" / "bank")) for line in events), "the hook hears nothing"
    assert [line for line in events if Path(line).suffix.lower() in AUDIO_SUFFIXES] == []
    assert [line for line in events if line.startswith(("import ", "net "))] == []


def test_an_education_starts_nothing_but_espeak(opened):
    programs = {line.partition(" ")[2] for line in opened[0] if line.startswith("run ")}
    assert {Path(name).name for name in programs} <= {"espeak-ng"}


def test_an_education_opens_nothing_but_its_folder_and_programs(opened):
    events, folder = opened
    paths = [Path(line) for line in events if line.startswith("/")]
    roots = [folder, PACKAGE, ROOT / "tests" / "support", *map(Path, ("/dev", "/proc", "/sys"))]
    roots += map(Path, (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()))
    roots.append(kernel_cache.folder())
    elsewhere = [path for path in paths if not any(path.is_relative_to(root) for root in roots)]
    assert elsewhere == []
    ours = [path for path in paths if path.is_relative_to(PACKAGE)]
    data = [path for path in ours if "__pycache__" not in path.parts and path.suffix != ".py"]
    assert data == [], "of the package only the code is read"
