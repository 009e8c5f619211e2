"""Building blocks of made-up sounds: chance, tones, noise, envelopes, rooms, levels; no kind of sound yet."""
