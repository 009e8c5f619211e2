"""The deep priors: networks fed with fixed noise and fitted to one spectrogram."""
