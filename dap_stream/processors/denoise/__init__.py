"""The denoiser: its settings, estimators, learning, and the classes users meet."""
