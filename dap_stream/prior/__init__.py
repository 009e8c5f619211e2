"""Generators: networks that learn what to expect in each bin of one recording."""
