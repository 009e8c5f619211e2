"""Metadata around the samples of a file: read as values, fitted to the result, and put around it."""
