"""Clicks, crackle and digital glitches, filled in from their surroundings."""
