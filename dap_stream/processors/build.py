"""From the settings of a chain to its models, and from both to the processors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar, cast

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.core.arrays import process_array
from dap_stream.core.learning_curve import LearningCurve
from dap_stream.core.model import BackgroundModel, LearnedModel, Model
from dap_stream.core.processed_source import ProcessedSource
from dap_stream.core.processor import Processor
from dap_stream.core.processors import Chain
from dap_stream.core.profile import Profile
from dap_stream.core.settings import Settings
from dap_stream.core.stream_format import StreamFormat
from dap_stream.core.streams import SeekableSource
from dap_stream.errors import ProfileError, SettingError
from dap_stream.processors.chain_settings import ChainSettings
from dap_stream.processors.entry import LevelChange
from dap_stream.processors.findings import Finding, RepairModel
from dap_stream.processors.registry import PROCESSORS, REPAIRS

_AnyModel = TypeVar("_AnyModel", bound=Model)


def for_source(chain: ChainSettings, is_seekable: bool) -> tuple[ChainSettings, tuple[str, ...]]:
    """Settings that are possible with a recording that can be read twice, or not; and notes on the rest.

    SettingError for a processor that works live only.
    """
    for name in chain.names:
        if PROCESSORS[name].make is None:
            raise SettingError(f"{name} works live only; take it out of the chain")
    resolved = [
        (name, *PROCESSORS[name].for_source(settings, is_seekable)) for name, settings in chain.processors
    ]
    settings = ChainSettings(tuple((name, settings) for name, settings, _ in resolved))
    return settings, tuple(note for _, _, note in resolved if note is not None)


def for_live(chain: ChainSettings) -> ChainSettings:
    """The settings as a live stream has them; SettingError for what cannot run live."""
    made = []
    for name, settings in chain.processors:
        entry = PROCESSORS[name]
        made.append((name, entry.for_live(settings)))  # may know better why it cannot
        if entry.make_live is None and entry.repairs:
            others = [kind for kind, other in REPAIRS.items() if PROCESSORS[other].make_live is not None]
            raise SettingError(
                f"{entry.repairs} cannot be repaired live, by {name}; live there are {', '.join(others)}"
            )
        if entry.make_live is None:
            raise SettingError(f"{name} cannot work live; take it out of the chain")
    return ChainSettings(tuple(made))


def split(chain: ChainSettings) -> tuple[ChainSettings | None, ChainSettings | None]:
    """Those that can begin at once, and the last one if it has to hear all before it begins."""
    front, (name, settings) = chain.processors[:-1], chain.processors[-1]
    if PROCESSORS[name].measure is None:
        return chain, None
    return ChainSettings(front) if front else None, ChainSettings(((name, settings),))


def make_models(chain: ChainSettings, profile: Profile | None = None) -> dict[str, Model]:
    """Models by name of the processor; the first one that learns begins with ``profile``."""

    def make(name: str, settings: Settings, profile: Profile | None) -> Model | None:
        make_model = PROCESSORS[name].make_model
        return None if make_model is None else make_model(settings, profile)

    return _models(chain, profile, make)


def make_live_models(
    chain: ChainSettings, stream: StreamFormat, profile: Profile | None, is_background: bool
) -> dict[str, BackgroundModel]:
    """The same for a live stream; in the background they learn in threads or processes of their own."""

    def make(name: str, settings: Settings, profile: Profile | None) -> BackgroundModel | None:
        make_model = PROCESSORS[name].make_live_model
        return None if make_model is None else make_model(settings, stream, profile, is_background)

    return _models(chain, profile, make)


def _models(
    chain: ChainSettings,
    profile: Profile | None,
    make: Callable[[str, Settings, Profile | None], _AnyModel | None],
) -> dict[str, _AnyModel]:
    models: dict[str, _AnyModel] = {}
    learner = next(iter(chain.learners), None)
    if profile is not None and learner is None:
        raise ProfileError(f"a profile is of no use: nothing in the chain ({', '.join(chain.names)}) learns")
    try:
        for name, settings in chain.processors:
            model = make(name, settings, profile if name == learner else None)
            if model is not None:
                models[name] = model
    except BaseException:
        for model in models.values():
            model.close()
        raise
    return models


def learned(chain: ChainSettings, models: Mapping[str, Model]) -> Profile:
    """Profile of the first that learns; SettingError if nothing does."""
    for name in chain.learners:
        return cast(LearnedModel, models[name]).profile()
    raise SettingError("nothing in the chain learns, so there is no profile to save")


def findings(chain: ChainSettings, models: Mapping[str, Model]) -> tuple[Finding, ...]:
    """Damage that was found in the last stream, one repair after the other."""
    return tuple(
        finding
        for name in chain.names
        if isinstance(model := models.get(name), RepairModel)
        for finding in model.findings or ()
    )


def hear_noise(
    chain: ChainSettings, models: Mapping[str, Model], audio: F32, stream: StreamFormat
) -> tuple[str, ...]:
    """Show noise ``[channels, samples]`` to whatever learns noise, as it comes to it; its warnings."""
    for i, (name, _) in enumerate(chain.processors):
        hear, model = PROCESSORS[name].hear_noise, models.get(name)
        if hear is None or model is None:
            continue
        before = ChainSettings(chain.processors[:i]) if i else None
        # It may have other channels than the recording.
        as_noise = StreamFormat(stream.sample_rate, len(audio))
        heard = audio if before is None else process_array(make_chain(before, as_noise, models), audio)
        return hear(model, np.asarray(heard, np.float32), stream.sample_rate)
    raise SettingError(f"noise is of no use: nothing in the chain ({', '.join(chain.names)}) learns it")


def remarks(chain: ChainSettings, models: Mapping[str, Model]) -> tuple[str, ...]:
    """Sentences on what was decided and learned, in the order of the chain."""
    return tuple(
        text
        for name in chain.names
        if (tell := PROCESSORS[name].remarks) is not None
        for text in tell(models.get(name))
    )


def learning_curves(chain: ChainSettings, models: Mapping[str, Model]) -> tuple[LearningCurve, ...]:
    """How learning went, in the order of the chain."""
    return tuple(
        curve
        for name in chain.names
        if (tell := PROCESSORS[name].learning_curves) is not None
        for curve in tell(models.get(name))
    )


def pretrain(
    chain: ChainSettings,
    models: Mapping[str, Model],
    source: SeekableSource,
    progress: Callable[[float], None] | None = None,
) -> None:
    """The first of two passes for whatever wants one, each on the sound as it comes to it."""
    stream = StreamFormat(source.sample_rate, source.channels)
    for i, (name, settings) in enumerate(chain.processors):
        learn = PROCESSORS[name].pretrain
        if learn is None:
            continue
        before = chain.processors[:i]
        heard = (
            ProcessedSource(source, make_chain(ChainSettings(before), stream, models)) if before else source
        )
        learn(settings, models.get(name), heard, progress)
    source.seek(0)


def measure(
    last: ChainSettings,
    models: Mapping[str, Model],
    source: SeekableSource,
    speakers: int,
    progress: Callable[[float], None] | None = None,
) -> LevelChange:
    """Let the last processor (see `split`) hear all that comes to it; it can be made then.

    Parameters
    ----------
    last
        It alone.
    models
        By name.
    source
        The sound as all others leave it.
    speakers
        Channel mask, 0 where it is not known.
    progress
        Told the part that is done, 0..1.
    """
    ((name, settings),) = last.processors
    hear = PROCESSORS[name].measure
    assert hear is not None, "split has seen to it"
    heard = hear(settings, models[name], source, speakers, progress)
    source.seek(0)
    return heard


def make_chain(
    chain: ChainSettings, stream: StreamFormat, models: Mapping[str, Model] | None = None
) -> Chain:
    """The processors for a file or a pipe.

    Parameters
    ----------
    chain
        Names and settings.
    stream
        Sample rate and channels.
    models
        What has been learned, by name of its processor. Without it the chain has models of its own and learns
        on the way, in a single pass.

    Returns
    -------
    Chain
        The processors, ready for a stream.

    Raises
    ------
    SettingError
        If a processor cannot work there.
    """
    if models is None:
        chain, _ = for_source(chain, is_seekable=False)
        models = {}
    made: list[Processor] = []
    for name, settings in chain.processors:
        make = PROCESSORS[name].make
        assert make is not None, "for_source has seen to it"
        made.append(make(settings, stream, models.get(name)))
    return _chained(made)


def make_live_chain(
    chain: ChainSettings, stream: StreamFormat, models: Mapping[str, BackgroundModel]
) -> Chain:
    """The processors for a live stream."""
    made: list[Processor] = []
    for name, settings in chain.processors:
        make = PROCESSORS[name].make_live
        assert make is not None, "for_live has seen to it"
        made.append(make(settings, stream, models.get(name)))
    return _chained(made)


def _chained(processors: list[Processor]) -> Chain:
    """A chain of them, each of which knows how late the recording comes to it if it wants to."""
    late = 0
    for processor in processors:
        if hasattr(processor, "start_up"):
            processor.start_up = late
        late += processor.latency
    return Chain(processors)
