"""All voices by name."""

from __future__ import annotations

from dap_stream.education.synthesis.maker import MakeSound
from dap_stream.education.voices import source_filter_voices as made
from dap_stream.education.voices.espeak_voices import spoken_by_espeak

VOICES: dict[str, MakeSound] = {
    "spoken": made.spoken,
    "child": made.child,
    "bass": made.bass,
    "whispered": made.whispered,
    "shouted": made.shouted,
    "mumbled": made.mumbled,
    "creaky": made.creaky,
    "breathy": made.breathy,
    "hesitant": made.hesitant,
    "sung": made.sung,
    "hummed": made.hummed,
    "laughing": made.laughing,
    "espeak": spoken_by_espeak,
}
