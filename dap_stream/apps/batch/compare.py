"""The status of a recording, from what the journal says was done before and from the files that are there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dap_stream.apps.batch.item import ELSEWHERE, FAILED, OPEN, SKIPPED, Item
from dap_stream.apps.batch.journal import BEGUN, Entry, file_state
from dap_stream.apps.batch.journal import DONE as JOURNAL_DONE
from dap_stream.apps.batch.journal import FAILED as JOURNAL_FAILED
from dap_stream.apps.batch.shard import Shard
from dap_stream.io.output_paths import exists_already


@dataclass(frozen=True)
class Policy:
    """Which part of the recordings is ours, and what may be done with them."""

    shard: Shard
    force: bool = False
    skip_failed: bool = False


def compare(item: Item, entry: Entry | None, policy: Policy) -> None:
    """Give an open item the status that follows from its last entry and from the files that are there."""
    item.earlier = {} if entry is None else entry.beside
    if item.status != OPEN:
        return
    is_same = (
        entry is not None
        and entry.fingerprint == item.fingerprint
        and entry.source_state == item.source_state
        and item.source_state is not None
    )
    is_own = item.shard == policy.shard.number
    event = entry.event if entry is not None and is_same else None
    if event == JOURNAL_DONE and _is_complete(item):
        item.status, item.reason = SKIPPED, "done before"
    elif entry is not None and event == JOURNAL_FAILED and not is_own:
        item.status, item.reason = FAILED, entry.reason
    elif entry is not None and event == JOURNAL_FAILED and policy.skip_failed:
        item.status, item.reason = SKIPPED, f"failed before: {entry.reason}"
    elif not is_own:
        item.status, item.reason = ELSEWHERE, f"part {item.shard} of {policy.shard.n} has it"
    else:
        _look_for_others(item, entry, policy.force)


def _is_complete(item: Item) -> bool:
    """Whether the result is there, and all that is wanted beside it and belongs to it."""
    return file_state(item.names.output) is not None and all(
        file_state(path) is not None and item.earlier.get(name) is not None
        for path, name in item.beside.items()
    )


def _look_for_others(item: Item, entry: Entry | None, force: bool) -> None:
    """Let it replace what is ours; fail it for what is somebody else's, or was worked on since."""
    ours = dict(_found(item, entry))
    item.replaces = bool(ours) and (force or all(ours.values()))
    for path, is_ours in ours.items():
        if is_ours or force:
            continue
        is_result = path == item.names.output
        is_known = entry is not None and (is_result or item.beside[path] in entry.beside)
        item.fail(
            f"{path}: has been changed since it was written; move it away, or say force=True to replace it"
            if is_known
            else str(exists_already(path, "another output" if is_result else "another folder"))
        )
        return


def _found(item: Item, entry: Entry | None) -> Iterator[tuple[str, bool]]:
    """Files that are where it will write, and whether they are as this batch wrote them."""
    state = file_state(item.names.output)
    if state is not None:
        is_begun = entry is not None and entry.event == BEGUN
        yield item.names.output, is_begun or (entry is not None and entry.result_state == state)
    for path, name in item.beside.items():
        state = file_state(path)
        if state is not None:
            # Known without a state: of a run that was stopped, or of an earlier result.
            yield path, name in item.earlier and item.earlier[name] in (None, state)
