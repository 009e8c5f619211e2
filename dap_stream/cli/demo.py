"""``dap-stream demo``: the whole path on a recording that the program makes itself."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dap_stream.apps.files.clean import clean
from dap_stream.apps.files.job import Job, JobCallbacks
from dap_stream.apps.files.report import result_line
from dap_stream.cli.console import Console
from dap_stream.cli.demo_recording import SAMPLE_RATE, make_recording
from dap_stream.cli.progress import Meter
from dap_stream.core.array_types import Audio
from dap_stream.dsp.metrics import si_sdr_db, snr_db
from dap_stream.io.file_set import write_whole
from dap_stream.io.file_sink import FileSink
from dap_stream.io.file_source import FileSource
from dap_stream.io.formats import FileFormat
from dap_stream.io.output_paths import Names, check_free_in, make_folder
from dap_stream.processors.chain_settings import chain_of
from dap_stream.processors.denoise.settings import DenoiseSettings

FOLDER = "dap_stream_demo"
NOISY, CLEAN, REMOVED, PICTURE = "noisy.wav", "clean.wav", "removed.wav", "before_after.png"
_FORMAT = FileFormat("WAV", "PCM_24", SAMPLE_RATE, 1)


def run_demo(
    folder: str | None = None,
    force: bool = False,
    quiet: bool = False,
    settings: DenoiseSettings | None = None,
) -> str:
    """Write the recording, its parts and a picture to ``folder``; return lines that say what was gained."""
    target = Path(folder or FOLDER)
    make_folder(target)
    force = force or folder is None
    check_free_in(target, (NOISY, CLEAN, REMOVED, PICTURE), force, "another folder")
    reference, noisy = make_recording()
    _write(target / NOISY, noisy, force)
    names = Names(str(target / NOISY), str(target / CLEAN), str(target / REMOVED))
    Console(1, quiet).say_if_compiling()
    with Meter("demo", False if quiet else None) as meter:
        outcome = clean(
            Job(names, chain_of(denoise=settings or DenoiseSettings()), force=force),
            JobCallbacks(meter.learning, meter.cleaning),
        )
    parts = {name: _read(target / name) for name in (NOISY, CLEAN, REMOVED)}
    lines = [result_line(outcome)]
    if find_spec("matplotlib") is None:
        lines.append("no picture was made, since matplotlib is not there: pip install 'dap_stream[report]'")
    else:
        _draw(target / PICTURE, parts, force)
        lines.append(f"{target / PICTURE}  the three as spectrograms")
    before, after = (si_sdr_db(parts[name][0], reference) for name in (NOISY, CLEAN))
    snr_before, snr_after = (snr_db(parts[name][0], reference) for name in (NOISY, CLEAN))
    return "\n".join(
        [
            *lines,
            f"{target / NOISY}  a voice and a string in noise: SNR {snr_before:.1f} dB",
            f"{target / CLEAN}  the same, cleaned: SNR {snr_after:.1f} dB",
            f"{target / REMOVED}  what was taken out; clean + removed = noisy, exactly",
            f"gained: {snr_after - snr_before:+.1f} dB of SNR, {after - before:+.1f} dB of SI-SDR "
            f"({before:.1f} to {after:.1f} dB) against the sound without noise",
        ]
    )


def _write(path: Path, audio: npt.NDArray[np.float64], force: bool) -> None:
    with FileSink(path, _FORMAT, len(audio), force) as sink:
        sink.write(audio[np.newaxis])
        sink.commit()


def _read(path: Path) -> Audio:
    """All of a short file, ``[channels, samples]``."""
    with FileSource(path) as source:
        assert source.n_samples is not None
        return source.read(source.n_samples)


def _draw(path: Path, parts: Mapping[str, Audio], force: bool) -> None:
    from dap_stream.report.spectrogram_plot import picture_of

    titled = {name.removesuffix(".wav"): audio for name, audio in parts.items()}
    write_whole(path, picture_of(titled, SAMPLE_RATE), force=force)
