"""The work of a request in its thread: clean, preview or learn, with progress that may cancel it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from dap_stream.apps.bridge.file_jobs import check_request, cleaning_job, learning_job, preview_job
from dap_stream.apps.bridge.folders import Folders
from dap_stream.apps.bridge.jobs import Ticket, Work
from dap_stream.apps.bridge.protocol import BridgeError
from dap_stream.apps.bridge.scratch import Scratch
from dap_stream.apps.files.clean import clean, resolved
from dap_stream.apps.files.damage import finding_values
from dap_stream.apps.files.job import Job, JobCallbacks
from dap_stream.apps.files.job_ends import open_source
from dap_stream.apps.files.report import result_values, warnings
from dap_stream.core.render import Progress
from dap_stream.core.version import __version__
from dap_stream.errors import DapStreamError, InputError, SettingError
from dap_stream.io.output_paths import describe, make_names
from dap_stream.io.pipe import PipeSource
from dap_stream.io.profile_file import replace_profile
from dap_stream.processors.build import learned, make_models, pretrain, remarks

MOST_FINDINGS = 1000
EVERY_S = 0.1  # at most so often a client is told how far it is


class Teller:
    """Tells the client of a job how far it is, now and then, and ends the job when nobody wants it."""

    def __init__(self, ticket: Ticket) -> None:
        self._ticket = ticket
        self._stage, self._told = "", 0.0

    def learning(self, part: float) -> None:
        """Fraction of the learning that is done."""
        self._tell("learning", part)

    def cleaning(self, progress: Progress) -> None:
        """State of the cleaning."""
        total_s = progress["total_s"]
        self._tell("cleaning", progress["done_s"] / total_s if total_s else 0.0)

    def levelling(self, part: float) -> None:
        """Fraction of giving it its loudness that is done."""
        self._tell("levelling", part)

    @property
    def has_told(self) -> bool:
        """Whether there was anything to tell of."""
        return self._stage != ""

    def _tell(self, stage: str, part: float) -> None:
        self._ticket.check()
        now = time.monotonic()
        if stage != self._stage or now - self._told >= EVERY_S or part >= 1.0:
            self._stage, self._told = stage, now
            self._ticket.tell("progress", stage=stage, part=round(min(max(part, 0.0), 1.0), 4))

    def note(self, text: str) -> None:
        """Something good to know."""
        self._ticket.check()
        self._ticket.tell("note", text=text)

    def warn(self, text: str) -> None:
        """Something that can be heard."""
        self._ticket.check()
        self._ticket.tell("warning", text=text)


def cleaning(params: Mapping[str, Any], folders: Folders) -> Work:
    """The work of ``clean``."""
    check_request(params, folders)

    def work(ticket: Ticket) -> dict[str, object]:
        values = _cleaned(cleaning_job(params, folders), ticket)
        given = make_names([params["input"]], params.get("output"), params.get("removed"))[0]
        values |= {"input": given.source, "output": given.output, "removed": given.removed}
        return values | {"save_profile": params.get("save_profile")}

    return work


def previewing(params: Mapping[str, Any], folders: Folders, scratch: Scratch) -> Work:
    """The work of ``preview``."""
    check_request(params, folders)

    def work(ticket: Ticket) -> dict[str, object]:
        return _cleaned(preview_job(params, folders, scratch), ticket) | {"input": params["input"]}

    return work


def _cleaned(job: Job, ticket: Ticket) -> dict[str, object]:
    teller = Teller(ticket)
    try:
        callbacks = JobCallbacks(teller.learning, teller.cleaning, teller.note, teller.warn, teller.levelling)
        outcome = clean(job, callbacks)
    except BridgeError:
        raise
    except DapStreamError as error:
        raise type(error)(describe(error, job.names)) from error
    for text in warnings(outcome):
        ticket.tell("warning", text=text)  # it is done: too late to cancel
    values = result_values(outcome)
    return values | {"findings": finding_values(outcome)[:MOST_FINDINGS]}  # a line has an end


def learning(params: Mapping[str, Any], folders: Folders) -> Work:
    """The work of ``learn``: a profile from a recording, and no other file."""
    check_request(params, folders)

    def work(ticket: Ticket) -> dict[str, object]:
        began = time.perf_counter()
        teller = Teller(ticket)
        job = learning_job(params, folders)
        with ExitStack() as stack:
            source = open_source(job)
            stack.enter_context(source)
            if isinstance(source, PipeSource) or source.n_samples is None:
                raise InputError(f"{params['input']}: does not say its length; convert it to WAV or FLAC")
            chain, notes = resolved(job, source)
            for text in notes:
                teller.note(text)
            models = make_models(chain)
            for model in models.values():
                stack.callback(model.close)
            pretrain(chain, models, source, teller.learning)
            if not teller.has_told:
                raise SettingError("with passes=1 nothing is learned beforehand; take passes=2")
            ticket.check()
            replace_profile(job.names.output, learned(chain, models))
            seconds = source.n_samples / source.sample_rate
            said = remarks(chain, models)
        return {
            "input": params["input"],
            "profile": params["profile"],
            "seconds": seconds,
            "total_s": time.perf_counter() - began,
            "settings": chain.as_dict(),
            "remarks": list(said),
            "notes": list(notes),
            "version": __version__,
        }

    return work
