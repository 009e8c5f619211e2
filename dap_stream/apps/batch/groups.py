"""A profile for each group of recordings, learned from all of them together before any of them is cleaned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from dap_stream.apps.batch.item import OPEN, Item
from dap_stream.apps.batch.journal import FOLDER
from dap_stream.apps.batch.plan import probe
from dap_stream.apps.batch.tasks import LearnTask
from dap_stream.core.stream_format import StreamFormat
from dap_stream.errors import ProfileError
from dap_stream.io.profile_file import load_profile
from dap_stream.processors.build import for_source


def profile_path(item: Item, output: Path) -> str | None:
    """File of the profile of the item's group; None if it is in none."""
    if item.group is None or item.stream is None:
        return item.profile
    stream = item.stream
    name = f"{item.fingerprint[:16]}-{stream.sample_rate}-{stream.channels}.npz"
    return str(output / FOLDER / "profiles" / name)


def learn_tasks(items: Sequence[Item], output: Path) -> list[LearnTask]:
    """Tasks for the profiles that are wanted and not there yet.

    Of a group, recordings of one rate and number of channels make a profile. They are taken in the order of
    their names, and all of them, also those that are done or that another shard has: the profile is the same
    whoever learns it.
    """
    wanted = {
        (item.group, item.fingerprint) for item in items if item.group is not None and item.status == OPEN
    }
    members: dict[tuple[str | None, str, StreamFormat], list[Item]] = defaultdict(list)
    for item in sorted(items, key=lambda item: item.output):
        if (item.group, item.fingerprint) not in wanted:
            continue
        if item.stream is None:
            status, reason = item.status, item.reason
            probe(item)
            item.status, item.reason = status, reason
        if item.stream is not None and item.n_samples is not None:
            members[item.group, item.fingerprint, item.stream].append(item)
    tasks: list[LearnTask] = []
    for (group, _, stream), own in members.items():
        path = profile_path(own[0], output)
        if path is None or not any(item.status == OPEN for item in own) or _is_there(path):
            continue
        chain, _ = for_source(own[0].chain, is_seekable=True)
        sources = tuple((item.source, item.n_samples or 0) for item in own)
        name = f"profile of {group or 'the top folder'}"
        tasks.append(LearnTask(-1 - len(tasks), name, sources, stream, chain, own[0].profile, path))
    return tasks


def _is_there(path: str) -> bool:
    try:
        load_profile(path)
    except ProfileError:
        return False
    return True
