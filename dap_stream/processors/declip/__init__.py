"""Clipped peaks, reconstructed from the samples that are reliable."""
