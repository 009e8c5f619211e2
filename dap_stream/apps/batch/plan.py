"""Plan of a batch: what becomes of each recording, known and checked before anything is computed."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from dap_stream.apps.batch import journal
from dap_stream.apps.batch.fingerprint import fingerprint, group_fingerprint
from dap_stream.apps.batch.inputs import Inputs, Recording, find_recordings
from dap_stream.apps.batch.journal import FileState, file_state
from dap_stream.apps.batch.name_template import DEFAULT, check_template, result_name
from dap_stream.apps.batch.shard import Shard, shard_of
from dap_stream.apps.files.known_noise import KnownNoise
from dap_stream.core.stream_format import StreamFormat
from dap_stream.errors import DapStreamError, OutputError, SettingError, one_line
from dap_stream.io.open_audio import open_audio
from dap_stream.io.output_paths import Names, OutputCheck, describe, exists_already
from dap_stream.io.profile_file import load_profile
from dap_stream.processors.chain_settings import ChainSettings, make_chain_settings

OPEN, DONE, SKIPPED, FAILED, ELSEWHERE = "open", "done", "skipped", "failed", "elsewhere"
"""States of a recording; elsewhere: another shard has it, and has not done it yet."""


@dataclass(frozen=True)
class Wanted:
    """Batch as it was asked for. ``by_folder``: recordings of a folder share a profile."""

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


@dataclass
class Item:
    """A recording of the batch. ``output`` is relative to the output folder; it may replace what is there."""

    number: int
    source: str
    output: str
    names: Names
    chain: ChainSettings
    profile: str | None
    group: str | None
    shard: int
    fingerprint: str
    source_state: FileState | None
    status: str = OPEN
    reason: str = ""
    replaces: bool = False
    stream: StreamFormat | None = None
    n_samples: int | None = None
    wall_s: float | None = None
    reduction_db: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float | None:
        """Length of the recording; None as long as its header was not read, or if that does not say it."""
        if self.stream is None or self.n_samples is None:
            return None
        return self.n_samples / self.stream.sample_rate

    def fail(self, reason: str) -> None:
        """Say why it cannot be."""
        self.status, self.reason = FAILED, one_line(reason)


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
    recordings, notes = find_recordings(wanted.inputs, wanted.output)
    items = [_item(number, recording, wanted) for number, recording in enumerate(recordings)]
    _check_names(items)
    _join_groups(items)
    entries = journal.read_journals(wanted.output)
    for item in items:
        _compare(item, entries.get(item.output), wanted)
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
    return Item(
        number,
        recording.source,
        output,
        Names(recording.source, os.path.join(wanted.output, output)),
        chain,
        profile,
        group,
        shard_of(output, wanted.shard.n),
        fingerprint(chain, profile, None if wanted.noise is None else wanted.noise.path),
        file_state(recording.source),
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


def _compare(item: Item, entry: journal.Entry | None, wanted: Wanted) -> None:
    """Decide what has to be done, from what was done before."""
    if item.status != OPEN:
        return
    found = file_state(item.names.output)
    is_same = (
        entry is not None
        and entry.fingerprint == item.fingerprint
        and entry.source_state == item.source_state
        and item.source_state is not None
    )
    is_own = item.shard == wanted.shard.number
    event = entry.event if entry is not None and is_same else None
    if event == journal.DONE and found is not None:
        item.status, item.reason = SKIPPED, "done before"
    elif entry is not None and event == journal.FAILED and not is_own:
        item.status, item.reason = FAILED, entry.reason
    elif entry is not None and event == journal.FAILED and wanted.skip_failed:
        item.status, item.reason = SKIPPED, f"failed before: {entry.reason}"
    elif not is_own:
        item.status, item.reason = ELSEWHERE, f"part {item.shard} of {wanted.shard.n} has it"
    elif found is not None:
        is_ours = entry is not None and (entry.event == journal.BEGUN or entry.result_state == found)
        item.replaces = is_ours or wanted.force
        if not item.replaces:
            item.fail(
                str(exists_already(item.names.output, "another output"))
                if entry is None
                else f"{item.names.output}: has been changed since it was written; move it away, or say "
                "force=True to replace it"
            )


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
