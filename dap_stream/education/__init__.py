"""Education of the band network: made-up sounds, mixtures of them, and a network that is taught with these.

No recording of anybody or anything is used: every sound is made by a program from a seed.
"""
