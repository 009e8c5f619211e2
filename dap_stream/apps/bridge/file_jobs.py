"""From the parameters of a request to a job on files: paths in the folders, settings, what is replaced."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dap_stream.apps.bridge.folders import Folders
from dap_stream.apps.bridge.protocol import BAD_PARAMS, BridgeError
from dap_stream.apps.bridge.scratch import Scratch
from dap_stream.apps.files.job import Job
from dap_stream.apps.files.job_check import check
from dap_stream.core.presets import SUFFIX, preset_names
from dap_stream.core.profile import Profile
from dap_stream.errors import SettingError
from dap_stream.io.output_paths import Names, check_folder, check_names, is_same_file, make_names
from dap_stream.io.profile_file import check_replaceable, load_profile
from dap_stream.processors.chain_settings import ChainSettings, make_chain_settings

PATH_FIELDS = ("input", "output", "removed", "profile", "save_profile")


def check_request(params: Mapping[str, Any], folders: Folders) -> None:
    """Raise all that is wrong with a request whatever the files are: a client need not wait for that.

    What is on the disk counts when the job begins: an earlier one may make what this one reads.
    """
    for field in PATH_FIELDS:
        if field in params:
            folders.real_path(field, params[field])
    stretch(params)
    chain_of_request(params, folders)


def cleaning_job(params: Mapping[str, Any], folders: Folders) -> Job:
    """The job of ``clean``, checked as far as can be before anything is computed."""
    given = make_names([params["input"]], params.get("output"), params.get("removed"))[0]
    names = Names(
        folders.real_path("input", given.source),
        folders.real_path("output", given.output),
        None if given.removed is None else folders.real_path("removed", given.removed),
    )
    chain = chain_of_request(params, folders)
    save = _optional_path(params, "save_profile", folders)
    if save is not None:
        _check_save_profile(save, names, chain)
    start_s, end_s = stretch(params)
    force = params.get("force", False)
    profile = _profile(params, chain, folders)
    job = Job(names, chain, start_s, end_s, profile=profile, save_profile=save, force=force)
    check_names(names, [names], force)
    check(job)
    return job


def preview_job(params: Mapping[str, Any], folders: Folders, scratch: Scratch) -> Job:
    """The job of ``preview``, with a result in the bridge's own folder."""
    source = folders.real_path("input", params["input"])
    chain = chain_of_request(params, folders)
    start_s, end_s = stretch(params)
    profile = _profile(params, chain, folders)
    names = Names(source, scratch.new_path(f"{Path(source).stem[:60]}.wav"))
    job = Job(names, chain, start_s, end_s, profile=profile)
    check(job)
    return job


def learning_job(params: Mapping[str, Any], folders: Folders) -> Job:
    """The job of ``learn``, whose output is the profile."""
    source = folders.real_path("input", params["input"])
    profile = folders.real_path("profile", params["profile"])
    if is_same_file(source, profile):
        raise SettingError(f"profile {profile}: is the recording itself; choose another name")
    chain = chain_of_request(params, folders)
    if not chain.learns:
        raise SettingError("nothing in the chain learns; take generator=band or context")
    check_folder(profile)
    check_replaceable(profile)
    start_s, end_s = stretch(params)
    return Job(Names(source, profile), chain, start_s, end_s)


def chain_of_request(params: Mapping[str, Any], folders: Folders) -> ChainSettings:
    """Preset, chain and settings; a preset that is a file has to be in the folders too."""
    preset = params.get("preset")
    if preset is not None and preset not in preset_names():
        if preset.endswith(SUFFIX) or os.path.basename(preset) != preset:
            preset = folders.real_path("preset", preset)
        else:
            make_chain_settings(preset)  # says which there are
    return make_chain_settings(preset, params.get("settings"), params.get("chain"))


def stretch(params: Mapping[str, Any]) -> tuple[float, float | None]:
    """Start and end in seconds; BridgeError if it ends before it starts."""
    start_s, end_s = float(params.get("start_s", 0.0)), params.get("end_s")
    if end_s is None:
        return start_s, None
    if end_s <= start_s:
        raise BridgeError("protocol", f"end_s={end_s:g} must be later than start_s={start_s:g}", BAD_PARAMS)
    return start_s, float(end_s)


def _optional_path(params: Mapping[str, Any], field: str, folders: Folders) -> str | None:
    return None if params.get(field) is None else folders.real_path(field, params[field])


def _profile(params: Mapping[str, Any], chain: ChainSettings, folders: Folders) -> Profile | None:
    path = _optional_path(params, "profile", folders)
    if path is None:
        return None
    if not chain.learns:
        raise SettingError("profile is of no use where nothing learns; take generator=band or context")
    return load_profile(path)


def _check_save_profile(path: str, names: Names, chain: ChainSettings) -> None:
    """A profile may replace a profile (that is how it gets better), and nothing else."""
    if not chain.learns:
        raise SettingError("save_profile is of no use where nothing learns; take generator=band or context")
    if any(is_same_file(path, sound) for sound in (names.source, names.output, names.removed) if sound):
        raise SettingError(f"save_profile {path}: is one of the recordings; choose another name")
    check_replaceable(path)
