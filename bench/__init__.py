"""Measurements of dap_stream and of the programs beside it; see README.md in this folder."""
