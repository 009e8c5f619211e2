"""Whether everything that dap_stream needs is there and works."""
