"""Pages of Ogg files, by their headers alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

_HEAD = 27
_IS_FIRST = 2  # flag of the first page of a stream
_BLOCK = 1 << 16


class Page(NamedTuple):
    """Where a page stands, how long it should be, and whether a stream begins with it."""

    start: int
    n_bytes: int
    is_first: bool


def pages(file: BinaryIO) -> Iterator[Page]:
    """All pages; what is between them is jumped over."""
    position: int | None = 0
    while position is not None:
        file.seek(position)
        head = file.read(_HEAD)
        if len(head) == _HEAD and head[:4] == b"OggS":
            lacing = file.read(head[26])
            page = Page(position, _HEAD + head[26] + sum(lacing), bool(head[5] & _IS_FIRST))
            yield page
            position += page.n_bytes
        else:
            position = _next_page(file, position + 1)


def _next_page(file: BinaryIO, position: int) -> int | None:
    file.seek(position)
    kept = b""
    while block := file.read(_BLOCK):
        found = (kept + block).find(b"OggS")
        if found >= 0:
            return position - len(kept) + found
        position += len(block)
        kept = (kept + block)[-3:]
    return None


class OggExtent(NamedTuple):
    """The last page, and where another recording begins that was put behind the first."""

    last: Page
    second_at: int | None


def ogg_extent(file: BinaryIO) -> OggExtent | None:
    """None without a single page.

    All streams that belong together begin before any of them goes on (RFC 3533, section 4): one that
    begins later is another recording.
    """
    last: Page | None = None
    second_at: int | None = None
    goes_on = False
    for page in pages(file):
        if page.is_first and goes_on and second_at is None:
            second_at = page.start
        goes_on = goes_on or not page.is_first
        last = page
    return None if last is None else OggExtent(last, second_at)
