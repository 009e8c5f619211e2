"""The terminal of a live session: keys, and the two lines of its display."""
