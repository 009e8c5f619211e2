"""Names of results, from a template with the parts of a recording's name."""

from __future__ import annotations

import os
import string
from pathlib import PurePath

from dap_stream.core.settings import nearest
from dap_stream.errors import SettingError
from dap_stream.io.output_paths import CLEAN, REMOVED

DEFAULT = "{parent}/{stem}_clean{ext}"
PAGE = ".html"
FIELDS = {
    "parent": "its folder, counted from the input folder",
    "stem": "its name without extension",
    "ext": "its extension, with the dot",
    "folder": "the last part of its folder",
}


def check_template(template: str) -> None:
    """SettingError for fields that there are not, and for names that could leave the output folder."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise SettingError(f"--name {template}: {error}; known fields: {_known()}") from error
    names = [part[1] for part in parts if part[1] is not None]
    for name, layout, conversion in ((part[1], part[2], part[3]) for part in parts):
        if name is not None and name not in FIELDS:
            raise SettingError(
                f"--name {template}: unknown field {{{name}}}{nearest(name, list(FIELDS))}; known: {_known()}"
            )
        if layout or conversion:
            raise SettingError(f"--name {template}: {{{name}}} takes no format; write the name alone")
    if "stem" not in names:
        raise SettingError(f"--name {template}: has no {{stem}}, so that all results would have one name")
    if os.path.isabs(template) or ".." in PurePath(template).parts:
        raise SettingError(f"--name {template}: leaves the output folder; choose that with -o")


def _known() -> str:
    return ", ".join(f"{{{name}}}" for name in FIELDS)


def result_name(template: str, relative: str) -> str:
    """Path of the result in the output folder, for a recording at ``relative``.

    >>> result_name(DEFAULT, "monday/talk.wav")
    'monday/talk_clean.wav'
    """
    path = PurePath(relative)
    parent = "" if str(path.parent) == "." else str(path.parent)
    made = template.format(parent=parent, stem=path.stem, ext=path.suffix, folder=path.parent.name)
    if {".", ".."} & set(made.split("/")):  # of a file whose name is made of dots
        raise SettingError(f"--name {template}: makes {made} of {relative}; add something to {{stem}}")
    return os.path.normpath(made.lstrip("/"))


def removed_name(output: str) -> str:
    """Path of what was taken out, in its folder, for the result at ``output``.

    >>> removed_name("monday/talk_clean.wav")
    'monday/talk_removed.wav'
    """
    path = PurePath(output)
    return str(path.with_name(f"{path.stem.removesuffix(CLEAN)}{REMOVED}{path.suffix}"))


def page_name(output: str) -> str:
    """Path of the page, in its folder; results that differ in their extension alone have a page each.

    >>> page_name("monday/talk_clean.wav")
    'monday/talk_clean.wav.html'
    """
    return f"{output}{PAGE}"
