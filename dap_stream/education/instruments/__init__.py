"""Made-up sounds of instruments and of pieces they play: synthesised from random numbers alone."""
