"""Musical scales, in semitones above the tonic."""

from __future__ import annotations

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
DORIAN = (0, 2, 3, 5, 7, 9, 10)
PENTATONIC = (0, 2, 4, 7, 9)
BLUES = (0, 3, 5, 6, 7, 10)
DOUBLE_HARMONIC = (0, 1, 4, 5, 7, 8, 11)
CHROMATIC = tuple(range(12))
