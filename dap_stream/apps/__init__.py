"""Apps: all that a user runs; none imports another."""
