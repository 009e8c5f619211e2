"""Hostile inputs, runs that are watched, and the rules that no run may break."""
