"""Marked stretches as a text."""

from __future__ import annotations

import pytest

from dap_stream.core.settings import changed, limits
from dap_stream.errors import SettingError
from dap_stream.processors.inpaint.marks import marks_in_samples, parse_marks
from dap_stream.processors.inpaint.settings import InpaintSettings


def test_marks_are_put_in_order_and_together() -> None:
    assert parse_marks(" 2.5-2.7,1-1.5, 1.5-1.75 ,1.2-1.3,") == ((1.0, 1.75), (2.5, 2.7))
    assert parse_marks("") == ()
    assert marks_in_samples("1-1.5,3-3.00001", 8000) == [(8000, 12000)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1.2", r"marks='1.2' must be two times in seconds, as in 1.20-1.35"),
        ("a-b", r"marks='a-b' must be two times"),
        ("1-1", r"marks='1-1': the end must be after the start"),
        ("2-1", r"marks='2-1': the end"),
        ("-1-2", r"marks='-1-2' must be two times"),
        ("1-nan", r"marks='1-nan': the end"),
        ("1-inf", r"marks='1-inf': the end"),
        ("3-9", r"marks=3-9: 6 s are more than can be filled; mark 1 s at most"),
        ("1-1.9,1.8-2.5", r"marks=1-2.5: 1.5 s are more"),
    ],
)
def test_what_cannot_be_marked_is_told(text: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        InpaintSettings(marks=text)


def test_marks_are_a_setting_like_others() -> None:
    assert changed(InpaintSettings(), {"marks": "1-2"}).marks == "1-2"
    with pytest.raises(SettingError, match=r"marks=3 must be a text like START-END,START-END,\.\.\."):
        InpaintSettings(marks=3)  # type: ignore[arg-type]
    (field,) = (each for each in InpaintSettings.__dataclass_fields__.values() if each.name == "marks")
    assert limits(field) == "START-END,START-END,... s"
