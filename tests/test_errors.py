from __future__ import annotations

import pytest

from dap_stream import errors


@pytest.mark.parametrize(
    ("name", "status"),
    [("SettingError", 2), ("InputError", 1), ("OutputError", 1), ("ProfileError", 1), ("DeviceError", 1)],
)
def test_each_error_has_its_exit_status_and_stands_in_the_drawing(name: str, status: int) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, errors.DapStreamError)
    assert kind.exit_status == status
    assert f"{name} " in (errors.__doc__ or "")


def test_a_message_is_one_line() -> None:
    assert str(errors.InputError("a.wav: no\n  such file")) == "a.wav: no such file"


def test_blanks_in_a_name_stay_as_they_are() -> None:
    assert str(errors.InputError("two  blanks.wav: no such file")) == "two  blanks.wav: no such file"
