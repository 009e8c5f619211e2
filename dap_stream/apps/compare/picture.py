"""The picture of a comparison: spectrograms one below the other, on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from dap_stream.apps.compare.comparison import Comparison
from dap_stream.errors import OutputError, SettingError
from dap_stream.io.file_set import write_whole
from dap_stream.io.output_paths import check_folder, check_free, is_same_file
from dap_stream.report.spectrogram_plot import picture_of


def check_picture(path: str, files: Sequence[str], force: bool) -> None:
    """Raise what can be known to go wrong before anything is read."""
    if find_spec("matplotlib") is None:
        raise OutputError(f"{path}: a picture needs matplotlib: pip install 'dap_stream[report]'")
    if any(is_same_file(path, each) for each in files):
        raise SettingError(f"{path}: is one of the recordings to be compared; choose another name")
    check_folder(path)
    check_free(path, force, "another name")


def write_picture(path: str, found: Comparison, force: bool) -> None:
    """Spectrograms of all that was compared, as a PNG."""
    names = {"A": found.names[0], "B": found.names[1], "clean": found.clean or ""}
    titled = {f"{key}: {Path(names[key]).name}": sound for key, sound in found.sounds.items()}
    write_whole(Path(path), picture_of(titled, found.sample_rate), force=force)
