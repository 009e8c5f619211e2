"""Numbers as they are set on a page."""

from __future__ import annotations

NONE = "\N{EN DASH}"


def signed(text: str) -> str:
    """``text`` with true minus signs."""
    return text.replace("-", "\N{MINUS SIGN}")


def one_digit(value: float | None) -> str:
    """One digit behind the point, or a dash."""
    return NONE if value is None else signed(f"{value:.1f}")
