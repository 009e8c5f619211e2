"""Names of results: only known fields, and never outside of the output folder."""

from __future__ import annotations

import pytest

from dap_stream.apps.batch.name_template import DEFAULT, FIELDS, check_template, result_name
from dap_stream.errors import SettingError


@pytest.mark.parametrize(
    ("template", "relative", "name"),
    [
        (DEFAULT, "a/b/talk.wav", "a/b/talk_clean.wav"),
        (DEFAULT, "talk.wav", "talk_clean.wav"),
        ("{folder}_{stem}.flac", "a/b/talk.wav", "b_talk.flac"),
        ("clean/{stem}{ext}", "a/{x}.tar.wav", "clean/{x}.tar.wav"),
    ],
)
def test_fields(template: str, relative: str, name: str) -> None:
    check_template(template)
    assert result_name(template, relative) == name


@pytest.mark.parametrize("relative", ["a/..wav", "a/...wav"])
def test_a_name_of_dots_does_not_lead_elsewhere(relative: str) -> None:
    assert result_name(DEFAULT, relative).startswith("a/.")
    with pytest.raises(SettingError, match="add something"):
        result_name("{parent}/{stem}", relative)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{stm}.wav", "unknown field {stm}; did you mean 'stem'"),
        ("{}.wav", "unknown field {}"),
        ("{stem.__class__}", "unknown field {stem.__class__}"),
        ("{stem!r}", "takes no format"),
        ("{stem:>9}", "takes no format"),
        ("{stem", "known fields: {parent}"),
        ("all{ext}", "has no {stem}"),
        ("../{stem}{ext}", "leaves the output folder"),
        ("/tmp/{stem}{ext}", "leaves the output folder"),
    ],
)
def test_templates_that_cannot_be(template: str, text: str) -> None:
    with pytest.raises(SettingError) as raised:
        check_template(template)
    assert text in str(raised.value)


def test_every_field_is_in_the_help() -> None:
    from dap_stream.cli.batch import _EPILOG

    assert all(f"{{{name}}}" in _EPILOG for name in FIELDS)
