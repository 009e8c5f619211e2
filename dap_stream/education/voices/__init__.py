"""Made-up voices, 16 kHz mono: synthetic speech of every kind from a random generator, no recording read."""
