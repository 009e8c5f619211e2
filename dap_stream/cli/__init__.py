"""The command line: arguments to apps, errors to exit codes."""
