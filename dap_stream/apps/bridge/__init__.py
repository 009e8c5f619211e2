"""A warm process that does jobs on files for other programs: JSON-RPC lines, a watched folder, a socket."""
