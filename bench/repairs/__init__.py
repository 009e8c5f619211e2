"""Damage that the bench makes, its repair by dap_stream and by peers: one module for each kind."""
