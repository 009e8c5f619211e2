"""Label files, as Audacity writes and reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dap_stream.errors import InputError
from dap_stream.io.label_file import Label, label_lines, read_labels


def test_what_audacity_exports_is_read(tmp_path: Path) -> None:
    """With frequencies (of a spectral selection), a point, an empty text, a comma, and CRLF."""
    path = tmp_path / "l.txt"
    path.write_bytes(
        b"1.250000\t1.500000\tgap one\r\n\\\t100.000000\t2000.000000\r\n"
        b"2.000000\t2.000000\t\r\n3,5\t4,25\tx\ty\r\n\r\n"
    )
    assert read_labels(path) == [Label(1.25, 1.5, "gap one"), Label(2.0, 2.0), Label(3.5, 4.25, "x\ty")]


@given(drawn=st.lists(st.tuples(st.integers(0, 10**10), st.integers(0, 10**7), st.text()), max_size=8))
def test_what_is_written_is_read_again(
    drawn: list[tuple[int, int, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    labels = [Label(start / 1e6, (start + length) / 1e6, text) for start, length, text in drawn]
    path = tmp_path_factory.getbasetemp() / "labels.txt"
    path.write_text(label_lines(labels), encoding="utf-8")
    expected = sorted(labels, key=lambda label: label.start_s)
    assert read_labels(path) == [
        Label(each.start_s, each.end_s, " ".join(each.text.split())) for each in expected
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1.0\t2.0\tgood\n2.0 3.0 no tabs\n", "line 2 is no label"),
        (b"2.0\t1.0\tbackwards\n", "line 1 is no label"),
        (b"-1\t1\t\n", "line 1 is no label"),
        (b"nan\t1\t\n", "line 1 is no label"),
        (b"1\tinf\t\n", "line 1 is no label"),
        (b"\xff\xfe\x00", "is no label file; export the labels as text"),
    ],
)
def test_what_is_no_label_is_said_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "l.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_labels(path)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_labels(tmp_path / "missing.txt")
    with pytest.raises(InputError, match="is a folder"):
        read_labels(tmp_path)
