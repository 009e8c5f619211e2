"""A clean microphone for other programs: a virtual source, and the live stream behind it."""
