"""The deep-prior experiment: one recording, one network, all the way from noise to noise."""
