"""Between a sound device and a processor: ring buffers, the compiled callback, the processing thread."""
