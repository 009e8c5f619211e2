"""Gaps and drop-outs, filled from what surrounds them."""
