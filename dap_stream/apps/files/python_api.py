"""A file to a file in one call, for scripts."""

from __future__ import annotations

from pathlib import Path

from dap_stream.apps.files.clean import clean
from dap_stream.apps.files.job import Job, JobCallbacks
from dap_stream.apps.files.job_check import check
from dap_stream.core.profile import Profile
from dap_stream.core.render import RenderRecord
from dap_stream.io.output_paths import Names, check_names
from dap_stream.processors.chain_settings import ChainSettings


def clean_file(
    source: str | Path,
    output: str | Path,
    chain: ChainSettings | None = None,
    removed: str | Path | None = None,
    profile: Profile | None = None,
    force: bool = False,
    track: int | None = None,
) -> RenderRecord:
    """Clean a recording of any length, as ``dap-stream denoise`` does.

    Parameters
    ----------
    source
        The recording.
    output
        Appears when it is complete, with the sample format of the recording as far as its ending allows.
    chain
        Processors and settings; the denoiser with its defaults if None.
    removed
        Also write what was taken out: ``output + removed = source``.
    profile
        What was learned before, to start with.
    force
        Replace files that exist.
    track
        Which track of sound of a film, from 1; None is the one that a player takes.

    Returns
    -------
    RenderRecord
        Length, levels, what was clipped, and how long it took.

    Raises
    ------
    DapStreamError
        In one line, if a file cannot be read or written or a setting cannot be; nothing is half-written.
    """
    names = Names(str(source), str(output), None if removed is None else str(removed))
    check_names(names, [names], force)
    job = Job(names, chain or ChainSettings(), profile=profile, force=force, track=track)
    check(job)
    return clean(job, JobCallbacks(note=_say_nothing, warn=_say_nothing)).record


def _say_nothing(text: str) -> None:
    """A script that calls it looks at what it returns."""
