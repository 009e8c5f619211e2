"""One line of a doctor's report, and the promise that looking never fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

OK, WARNING, PROBLEM = "ok", "warning", "problem"


@dataclass(frozen=True)
class Finding:
    """State of one thing; ``advice`` says what to do if it is not well."""

    group: str
    name: str
    state: str
    text: str
    advice: str = ""
    values: Mapping[str, object] = field(default_factory=dict)


Look = Callable[[], Iterator[Finding]]


def look_safely(group: str, look: Look) -> list[Finding]:
    """All findings of one look; a look that breaks is itself a finding, and stops no other."""
    found = []
    try:
        for each in look():
            found.append(each)  # noqa: PERF402  what came before it broke is kept
    except Exception as error:  # noqa: BLE001  whatever is broken on that machine
        text = f"could not be looked at ({type(error).__name__}: {error})"
        found.append(Finding(group, group, WARNING, text, "please report this with the lines here"))
    return [_without_home(each) for each in found]


def _without_home(finding: Finding) -> Finding:
    """The same without the name of the user's folder, so that it can be shown to anybody."""
    values = {
        key: without_home(each) if isinstance(each, str) else each for key, each in finding.values.items()
    }
    text, advice = without_home(finding.text), without_home(finding.advice)
    return Finding(finding.group, finding.name, finding.state, text, advice, values)


def without_home(text: str) -> str:
    """``text`` with ``~`` in the place of the home folder."""
    try:
        home = str(Path.home())
    except RuntimeError:
        return text
    return text.replace(home, "~") if len(home) > 1 else text
