"""Adapters between audio in the outside world and ``[channels, samples]``; one module each."""
