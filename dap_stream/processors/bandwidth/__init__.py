"""Missing highs, made up from what is there below."""
