"""Hum and whine: steady tones with all their harmonics, subtracted."""
