"""One recording from its file to its results: open, learn, clean, write, and say what was done."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import ExitStack

from dap_stream.apps.files.job import Job, JobCallbacks, Outcome
from dap_stream.apps.files.job_ends import AudioSource, carried_along, file_format_of, open_sinks, open_source
from dap_stream.apps.files.job_notes import doubts_of, say_what_is_lost, shortcomings_of, tell_remarks
from dap_stream.apps.files.known_noise import KnownNoise
from dap_stream.apps.files.two_renders import front_of, render_twice
from dap_stream.core.model import Model
from dap_stream.core.render import render
from dap_stream.core.stream_format import StreamFormat
from dap_stream.errors import OutputError, SettingError
from dap_stream.io.file_set import replace_together
from dap_stream.io.open_audio import is_file_sink
from dap_stream.io.pipe import PipeSource
from dap_stream.io.profile_file import stage_profile
from dap_stream.io.set_plan import state_of
from dap_stream.processors.build import (
    findings,
    for_source,
    hear_noise,
    learned,
    learning_curves,
    make_models,
    pretrain,
    remarks,
    split,
)
from dap_stream.processors.chain_settings import ChainSettings


def resolved(job: Job, source: AudioSource) -> tuple[ChainSettings, tuple[str, ...]]:
    """The chain as it is possible with this source, and notes if that is less than was asked for."""
    chain, notes = for_source(job.chain, not isinstance(source, PipeSource) and source.n_samples is not None)
    if isinstance(source, PipeSource):
        return chain, ()  # what flows by can be heard once only; nobody expects more
    return chain, tuple(f"{job.names.source}: {note}" for note in notes)


def clean(job: Job, callbacks: JobCallbacks) -> Outcome:
    """Do the job. Results and profile appear complete and together, or not at all."""
    began = time.perf_counter()
    with ExitStack() as stack:
        found = state_of(os.path.realpath(job.names.source))
        source = open_source(job)
        stack.enter_context(source)
        chain, notes = resolved(job, source)
        for text in notes:
            callbacks.note(text)
        doubts = doubts_of(job, source)
        for text in doubts:
            callbacks.warn(text)
        notes += doubts + tell_remarks(job.names.source, source, callbacks.note)
        models = make_models(chain, job.profile)
        for model in models.values():
            stack.callback(model.close)
        if job.save_profile is not None and not chain.learns:
            raise SettingError("nothing in the chain learns, so there is no profile to save")
        stream = StreamFormat(source.sample_rate, source.channels)
        if job.noise is not None:
            notes += _show_noise(job.noise, chain, models, stream, callbacks)
        # Made for its checks of rate, channels, device and profile, before a pass is spent.
        processor = front_of(chain, stream, models)
        carried, said_of_it = carried_along(job, source)
        sink, removed = open_sinks(job, source, stack, carried)
        for text in (*shortcomings_of(job, source), *said_of_it):
            callbacks.warn(text)
            notes += (text,)
        notes += tell_remarks(job.names.output, sink, callbacks.note)
        say_what_is_lost(job, callbacks)
        learn_began = time.perf_counter()
        if not isinstance(source, PipeSource) and source.n_samples is not None:
            pretrain(chain, models, source, callbacks.learning)
        learn_s = time.perf_counter() - learn_began

        def complete() -> None:
            if job.names.in_place and state_of(os.path.realpath(job.names.source)) != found:
                raise OutputError(f"{job.names.source}: was changed while it was cleaned; clean it again")
            files = [each.hidden for each in (removed, sink) if is_file_sink(each)]
            if job.save_profile is not None:
                files.append(stage_profile(job.save_profile, learned(chain, models)))
                stack.callback(files[-1].remove)
            replace_together(files)

        gain_db = 0.0
        if split(chain)[1] is None:
            record = render(source, processor, sink, removed, callbacks.cleaning, complete=complete)
        else:
            record, change = render_twice(
                job, chain, models, source, processor, sink, removed, callbacks, complete
            )
            gain_db = change.gain_db
            doubts = tuple(f"{job.names.source}: {text}" for text in change.warnings)
            for text in doubts:
                callbacks.warn(text)
            notes += doubts
        said, curves = remarks(chain, models), learning_curves(chain, models)
        found_damage = findings(chain, models)
    source_format, wall_s = file_format_of(source), time.perf_counter() - began
    return Outcome(
        job, chain, source_format, record, learn_s, wall_s, notes, said, curves, found_damage, gain_db
    )


def _show_noise(
    noise: KnownNoise,
    chain: ChainSettings,
    models: Mapping[str, Model],
    stream: StreamFormat,
    callbacks: JobCallbacks,
) -> tuple[str, ...]:
    """Let the models hear it; what they find odd is told at once, before time is spent."""
    found = hear_noise(chain, models, noise.read(stream.sample_rate), stream)
    warnings = tuple(f"{noise.path}: {text}" for text in found)
    for text in warnings:
        callbacks.warn(text)
    return warnings
