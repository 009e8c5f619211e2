"""Which repairs are wanted: kinds of damage by name, and their processors in a chain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dap_stream.core.settings import nearest
from dap_stream.errors import SettingError
from dap_stream.processors.registry import REPAIRS

MADE_UP = ("bandwidth",)
"""Kinds whose repair puts in what nobody recorded: only if asked for, and behind the denoiser."""

USUAL = tuple(kind for kind in REPAIRS if kind not in MADE_UP)
"""Kinds that are repaired where none is named."""


def parse_kinds(text: str) -> tuple[str, ...]:
    """Kinds from what was typed, with commas between; SettingError as of `repairers`."""
    kinds = tuple(part.strip() for part in text.split(","))
    repairers(kinds)
    return kinds


def repairers(kinds: Iterable[str]) -> list[str]:
    """Processors that repair these kinds of damage, in the order of `REPAIRS`, whatever that of ``kinds``.

    SettingError for none, a kind that is not known, with the nearest that is, and one that is there twice.
    """
    wanted = list(kinds)
    known = ", ".join(REPAIRS)
    if not wanted:
        raise SettingError(f"nothing is to be repaired; name some of {known}")
    for kind in wanted:
        if kind not in REPAIRS:
            raise SettingError(f"no repair of {kind!r}{nearest(kind, REPAIRS)}; known: {known}")
        if wanted.count(kind) > 1:
            raise SettingError(f"repair of {kind} is asked for twice; keep one")
    return [name for kind, name in REPAIRS.items() if kind in wanted]


def with_repairs(names: Sequence[str], kinds: Iterable[str]) -> list[str]:
    """A chain with repairs at its beginning, but those of `MADE_UP` behind the denoiser.

    Parameters
    ----------
    names
        Processors in their order.
    kinds
        What is to be repaired besides.

    Raises
    ------
    SettingError
        As of `repairers`, and for one that is in the chain already.
    """
    added = repairers(kinds)
    for kind, name in REPAIRS.items():
        if name in added and name in names:
            raise SettingError(f"{kind} is repaired in the chain already, by {name}; leave one of them out")
    late = [REPAIRS[kind] for kind in MADE_UP if REPAIRS[kind] in added]
    place = names.index("denoise") + 1 if "denoise" in names else 0
    early = [name for name in added if name not in late]
    return [*early, *names[:place], *late, *names[place:]]
