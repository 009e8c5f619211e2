"""Loudness of a whole recording, as broadcasters and podcasts want it."""
