"""Before and after in a picture: spectrograms on one scale. Needs matplotlib (extra ``report``)."""

from __future__ import annotations

import io
import itertools
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from dap_stream.core.array_types import Audio

COLUMNS, ROWS = 1200, 400  # more than the picture has pixels is of no use
RANGE_DB = 75.0
_WINDOW_S = 0.032


def spectrogram_db(audio: Audio, sample_rate: int, columns: int = COLUMNS) -> npt.NDArray[np.float64]:
    """Power in dB: ``[channels, samples]`` to ``[bins, <= columns]``, the mean of all that falls into one.

    Frames are read one column at a time, so that memory does not grow with the recording.
    """
    n_fft = 2 ** round(np.log2(_WINDOW_S * sample_rate))
    hop = n_fft // 4
    n_frames = max(1 + (audio.shape[1] - n_fft) // hop, 1)
    window = np.hanning(n_fft + 1)[:-1]
    edges = np.linspace(0, n_frames, min(columns, n_frames) + 1).astype(int)
    power = np.empty((n_fft // 2 + 1, len(edges) - 1))
    for i, (first, last) in enumerate(itertools.pairwise(edges)):
        begin, end = first * hop, (last - 1) * hop + n_fft
        piece = np.asarray(audio[:, begin:end], np.float64)
        piece = np.pad(piece, ((0, 0), (0, end - begin - piece.shape[1])))
        frames = np.lib.stride_tricks.sliding_window_view(piece, n_fft, axis=1)[:, ::hop]
        power[:, i] = np.mean(np.abs(np.fft.rfft(frames * window)) ** 2, axis=(0, 1)) / np.sum(window**2)
    return np.asarray(10.0 * np.log10(power + 1e-20))


def picture_of(parts: Mapping[str, Audio], sample_rate: int) -> bytes:
    """A PNG: one spectrogram of ``[channels, samples]`` below the other, with their titles, on one scale."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    images = {title: spectrogram_db(audio, sample_rate) for title, audio in parts.items()}
    top = max(float(np.percentile(image, 99.9)) for image in images.values())
    figure = Figure(figsize=(9.0, 2.1 * len(images) + 0.4), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(images), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axis, (title, image) in zip(axes, images.items(), strict=True):
        seconds = next(iter(parts.values())).shape[1] / sample_rate
        mesh = axis.imshow(
            image,
            origin="lower",
            aspect="auto",
            extent=(0.0, seconds, 0.0, sample_rate / 2000.0),
            vmin=top - RANGE_DB,
            vmax=top,
            cmap="magma",
            interpolation="antialiased",
        )
        axis.set_title(title, loc="left", fontsize=10)
        axis.set_ylabel("kHz")
    axes[-1].set_xlabel("seconds")
    figure.colorbar(mesh, ax=list(axes), label="dB", pad=0.01)
    buffer = io.BytesIO()
    # No versions in it: the same picture twice is the same file.
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
