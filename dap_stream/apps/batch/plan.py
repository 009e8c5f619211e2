"""Plan of a batch: what becomes of each recording, known and checked before anything is computed."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from dap_stream.apps.batch.compare import Policy, compare
from dap_stream.apps.batch.fingerprint import fingerprint, group_fingerprint
from dap_stream.apps.batch.inputs import Inputs, Recording, find_recordings
from dap_stream.apps.batch.item import OPEN, Item
from dap_stream.apps.batch.journal import file_state, read_journals
from dap_stream.apps.batch.name_template import DEFAULT, check_template, page_name, removed_name, result_name
from dap_stream.apps.batch.shard import Shard, shard_of
from dap_stream.apps.files.known_noise import KnownNoise
from dap_stream.core.stream_format import StreamFormat
from dap_stream.errors import DapStreamError, OutputError, SettingError
from dap_stream.io.open_audio import open_audio
from dap_stream.io.output_paths import Names, OutputCheck, describe
from dap_stream.io.profile_file import load_profile
from dap_stream.processors.chain_settings import ChainSettings, make_chain_settings


@dataclass(frozen=True)
class Wanted:
    """Batch as it was asked for. ``by_folder``: recordings of a folder share a profile.

    ``removed``, ``report``: folders for what was taken out, and for a page of each recording.
    """

    inputs: Inputs
    output: Path
    chain: ChainSettings = field(default_factory=ChainSettings)
    template: str = DEFAULT
    shard: Shard = field(default_factory=Shard)
    by_folder: bool = False
    profile: str | None = None
    noise: KnownNoise | None = None
    force: bool = False
    skip_failed: bool = False
    removed: Path | None = None
    report: Path | None = None


@dataclass(frozen=True)
class Plan:
    """Items as they were found, and notes on what was left out."""

    items: list[Item]
    notes: list[str]

    @property
    def todo(self) -> list[Item]:
        """Open ones, the longest first, so that none is left alone at the end."""
        return sorted(
            (item for item in self.items if item.status == OPEN),
            key=lambda item: (-(item.seconds or 0.0), item.output),
        )


def make_plan(wanted: Wanted) -> Plan:
    """Find the recordings, name their results, and compare with what the journals say.

    Raises
    ------
    DapStreamError
        For what is wrong with the batch as a whole, such as two results of one name. What is wrong with a
        recording is told in its item.
    """
    check_template(wanted.template)
    recordings, notes = find_recordings(wanted.inputs, wanted.output, wanted.removed)
    items = [_item(number, recording, wanted) for number, recording in enumerate(recordings)]
    _check_names(items)
    _join_groups(items)
    entries = read_journals(wanted.output)
    for item in items:
        compare(item, entries.get(item.output), Policy(wanted.shard, wanted.force, wanted.skip_failed))
        if item.status == OPEN:
            probe(item)
    return Plan(items, notes)


def _item(number: int, recording: Recording, wanted: Wanted) -> Item:
    output = _output_name(recording, wanted.template)
    chain = wanted.chain
    if recording.settings:
        chain = _changed(chain, recording)
    profile = recording.profile or wanted.profile
    if profile is not None:
        load_profile(profile)
    group = recording.group or (os.path.dirname(recording.relative) if wanted.by_folder else None)
    if recording.profile is not None:
        group = None
    if group is not None and not chain.learns:
        raise SettingError(
            "a profile for each folder or group is of no use where nothing learns; "
            "take generator=band or context"
        )
    names = _names(recording.source, output, wanted)
    return Item(
        number,
        recording.source,
        output,
        names,
        chain,
        profile,
        group,
        shard_of(output, wanted.shard.n),
        fingerprint(chain, profile, None if wanted.noise is None else wanted.noise.path),
        file_state(recording.source),
        {
            path: os.path.relpath(os.path.realpath(path), os.path.realpath(wanted.output))
            for path in (names.removed, names.report)
            if path is not None
        },
    )


def _names(source: str, output: str, wanted: Wanted) -> Names:
    return Names(
        source,
        os.path.join(wanted.output, output),
        None if wanted.removed is None else os.path.join(wanted.removed, removed_name(output)),
        report=None if wanted.report is None else os.path.join(wanted.report, page_name(output)),
    )


def _changed(chain: ChainSettings, recording: Recording) -> ChainSettings:
    """With what a manifest says for this recording alone."""
    try:
        return make_chain_settings(
            values=recording.settings, names=chain.names, starts=dict(chain.processors)
        )
    except SettingError as error:
        raise SettingError(f"settings of {recording.source}: {error}") from error


def _output_name(recording: Recording, template: str) -> str:
    name = recording.output
    if name is None:
        return result_name(template, recording.relative)
    name = os.path.normpath(name)
    if os.path.isabs(name) or ".." in PurePath(name).parts or name == ".":
        raise SettingError(
            f"output {recording.output} of {recording.source}: must be a path in the output folder (-o)"
        )
    return name


def _check_names(items: Iterable[Item]) -> None:
    """SettingError for two results of one name, and for one that is a recording."""
    by_name: dict[str, Item] = {}
    for item in items:
        other = by_name.setdefault(item.output, item)
        if other is not item:
            raise SettingError(
                f"{item.names.output}: would be the result of {other.source} and of {item.source}; "
                "choose a --name with {parent}, {stem} and {ext}, or another --root"
            )
    check = OutputCheck([item.names for item in by_name.values()], force=True)
    for item in by_name.values():
        _check_output(item, check)


def _check_output(item: Item, check: OutputCheck) -> None:
    try:
        check.check(item.names)
    except OutputError as error:
        item.fail(str(error))


def _join_groups(items: Iterable[Item]) -> None:
    """Members of a group have a fingerprint of all of them: its profile depends on each."""
    groups: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in items:
        if item.group is not None:
            groups[item.group, item.fingerprint].append(item)
    for (_, own), members in groups.items():
        together = group_fingerprint(own, ((item.output, item.source_state) for item in members))
        for item in members:
            item.fingerprint = together


def probe(item: Item) -> None:
    """Read the header: length, rate and channels, or what is wrong with the recording."""
    try:
        with open_audio(item.source) as source:
            item.stream = StreamFormat(source.sample_rate, source.channels)
            item.n_samples = source.n_samples
    except DapStreamError as error:
        item.fail(describe(error, item.names))
    except OSError as error:
        item.fail(f"{item.source}: cannot be read ({error.strerror or error}); copy it again from its origin")
