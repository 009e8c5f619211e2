"""The `highs` network: how loud a sound is above a limit, from what it is below."""
