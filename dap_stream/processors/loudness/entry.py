"""The loudness in the registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dap_stream.errors import SettingError
from dap_stream.processors.entry import Entry, LevelChange
from dap_stream.processors.loudness.settings import LoudnessSettings

if TYPE_CHECKING:
    from dap_stream.core.processor import Processor
    from dap_stream.core.profile import Profile
    from dap_stream.core.stream_format import StreamFormat
    from dap_stream.core.streams import SeekableSource
    from dap_stream.processors.loudness.plan import LoudnessModel


def _make(settings: LoudnessSettings, stream: StreamFormat, model: LoudnessModel | None) -> Processor:
    if model is None or model.plan is None:
        raise SettingError(
            "loudness has to hear all of a recording before it begins; use clean_file, which reads it twice"
        )
    from dap_stream.processors.loudness.limiter import Limiter

    plan = model.plan
    return Limiter(stream.sample_rate, stream.channels, plan.gain_db, settings.true_peak_dbtp)


def _make_model(settings: LoudnessSettings, profile: Profile | None) -> LoudnessModel:
    from dap_stream.processors.loudness.plan import LoudnessModel

    return LoudnessModel()


def _measure(
    settings: LoudnessSettings,
    model: LoudnessModel,
    source: SeekableSource,
    speakers: int,
    progress: Callable[[float], None] | None,
) -> LevelChange:
    from dap_stream.dsp.loudness import channel_weights
    from dap_stream.processors.loudness.measure import make_plan
    from dap_stream.processors.loudness.plan import doubts_of

    model.plan = make_plan(settings, source, channel_weights(speakers, source.channels), progress)
    seconds = (source.n_samples or 0) / source.sample_rate
    return LevelChange(model.plan.gain_db, doubts_of(model.plan, settings, seconds))


def _remarks(model: LoudnessModel) -> tuple[str, ...]:
    from dap_stream.processors.loudness.plan import told

    return () if model.plan is None else (told(model.plan),)


def _for_live(settings: LoudnessSettings) -> LoudnessSettings:
    raise SettingError(
        "loudness has to hear all of a recording before it begins, so it cannot work live; take it out of "
        "the chain (gain changes the level), and give the recording its loudness when it is done"
    )


LOUDNESS = Entry(
    name="loudness",
    summary="gives the whole recording a loudness in LUFS and holds its true peaks; the last of a chain",
    settings=LoudnessSettings,
    kernel="dap_stream.dsp.true_peak_kernels.true_peaks",
    make=_make,
    make_model=_make_model,
    measure=_measure,
    remarks=_remarks,
    for_live=_for_live,
)
