"""Noises made of random numbers alone: kinds of sound, none of them a recording."""
