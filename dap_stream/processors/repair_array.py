"""A whole array at once: find its damage, then repair it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy.typing as npt

from dap_stream.core.array_types import Audio
from dap_stream.core.arrays import ArraySource, as_audio, process_array
from dap_stream.core.finite import finite
from dap_stream.core.stream_format import StreamFormat
from dap_stream.errors import SettingError
from dap_stream.processors.build import findings, for_source, make_chain, make_models, pretrain
from dap_stream.processors.chain_settings import make_chain_settings
from dap_stream.processors.findings import Finding
from dap_stream.processors.repairs import USUAL, repairers


class Repaired(NamedTuple):
    """A repaired array, and where which damage was found: what `repair` returns."""

    audio: Audio
    findings: tuple[Finding, ...]


def repair(
    audio: npt.ArrayLike,
    sample_rate: int,
    kinds: Iterable[str] = USUAL,
    settings: Mapping[str, object] | None = None,
) -> Repaired:
    """Find and repair damage in a recording that is an array.

    Parameters
    ----------
    audio
        ``[samples]`` or ``[channels, samples]``; float32 or float64, full scale 1.0. Integers are scaled by
        their full scale.
    sample_rate
        Hz, 8000 to 384000.
    kinds
        Of damage: some of ``clipping``, ``gaps``, ``clicks``, ``hum``, ``bandwidth``, which are repaired in
        this order. By default all but the last, which makes up what nobody recorded.
    settings
        PROCESSOR.KEY to value, as ``dap-stream presets --keys`` lists them.

    Returns
    -------
    Repaired
        The array of the same shape, aligned to the sample and bit for bit the same where nothing was found,
        of the same dtype, or float for integers; and the findings, with places and lengths in samples.

    Raises
    ------
    SettingError
        Before anything is computed, if the array, the rate, a kind or a setting cannot be.

    Examples
    --------
    >>> import numpy as np
    >>> audio = np.zeros(16000, np.float32)
    >>> same, found = repair(audio, 16000, kinds=["clicks"])
    >>> bool((same == audio).all()), found
    (True, ())
    """
    if isinstance(kinds, str):
        raise SettingError(f"kinds={kinds!r} must be a list of them, [{kinds!r}]")
    rows, shape = as_audio(audio)
    chosen = make_chain_settings(values=settings, names=repairers(kinds))
    stream = StreamFormat(sample_rate, len(rows))
    chain, _ = for_source(chosen, is_seekable=True)
    rows = finite(rows)
    models = make_models(chain)
    try:
        processor = make_chain(chain, stream, models)
        if rows.shape[1]:
            with ArraySource(rows, stream.sample_rate) as source:
                pretrain(chain, models, source)
        repaired = process_array(processor, rows)
        found = findings(chain, models)
    finally:
        for model in models.values():
            model.close()
    return Repaired(repaired.reshape(shape), found)
