"""A change of level: the smallest processor, and a pattern for new ones."""
