"""The client that programs copy: `dap_stream_client` alone, which imports nothing from here."""
