"""The blind-spot predictor: the power of a bin from its surroundings alone."""
