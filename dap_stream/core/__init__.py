"""The common language: array types, units, processors, sources and sinks, settings, threads."""
