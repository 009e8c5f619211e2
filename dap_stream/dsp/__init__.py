"""Signal arithmetic without state of a recording: transforms, kernels, noise tracking, gains, metrics."""
