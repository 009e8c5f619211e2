"""Processors: all that changes sound, one folder each; `registry` names them all."""
